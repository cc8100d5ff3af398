import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { RunFolder } from "./run_folder.ts";
import { StopRequest, type StopSignal } from "./signals.ts";
import { inFolder } from "../testing/in_folder.ts";

const names = (dir: string) => [...Deno.readDirSync(dir)].map((e) => e.name).sort();

Deno.test("RunFolder.create() refuses a folder with a run or with other files", () =>
  inFolder((dir) => {
    RunFolder.create(`${dir}/new/er`, false)[Symbol.dispose]();
    assertEquals(names(`${dir}/new/er`), []);
    Deno.mkdirSync(`${dir}/done`);
    Deno.writeTextFileSync(`${dir}/done/config.json`, "{}");
    assertThrows(() => RunFolder.create(`${dir}/done`, false), UsageError, "an unfinished run is in it");
    Deno.writeTextFileSync(`${dir}/done/report.json`, "{}");
    assertThrows(() => RunFolder.create(`${dir}/done`, false), UsageError, "a run is in it already");
    Deno.mkdirSync(`${dir}/other`);
    Deno.writeTextFileSync(`${dir}/other/thesis.tex`, "");
    assertThrows(() => RunFolder.create(`${dir}/other`, true), UsageError, 'found "thesis.tex"');
    assertEquals(names(`${dir}/other`), ["thesis.tex"]);
    assertThrows(() => RunFolder.create(`${dir}/other/thesis.tex`, false), Error, "Cannot write");
  }));

Deno.test("RunFolder.abandon() removes an empty folder and leaves a full one", () =>
  inFolder((dir) => {
    RunFolder.create(`${dir}/empty`, false).abandon();
    assertEquals(names(dir), []);
    Deno.mkdirSync(`${dir}/full`);
    Deno.writeTextFileSync(`${dir}/full/config.json`, "{}");
    RunFolder.create(`${dir}/full`, true).abandon();
    assertEquals(names(`${dir}/full`), ["config.json"]);
  }));

Deno.test("RunFolder.clear() removes what a run writes and nothing else", () =>
  inFolder((dir) => {
    for (const file of ["config.json", "report.json", "events.out.tfevents.1.x", "notes.txt"]) {
      Deno.writeTextFileSync(`${dir}/${file}`, "");
    }
    Deno.mkdirSync(`${dir}/checkpoint/step-00000001`, { recursive: true });
    using folder = RunFolder.create(dir, true);
    assertEquals(names(dir).length, 6);
    folder.clear();
    assertEquals(names(dir), [".lock", "notes.txt"]);
  }));

Deno.test("RunFolder keeps a second process out, and a dead one's lock keeps nobody out", () =>
  inFolder((dir) => {
    {
      using folder = RunFolder.create(dir, false);
      Deno.writeTextFileSync(folder.file("config.json"), "{}");
      assertThrows(() => RunFolder.open(dir), UsageError, "another process is training in it");
    }
    Deno.writeTextFileSync(`${dir}/.lock`, "");
    RunFolder.open(dir)[Symbol.dispose]();
  }));

Deno.test("RunFolder.open() refuses what holds no run", () =>
  inFolder((dir) => {
    assertThrows(() => RunFolder.open(`${dir}/nowhere`), UsageError, "there is no such folder");
    assertThrows(() => RunFolder.open(dir), UsageError, "there is no config.json in it");
  }));

Deno.test("StopRequest notes the first signal, forgives its echo and exits on the second", () => {
  const heard: string[] = [];
  const listeners = new Map<StopSignal, () => void>();
  const clock = { ms: 0 };
  {
    using stop = new StopRequest((signal) => heard.push(signal), {
      addSignalListener: (signal, listener) => listeners.set(signal, listener),
      removeSignalListener: (signal) => listeners.delete(signal),
      exit: (code) => heard.push(`exit ${code}`),
    }, () => clock.ms);
    assertEquals(stop.signal, undefined);
    listeners.get("SIGINT")!();
    assertEquals([stop.signal, heard.length], ["SIGINT", 1]);
    clock.ms = 100;
    listeners.get("SIGINT")!();
    assertEquals(heard, ["SIGINT"]);
    clock.ms = 2000;
    listeners.get("SIGINT")!();
    assertEquals(heard, ["SIGINT", "exit 130"]);
  }
  assertEquals(listeners.size, 0);
});
