import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseCommandLine } from "../config/flags.ts";
import { UsageError } from "../errors.ts";
import { createDlrm } from "../model/dlrm.ts";
import type { Terminal } from "../progress/terminal.ts";
import { dyingIn } from "../testing/dying_model.ts";
import { inFolder } from "../testing/in_folder.ts";
import type { ModelFactory } from "./model_factory.ts";
import { train } from "./train.ts";

const COMMON = ["--device", "cpu", "--blas", "off", "--no-tensorboard", "--log-every", "5"];
/** 24 steps, and about as many again in the final fit. */
const SMALL = ["--data", "synthetic:4000", "--batch", "256", "--epochs", "2", "--eval-every", "6", "--dim", "4"];
/** Steps 3 to 5 are sampled, the decay ends with step 12. */
const ADAPTIVE = "lossy:0.03,adaptive,direction=both,warmup=0.1,samples=3,decay=step,phase=0.5,slices=2";

/** Trains in this process. @returns what went to the terminal and to standard output. */
async function run(args: readonly string[], createModel: ModelFactory = createDlrm): Promise<string> {
  let text = "";
  const terminal: Terminal = { interactive: false, color: false, width: () => 100, write: (part) => text += part };
  const { settings: flags } = parseCommandLine([...args, ...COMMON]);
  const print = (part: string) => text += part;
  assertEquals(await train({ command: "train", file: {}, flags, createModel, terminal, print }), 0, text);
  return text;
}

const json = (path: string) => JSON.parse(Deno.readTextFileSync(path));
const outcome = (dir: string) => ({
  weights: Deno.readFileSync(`${dir}/model/1/model.safetensors`),
  metrics: Deno.readTextFileSync(`${dir}/metrics.csv`),
  test: json(`${dir}/report.json`).test,
});
/** The codec's file in the newest checkpoint. */
const codecState = (dir: string): string => {
  const newest = [...Deno.readDirSync(`${dir}/checkpoint`)].map(({ name }) => name).sort().at(-1);
  return Deno.readTextFileSync(`${dir}/checkpoint/${newest}/codec.json`);
};

Deno.test("train with an adaptive codec gives the same bits on two threads and after dying anywhere", () =>
  inFolder(async (dir) => {
    const args = [...SMALL, "--codec", ADAPTIVE, "--checkpoint-every", "2"], whole = `${dir}/whole`;
    const said = await run([...args, "--threads", "1", "--out", whole]);
    assertStringIncludes(said, `codec   ${ADAPTIVE}`);
    await run([...args, "--threads", "2", "--out", `${dir}/two`]);
    assertEquals(outcome(`${dir}/two`), outcome(whole));
    // With two of three sampled batches in the checkpoint, in the decay, and early in the final fit.
    for (const step of [5, 10, 29]) {
      const out = `${dir}/dies-in-${step}`;
      await assertRejects(() => run([...args, "--out", out], dyingIn(step)), Error, "the power went out");
      await run(["--resume", out]);
      assertEquals(outcome(out), outcome(whole), `died in step ${step}`);
      assertEquals(codecState(out), codecState(whole));
    }
    assert(codecState(whole).includes('"batches":3'));
  }));

Deno.test("train with a codec differs from one without, and its dumps are of what comes before it", () =>
  inFolder(async (dir) => {
    const once = ["--data", "synthetic:2000", "--batch", "256", "--epochs", "1", "--no-refit", "--dim", "4"];
    const dumping = (name: string) => ["--out", `${dir}/${name}`, "--dump-exchange", `${dir}/${name}-dump`];
    await run([...once, "--dump-every", "1", ...dumping("none")]);
    await run([...once, "--dump-every", "1", ...dumping("lossy"), "--codec", "lossy:0.1"]);
    await run([...once, "--out", `${dir}/off`, "--codec", "off"]);
    await run([...once, "--out", `${dir}/half`, "--codec", "fp16,direction=both"]);
    assertEquals(outcome(`${dir}/off`), outcome(`${dir}/none`));
    const logloss = (name: string) => json(`${dir}/${name}/report.json`).test.logloss;
    assertEquals(new Set(["none", "lossy", "half"].map(logloss)).size, 3);
    const dump = (name: string, step: number) => Deno.readFileSync(`${dir}/${name}-dump/step-0000000${step}-fwd.npy`);
    assertEquals(dump("lossy", 1), dump("none", 1));

    const { comm } = json(`${dir}/half/report.json`);
    // 6 steps over 1,440 rows, 26 tables of dim 4, both ways, 2 bytes each.
    assertEquals([comm.ratio, comm.bytes], [2, 1440 * 26 * 4 * 2 * 2]);
    assert(comm.maxError > 0 && comm.maxError < 1e-3 && comm.ms > 0);
    assertEquals(json(`${dir}/off/report.json`).comm, undefined);
    const lossy = json(`${dir}/lossy/report.json`).comm;
    assert(lossy.ratio > 4 && lossy.maxError > 0, JSON.stringify(lossy));
    assertEquals(lossy.bytes, Math.round(1440 * 26 * 4 * 4 / lossy.ratio));
  }));

Deno.test("train refuses a codec of nonsense, and another one on --resume", () =>
  inFolder(async (dir) => {
    await assertRejects(() => run([...SMALL, "--codec", "lossy:2"]), UsageError, "the bound must be a share");
    const out = `${dir}/run`;
    await run(["--data", "synthetic:1000", "--max-steps", "2", "--no-refit", "--codec", "lossy", "--out", out]);
    await assertRejects(
      () => run(["--resume", out, "--codec", "fp16"]),
      UsageError,
      'Cannot change --codec on --resume as the run began with another value: got "fp16"; want "lossy"',
    );
  }));
