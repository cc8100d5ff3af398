import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CSV_HEADER } from "../sinks/csv.ts";
import { onSmallDisk } from "../testing/small_disk.ts";
import { inFolder } from "../testing/in_folder.ts";

const ROOT = new URL("../../../../", import.meta.url);
const MAIN = new URL("../testing/logistic_main.ts", import.meta.url).pathname;
const PREDICT = new URL("../testing/logistic_predict.ts", import.meta.url).pathname;
/** A run of about a second: 126 steps, evaluations every 20. */
const SMALL = ["--data", "synthetic:3000", "--epochs", "15", "--batch", "256", "--eval-every", "20", "--patience", "0"];
const COMMON = ["--device", "cpu", "--threads", "1", "--blas", "off", "--log-every", "7", "--checkpoint-every", "9"];

interface Result {
  code: number;
  out: string;
  err: string;
}

function command(program: string, args: readonly string[]): Deno.Command {
  const options = ["run", "-A", "--no-check", "--config", new URL("deno.json", ROOT).pathname, program, ...args];
  return new Deno.Command(Deno.execPath(), { args: options, stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } });
}

async function run(program: string, ...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await command(program, args).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}
const train = (...args: string[]) => run(MAIN, ...args, ...COMMON);

/** Starts a run and sends a signal once it says that it has come to a step. */
async function signalled(signal: Deno.Signal, step: number, ...args: string[]): Promise<Result> {
  const child = command(MAIN, [...args, ...COMMON]).spawn();
  let err = "";
  let sent = false;
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += text;
      const reached = Math.max(0, ...[...err.matchAll(/^step (\d+)\//gm)].map((m) => Number(m[1])));
      if (!sent && reached >= step) [sent] = [true, child.kill(signal)];
    }
  })();
  const out = await new Response(child.stdout).text();
  await reading;
  return { code: (await child.status).code, out, err };
}

const names = (dir: string) => [...Deno.readDirSync(dir)].map((e) => e.name).sort();
const read = (path: string) => Deno.readTextFileSync(path);
/** What must not depend on interruptions. */
const outcome = (dir: string) => ({
  metrics: read(`${dir}/metrics.csv`),
  model: Deno.readFileSync(`${dir}/model/1/model.safetensors`),
  scores: JSON.parse(read(`${dir}/report.json`)).test,
  best: JSON.parse(read(`${dir}/report.json`)).best,
});
const lastLine = (result: Result) => result.err.trimEnd().split("\n").at(-1)!;

Deno.test("train leaves a run folder with everything, and says what matters", () =>
  inFolder(async (dir) => {
    const out = `${dir}/run`;
    const result = await train(...SMALL, "--out", out);
    assertEquals([result.code, result.err.match(/^error/m)], [0, null], result.err);
    assertMatch(result.out, /^test {4}auc 0\.\d{4} \(Bayes 0\.\d{4}\) {2}logloss/);
    for (const head of ["device  cpu (1 thread", "data    synthetic:3000", "model   dlrm", "train   "]) {
      assertStringIncludes(result.err, head);
    }
    const files = names(out).map((name) => name.replace(/^events\.out\.tfevents.*/, "events"));
    assertEquals(files, ["checkpoint", "config.json", "events", "metrics.csv", "model", "report.html", "report.json"]);
    assertEquals(names(`${out}/model/1`), ["model.json", "model.safetensors"]);
    const report = JSON.parse(read(`${out}/report.json`));
    assertEquals(report.data, { ...report.data, rows: 3000, train: 2160, valid: 240, test: 600 });
    assert(report.test.auc > 0.55 && report.data.bayesAuc > report.test.auc && report.wallSeconds > 0);
    assertEquals(report.model.compressionRatio, 1);
    const csv = read(`${out}/metrics.csv`);
    assert(csv.startsWith(CSV_HEADER) && csv.trimEnd().split("\n").at(-1)!.includes(",test,"));

    const again = await train(...SMALL, "--out", out);
    assertEquals([again.code, lastLine(again).includes("a run is in it already")], [2, true], again.err);
    const forced = await train(`${out}/config.json`, "--force", "--out", `${dir}/second`);
    assertEquals(forced.code, 0, forced.err);
    assertEquals(outcome(`${dir}/second`), outcome(out), "config.json repeats the run");
    const done = await train("--resume", out);
    assertEquals([done.code, outcome(out)], [0, outcome(`${dir}/second`)], "resuming a finished run changes nothing");
  }));

Deno.test("train stopped by SIGINT, SIGTERM and SIGKILL and resumed equals the uninterrupted run", () =>
  inFolder(async (dir) => {
    const whole = await train(...SMALL, "--out", `${dir}/whole`);
    assertEquals(whole.code, 0, whole.err);
    const out = `${dir}/parts`;
    const first = await signalled("SIGINT", 10, ...SMALL, "--out", out);
    assertEquals(first.code, 130, first.err);
    assertStringIncludes(first.out, `go on with: deno task train --resume ${out}`);
    assertEquals(JSON.parse(read(`${out}/report.json`)).outcome, "interrupted");
    assertEquals(JSON.parse(read(`${out}/report.json`)).test, null);
    const second = await signalled("SIGKILL", 40, "--resume", out);
    assert(second.code !== 0, second.err);
    const third = await signalled("SIGTERM", 80, "--resume", out);
    assertEquals(third.code, 143, third.err);
    const fourth = await signalled("SIGINT", 140, "--resume", out);
    assertStringIncludes(fourth.err, "refit   a fresh model on all 2,400 rows");
    assertEquals(fourth.code, 130, fourth.err);
    const last = await train("--resume", out);
    assertEquals(last.code, 0, last.err);
    assertStringIncludes(last.err, "in the final fit");
    assertEquals(outcome(out), outcome(`${dir}/whole`));
    assertEquals(JSON.parse(read(`${out}/report.json`)).outcome, "finished");
  }));

Deno.test("train --resume passes over a damaged checkpoint and says so; with none intact it refuses", () =>
  inFolder(async (dir) => {
    const out = `${dir}/run`;
    assertEquals((await signalled("SIGINT", 40, ...SMALL, "--out", out)).code, 130);
    const steps = names(`${out}/checkpoint`);
    const newest = `${out}/checkpoint/${steps.at(-1)}/weights.safetensors`;
    const bytes = Deno.readFileSync(newest);
    bytes[bytes.length - 1]! ^= 1;
    Deno.writeFileSync(newest, bytes);
    const resumed = await train("--resume", out);
    assertEquals(resumed.code, 0, resumed.err);
    assertMatch(resumed.err, /^warning: .*weights.safetensors is damaged.*going on from the intact one at step \d+$/m);
    assertEquals((await train(...SMALL, "--out", `${dir}/whole`)).code, 0);
    assertEquals(outcome(out), outcome(`${dir}/whole`));
    for (const step of names(`${out}/checkpoint`)) {
      Deno.truncateSync(`${out}/checkpoint/${step}/weights.safetensors`, 9);
    }
    const refused = await train("--resume", out);
    assertEquals(refused.code, 1);
    assertMatch(lastLine(refused), /^error: .*has 9 bytes; want \d+; no earlier checkpoint is intact$/);
  }));

Deno.test("train tells wrong usage in one line with code 2, and leaves nothing", () =>
  inFolder(async (dir) => {
    Deno.writeTextFileSync(`${dir}/c.json`, '{ "epoch": 1 }');
    for (
      const [args, message] of [
        [["--bacth", "3"], "did you mean --batch?"],
        [[`${dir}/c.json`], 'did you mean "epochs"?'],
        [[`${dir}/nowhere.json`], "there is no such file"],
        [["--data", "synthetic:1000", "--bottom", "12-16"], "want 13"],
        [["--data", "synthetic:1000", "--dim", "16", "--bottom", "13-8"], "must end in the embedding width"],
        [["--data", "synthetic:1000", "--embedding", "hash:1e9"], "want at most"],
        [["--embedding", "tt:16"], "not part of this build"],
        [["--data", "synthetic:1000", "--embedding", "robe:10,z=6,align=4"], "want blockSize a multiple of align"],
        [["--resume", `${dir}/nowhere`], "there is no such folder"],
      ] as const
    ) {
      const result = await train(...args, ...(args[0] === "--resume" ? [] : ["--out", `${dir}/run`]));
      assertEquals(result.code, 2, result.err);
      assertMatch(result.err.trimEnd(), /^error: [^\n]+$/);
      assertStringIncludes(result.err, message);
    }
    assertEquals(names(dir), ["c.json"]);
  }));

Deno.test("train tells bad data in one line with code 1, names the place, and leaves nothing", () =>
  inFolder(async (dir) => {
    const good = ["1", ...Array(13).fill("3"), ...Array(26).fill("0a1b2c3d")].join("\t") + "\n";
    const cases: Record<string, string> = {
      "short.tsv": good + good.replace("\t3\t", "\t"),
      "hex.tsv": good + good.replace("0a1b2c3d", "xyz"),
      "empty.tsv": "",
    };
    for (const [name, text] of Object.entries(cases)) {
      Deno.writeTextFileSync(`${dir}/${name}`, text);
      const result = await train("--data", `criteo:${dir}/${name}`, "--cache", `${dir}/cache`, "--out", `${dir}/run`);
      assertEquals(result.code, 1, result.err);
      assertMatch(result.err.trimEnd(), /^error: [^\n]+$/);
      assertStringIncludes(result.err, name === "empty.tsv" ? name : `${name}:2`);
      assert(!names(dir).includes("run"));
    }
  }));

Deno.test("train refuses to resume on other data or with another rate", () =>
  inFolder(async (dir) => {
    const out = `${dir}/run`;
    assertEquals((await signalled("SIGINT", 10, ...SMALL, "--out", out)).code, 130);
    const rate = await train("--resume", out, "--lr", "0.5");
    assertEquals(rate.code, 2);
    assertStringIncludes(rate.err, "Cannot change --lr on --resume");
    const config = read(`${out}/config.json`);
    Deno.writeTextFileSync(`${out}/config.json`, config.replace("synthetic:3000", "synthetic:3001"));
    const data = await train("--resume", out);
    assertEquals(data.code, 1);
    assertStringIncludes(data.err, "the data changed since");
  }));

Deno.test("train --resume with more epochs goes on after the end", () =>
  inFolder(async (dir) => {
    const short = ["--data", "synthetic:3000", "--batch", "256", "--eval-every", "4", "--epochs", "1"];
    assertEquals((await train(...short, "--no-refit", "--out", `${dir}/run`)).code, 0);
    const steps = () =>
      read(`${dir}/run/metrics.csv`).trimEnd().split("\n").slice(1).map((l) => Number(l.split(",")[0]));
    assert(!steps().includes(27), `${steps()}`);
    assertEquals((await train("--resume", `${dir}/run`, "--epochs", "3")).code, 0);
    assert(steps().includes(27), `${steps()}`);

    assertEquals((await train(...short, "--out", `${dir}/fitted`)).code, 0);
    const fitted = await train("--resume", `${dir}/fitted`, "--epochs", "3");
    assertEquals(fitted.code, 1);
    assertStringIncludes(lastLine(fitted), "the final fit began after step 9");
  }));

Deno.test("train --dry-run prints configuration and plan and writes nothing", () =>
  inFolder(async (dir) => {
    const result = await train("--data", "synthetic:5000", "--dry-run", "--out", `${dir}/run`);
    assertEquals(result.code, 0, result.err);
    const end = result.out.indexOf("\n}\n") + 3;
    assertEquals(JSON.parse(result.out.slice(0, end)).bottom, "13-64-16");
    assertMatch(result.out.slice(end), /FLOP per step +\S+/);
    assertEquals(names(dir), []);
  }));

Deno.test("train on a full disk stops with one line and leaves nothing half-written", (t) =>
  onSmallDisk(t, 160, async (dir) => {
    const result = await train(...SMALL, "--out", `${dir}/run`);
    assertEquals(result.code, 1);
    assertMatch(lastLine(result), /^error: Cannot write checkpoint .* as the disk is full$/);
    const steps = names(`${dir}/run`).includes("checkpoint") ? names(`${dir}/run/checkpoint`) : [];
    assert(steps.every((name) => names(`${dir}/run/checkpoint/${name}`).includes("manifest.json")), `${steps}`);
  }));

Deno.test("predict scores files with and without labels alike, and equals the test score of the run", () =>
  inFolder(async (dir) => {
    const rows = Array.from({ length: 1500 }, (_, i) => {
      const h = (i * 2654435761) >>> 0;
      const label = (h >>> 8) % 3 === 0 ? 1 : 0;
      const ints = Array.from({ length: 13 }, (_, c) => ((h >>> c) % 7 === 0 ? "" : String((h >>> c) % 50)));
      const cats = Array.from({ length: 26 }, (_, c) => ((h >>> 8) % (3 + c)).toString(16).padStart(8, "0"));
      return [label, ...ints, ...cats].join("\t");
    });
    Deno.writeTextFileSync(`${dir}/all.tsv`, rows.join("\n") + "\n");
    Deno.writeTextFileSync(`${dir}/test.tsv`, rows.slice(-300).join("\n") + "\n");
    Deno.writeTextFileSync(`${dir}/bare.tsv`, rows.slice(-300).map((r) => r.slice(2)).join("\n") + "\n");
    const out = `${dir}/run`;
    const trained = await train(
      "--data",
      `criteo:${dir}/all.tsv`,
      "--cache",
      `${dir}/cache`,
      "--batch",
      "64",
      "--out",
      out,
    );
    assertEquals(trained.code, 0, trained.err);
    const predict = (file: string, csv: string) =>
      run(PREDICT, "--model", out, "--data", `criteo:${dir}/${file}`, "--out", `${dir}/${csv}`, ...COMMON.slice(0, 6));
    const labelled = await predict("test.tsv", "a.csv");
    assertEquals(labelled.code, 0, labelled.err);
    const { auc, logloss } = JSON.parse(read(`${out}/report.json`)).test;
    assertStringIncludes(labelled.err, `auc ${auc.toFixed(4)}  logloss ${logloss.toFixed(4)}`);
    const bare = await predict("bare.tsv", "b.csv");
    assertEquals([bare.code, read(`${dir}/b.csv`)], [0, read(`${dir}/a.csv`)]);
    assert(!bare.err.includes("auc"));
    const lines = read(`${dir}/a.csv`).trimEnd().split("\n");
    assertEquals([lines.length, lines[0]], [301, "probability"]);
    assert(lines.slice(1).every((line) => Number(line) > 0 && Number(line) < 1));

    Deno.writeTextFileSync(`${dir}/bad.tsv`, rows.slice(-300).join("\n") + "\n1\t2\n");
    const bad = await predict("bad.tsv", "c.csv");
    assertEquals(bad.code, 1);
    assertStringIncludes(bad.err, "bad.tsv:301");
    assert(!names(dir).some((name) => name.startsWith("c.csv")), "no partial file");
    const weights = `${out}/model/1/model.safetensors`;
    Deno.truncateSync(weights, 20);
    const damaged = await predict("test.tsv", "d.csv");
    assertEquals(damaged.code, 1);
    assertMatch(damaged.err.trimEnd(), /^error: Cannot load .* as model.safetensors is damaged/);
  }));
