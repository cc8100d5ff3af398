import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RunError } from "../errors.ts";
import { type FileData, replaceFile } from "../files.ts";
import { CheckpointStore } from "./store.ts";
import { onSmallDisk } from "../testing/small_disk.ts";
import { inFolder } from "../testing/in_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const files = (text: string) => new Map([["state.json", text], ["weights.bin", text.repeat(100)]]);
const fold = (dir: string) => [...Deno.readDirSync(dir)].map((e) => e.name).sort();
const noWarning = (line: string): never => {
  throw new Error(`unexpected warning: ${line}`);
};

Deno.test("CheckpointStore reads back what it wrote, and the newest first", () =>
  inFolder(async (dir) => {
    const store = new CheckpointStore(`${dir}/checkpoint`, 3);
    assertEquals(store.newestIntact(noWarning), undefined);
    await store.write(5, files("five"));
    await store.write(10, new Map([["a", [bytes("piece "), bytes("by piece")]]]));
    const newest = store.newestIntact(noWarning)!;
    assertEquals(newest.step, 10);
    assertEquals(newest.files.get("a"), bytes("piece by piece"));
    assertEquals(store.read(5).files.get("state.json"), bytes("five"));
  }));

Deno.test("CheckpointStore keeps the last k and what they pin", () =>
  inFolder(async (dir) => {
    const store = new CheckpointStore(dir, 2);
    await store.write(1, files("1"));
    await store.write(2, files("2"), [1]);
    await store.write(3, files("3"), [1]);
    await store.write(4, files("4"), [1]);
    assertEquals(store.steps(), [1, 3, 4]);
    await store.write(5, files("5"), [5]);
    assertEquals(store.steps(), [1, 4, 5]);
    await store.write(6, files("6"), [5]);
    assertEquals(store.steps(), [5, 6]);
  }));

Deno.test("CheckpointStore.newestIntact() passes over damage of every kind, and says so", () =>
  inFolder(async (dir) => {
    const store = new CheckpointStore(dir, 9);
    for (const step of [1, 2, 3, 4, 5]) await store.write(step, files(`step ${step}`));
    const flipped = Deno.readFileSync(`${dir}/step-00000005/weights.bin`);
    flipped[17]! ^= 1;
    Deno.writeFileSync(`${dir}/step-00000005/weights.bin`, flipped);
    Deno.truncateSync(`${dir}/step-00000004/state.json`, 3);
    Deno.removeSync(`${dir}/step-00000003/weights.bin`);
    const warnings: string[] = [];
    assertEquals(store.newestIntact((line) => warnings.push(line))!.step, 2);
    assertEquals(warnings.length, 1);
    assert(warnings[0]!.includes("step-00000003") && warnings[0]!.includes("going on from the intact one at step 2"));
    assertThrows(() => store.read(5), RunError, "weights.bin is damaged");
    assertThrows(() => store.read(4), RunError, "state.json has 3 bytes; want 6");
    Deno.writeTextFileSync(`${dir}/step-00000002/manifest.json`, "{");
    Deno.writeTextFileSync(`${dir}/step-00000001/manifest.json`, "{}");
    assertThrows(() => store.newestIntact(noWarning), RunError, "no earlier checkpoint is intact");
  }));

Deno.test("CheckpointStore ignores folders without a manifest and left-over temporary ones", () =>
  inFolder(async (dir) => {
    const store = new CheckpointStore(dir, 2);
    await store.write(1, files("1"));
    Deno.mkdirSync(`${dir}/step-00000002`);
    Deno.mkdirSync(`${dir}/.tmp-step-00000003`);
    assertEquals(store.newestIntact(noWarning)!.step, 1);
    store.dropAfter(1);
    assertEquals(fold(dir), ["step-00000001", "step-00000002"]);
    await store.write(2, files("2"));
    assertEquals(store.newestIntact(noWarning)!.step, 2);
  }));

Deno.test("CheckpointStore refuses a later version instead of falling back", () =>
  inFolder(async (dir) => {
    const store = new CheckpointStore(dir, 2);
    await store.write(1, files("1"));
    await store.write(2, files("2"));
    const path = `${dir}/step-00000002/manifest.json`;
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace('"version": 1', '"version": 2'));
    assertThrows(() => store.newestIntact(noWarning), RunError, "its version is 2; want 1");
  }));

Deno.test("replaceFile() leaves the old file and no temporary one when the disk is full", {
  ignore: Deno.build.os !== "linux",
}, () =>
  inFolder((dir) => {
    Deno.writeTextFileSync(`${dir}/report.json`, "old");
    Deno.symlinkSync("/dev/full", `${dir}/report.json.tmp`);
    const error = assertThrows(() => replaceFile(`${dir}/report.json`, "new"), RunError, "the disk is full");
    assert(!error.message.includes("\n"));
    assertEquals(Deno.readTextFileSync(`${dir}/report.json`), "old");
    assertEquals(fold(dir), ["report.json"]);
  }));

Deno.test("CheckpointStore.write() on a full disk keeps the earlier checkpoint and nothing of the new one", (t) =>
  onSmallDisk(t, 128, async (dir) => {
    const store = new CheckpointStore(`${dir}/checkpoint`, 2);
    await store.write(1, files("1"));
    const big = new Map<string, FileData>([["state.json", "2"], ["weights.bin", [
      new Uint8Array(50_000),
      new Uint8Array(200_000),
    ]]]);
    await assertRejects(() => store.write(2, big), RunError, "as the disk is full");
    assertEquals(fold(`${dir}/checkpoint`), ["step-00000001"]);
    assertEquals(store.newestIntact(noWarning)!.step, 1);
  }));

Deno.test("CheckpointStore.write() names a folder that cannot be written", () =>
  inFolder(async (dir) => {
    Deno.writeTextFileSync(`${dir}/file`, "");
    const store = new CheckpointStore(`${dir}/file/checkpoint`, 2);
    await assertRejects(() => store.write(1, files("1")), RunError, "Cannot write checkpoint");
  }));
