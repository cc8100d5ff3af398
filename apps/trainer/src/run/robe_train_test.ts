import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decodeSafetensors } from "@pocketrec/dlrm-model";
import { parseCommandLine } from "../config/flags.ts";
import { UsageError } from "../errors.ts";
import { createDlrm } from "../model/dlrm.ts";
import { parsePredictArgs } from "../predict/options.ts";
import { predict } from "../predict/predict.ts";
import type { Terminal } from "../progress/terminal.ts";
import { formatBytes } from "../report/format.ts";
import { dyingIn } from "../testing/dying_model.ts";
import { inFolder } from "../testing/in_folder.ts";
import type { ModelFactory } from "./model_factory.ts";
import { train } from "./train.ts";

const COMMON = ["--device", "cpu", "--blas", "off", "--no-tensorboard", "--log-every", "5"];
/** 36 steps, and about as many again in the final fit. */
const SMALL = ["--data", "synthetic:4000", "--batch", "256", "--epochs", "3", "--eval-every", "6", "--dim", "4"];
const GROWN = [...SMALL, "--embedding", "robe:400,z=4,grow=4@0.3+2@0.6", "--checkpoint-every", "4"];

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

Deno.test("train with a growing array gives the same bits on two threads and after dying anywhere", () =>
  inFolder(async (dir) => {
    const whole = `${dir}/whole`;
    const said = await run([...GROWN, "--threads", "1", "--out", whole]);
    await run([...GROWN, "--threads", "2", "--out", `${dir}/two`]);
    assertEquals(outcome(`${dir}/two`), outcome(whole));
    const refit = Number(/refit .* rows before the test, (\d+) steps/.exec(said)![1]);
    // With the first growth after step 10: before it, in the first step after it, later, and in the final fit.
    for (const step of [10, 11, 24, 36 + Math.ceil(refit / 2)]) {
      const out = `${dir}/dies-in-${step}`;
      await assertRejects(() => run([...GROWN, "--out", out], dyingIn(step)), Error, "the power went out");
      await run(["--resume", out]);
      assertEquals(outcome(out), outcome(whole), `died in step ${step}`);
    }
  }));

Deno.test("train with an array says its sizes, and keeps all that rebuilds it", () =>
  inFolder(async (dir) => {
    const out = `${dir}/run`;
    const said = await run([...GROWN, "--out", out]);
    const { model } = json(`${out}/report.json`);
    const { tensors, metadata } = decodeSafetensors(Deno.readFileSync(`${out}/model/1/model.safetensors`));
    const size = tensors.get("robe.weight")!.data.length;
    assertEquals([model.embeddingBytes, model.compressionRatio], [4 * size, model.fullEmbeddingBytes / (4 * size)]);
    assert(model.compressionRatio >= 400 && model.compressionRatio < 410, `${model.compressionRatio}`);
    const elements = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    assertEquals(elements, model.parameters);
    const robe = { size, blockSize: 4, align: 4, sign: true, hash: "mix32", seed: 1 };
    assertEquals(json(`${out}/model/1/model.json`).embedding, { robe });
    assertEquals(JSON.parse(metadata["embedding"]!), { robe });
    const html = Deno.readTextFileSync(`${out}/report.html`);
    assertStringIncludes(html, "all, in one array");
    assert(!/NaN|undefined|Infinity/.test(html));
    assertStringIncludes(said, `embeddings ${formatBytes(model.embeddingBytes)} of `);
    assertStringIncludes(said, `, grown from ${formatBytes(model.embeddingBytes / 8)}`);
  }));

Deno.test("train --dry-run counts the array as it is in the end", async () => {
  const plan = async (embedding: string, ...more: string[]) => {
    const text = await run([...SMALL, "--embedding", embedding, "--dry-run", ...more]);
    return Object.fromEntries(text.split("\n").map((line) => line.split(/ {2,}/) as [string, string]));
  };
  const plain = await plan("robe:400,z=4", "--optimizer", "rowwise-adagrad");
  const grown = await plan("robe:400,z=4,grow=2@0.5", "--optimizer", "rowwise-adagrad");
  assertStringIncludes(plain["embedding bytes"]!, "ratio 400.");
  assertStringIncludes(grown["embedding bytes"]!, "ratio 40");
  const array = ", blocks of 4 aligned to 4, signs, mix32";
  assert(plain["array"]!.endsWith(array), plain["array"]);
  assertStringIncludes(grown["array"]!, `${array}; grows 2 times after step 18`);
  assert(Number(/ratio ([\d.]+)/.exec(grown["embedding bytes"]!)![1]) >= 400);
  await assertRejects(() => plan("robe:1e9"), UsageError, "by robe: want at most");
});

Deno.test("predict rebuilds an array that has grown, and equals the test score of the run", () =>
  inFolder(async (dir) => {
    const rows = Array.from({ length: 600 }, (_, i) => {
      const h = (i * 2654435761) >>> 0;
      const ints = Array.from({ length: 13 }, (_, c) => String((h >>> c) % 50));
      const cats = Array.from({ length: 26 }, (_, c) => ((h >>> 8) % (30 + c)).toString(16).padStart(8, "0"));
      return [(h >>> 8) % 3 === 0 ? 1 : 0, ...ints, ...cats].join("\t");
    });
    Deno.writeTextFileSync(`${dir}/all.tsv`, rows.join("\n") + "\n");
    Deno.writeTextFileSync(`${dir}/test.tsv`, rows.slice(-120).join("\n") + "\n");
    const out = `${dir}/run`;
    const flags = ["--batch", "64", "--epochs", "2", "--embedding", "robe:10,z=8,align=8,hash=m31,grow=3@0.5"];
    const data = ["--data", `criteo:${dir}/all.tsv`, "--cache", `${dir}/cache`, "--dump-scores", `${dir}/scores.npy`];
    await run([...data, ...flags, "--out", out]);
    const args = ["--model", out, "--data", `criteo:${dir}/test.tsv`, "--out", `${dir}/scores.csv`, "--device", "cpu"];
    let said = "";
    const parts = { createModel: createDlrm, say: (line: string) => said += line + "\n", print: () => {} };
    assertEquals(await predict(parsePredictArgs([...args, "--blas", "off"])!, parts), 0);
    const { auc, logloss } = json(`${out}/report.json`).test;
    assertStringIncludes(said, `auc ${auc.toFixed(4)}  logloss ${logloss.toFixed(4)}`);
    // The run's own dump of the same rows holds the same probabilities, beside the labels.
    const npy = Deno.readFileSync(`${dir}/scores.npy`);
    const pairs = new Float32Array(npy.slice(10 + npy[8]! + 256 * npy[9]!).buffer);
    const csv = Deno.readTextFileSync(`${dir}/scores.csv`).trimEnd().split("\n").slice(1).map(Number);
    assertEquals(csv.map((p) => Math.fround(p)), Array.from(csv, (_, i) => pairs[2 * i]!));
    assertEquals(rows.slice(-120).map((row) => Number(row[0])), Array.from(csv, (_, i) => pairs[2 * i + 1]!));
  }));
