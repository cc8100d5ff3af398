import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UsageError } from "../errors.ts";
import { type DataFacts, defaultsFor } from "./defaults.ts";
import { parseConfig } from "./file.ts";
import { parseCommandLine } from "./flags.ts";
import { helpText } from "./help.ts";
import { flagName, OPTIONS } from "./options.ts";
import { PRESETS } from "./presets.ts";
import { formatConfig, mergeSettings, resolveConfig, totalSteps } from "./resolve.ts";
import type { SettingKey, Settings } from "./settings.ts";

const FACTS: DataFacts = { trainRows: 130_000, denseFeatures: 13, tables: [{ name: "C1", rows: 1000 }] };
const flags = (...args: string[]): Settings => parseCommandLine(args).settings;

Deno.test("parseCommandLine() reads values, switches, aliases and the configuration path", () => {
  const line = parseCommandLine(["c.json", "--lr=0.5", "--batch", "2_048", "--no-shuffle", "-v", "--max-steps", "10"]);
  assertEquals(line.configPath, "c.json");
  assertEquals(line.settings, { lr: 0.5, batch: 2048, shuffle: false, verbose: true, maxSteps: 10 });
  assertEquals(flags("--arch-mlp-bot=13-512-16", "--arch-sparse-feature-size", "16", "--mini-batch-size=128"), {
    bottom: [13, 512, 16],
    dim: 16,
    batch: 128,
  });
  assertEquals(flags("--optimizer", "rwsadagrad").optimizer, "rowwise-adagrad");
  assertEquals(flags("--raw-data-file", "a/train.txt").data, "criteo:a/train.txt");
  assertEquals(flags("--seed", "1", "--seed", "2").seed, 2);
  assert(parseCommandLine(["-h"]).help);
});

Deno.test("parseCommandLine() names an unknown flag and the nearest known one", () => {
  const error = assertThrows(() => flags("--bacth", "12"), UsageError, "Cannot use --bacth as no such flag is known");
  assertStringIncludes(error.message, "did you mean --batch?");
  assertThrows(() => flags("--tensor-board"), UsageError, "did you mean --tensorboard?");
  assertThrows(() => flags("--no-tensorbord"), UsageError, "did you mean --no-tensorboard?");
  assertThrows(() => flags("--zzzzzz=3"), UsageError, "--help lists them");
  assertThrows(() => flags("-x"), UsageError, "Cannot use --x");
});

Deno.test("parseCommandLine() refuses missing, mistyped and impossible values in one line each", () => {
  for (
    const [args, message] of [
      [["--batch", "many"], 'Cannot read --batch as it must be a whole number >= 1: got "many"'],
      [["--batch", "-5"], 'must be a whole number >= 1: got "-5"'],
      [["--batch", "0"], 'must be a whole number >= 1: got "0"'],
      [["--batch", "1.5"], "must be a whole number >= 1"],
      [["--batch"], "its value is missing: want --batch <n>"],
      [["--lr", "NaN"], 'must be a number > 0: got "NaN"'],
      [["--lr", "0"], "must be a number > 0"],
      [["--test-split", "1"], "a share >= 0 and < 1"],
      [["--device", "gpu"], "must be auto, cpu or webgpu"],
      [["--optimizer", "adagard"], "did you mean adagrad?"],
      [["--model", "sage"], "not part of this build"],
      [["--ranks", "4"], "Cannot use --ranks 4 as it is not part of this build; want 1"],
      [["--codec", "zip"], 'Cannot read --codec as its kind is unknown: "zip"; want off, fp16 or lossy'],
      [["--export", "onnx"], "not part of this build"],
      [["--bottom", "13-x-16"], "layer widths"],
      [["a.json", "b.json"], 'already have "a.json"'],
    ] as const
  ) {
    const error = assertThrows(() => parseCommandLine(args), UsageError, message);
    assert(!error.message.includes("\n"));
  }
});

Deno.test("parseConfig() takes keys in both spellings and refuses unknown, flag-only and mistyped ones", () => {
  assertEquals(parseConfig('{ "evalEvery": 5, "test-split": 0.5, "bottom": [13, 16], "shuffle": false }', "c.json"), {
    evalEvery: 5,
    testSplit: 0.5,
    bottom: [13, 16],
    shuffle: false,
  });
  assertThrows(() => parseConfig('{ "epoch": 1 }', "c.json"), UsageError, 'did you mean "epochs"?');
  assertThrows(() => parseConfig('{ "out": "x" }', "c.json"), UsageError, "give --out");
  assertThrows(() => parseConfig('{ "batch": "12a" }', "c.json"), UsageError, '"batch" in c.json');
  assertThrows(() => parseConfig('{ "shuffle": 1 }', "c.json"), UsageError, "must be true or false: got 1");
  assertThrows(() => parseConfig("[1]", "c.json"), UsageError, "one JSON object");
  assertThrows(() => parseConfig('{ "lr": }', "c.json"), UsageError, "c.json:1:9");
});

Deno.test("mergeSettings() lets flags override the file and the file the preset", () => {
  const merged = mergeSettings({ preset: "kaggle", lr: 0.3, batch: 64 }, { batch: 32 });
  assertEquals([merged.lr, merged.batch, merged.optimizer, merged.dim], [0.3, 32, "sgd", 16]);
  assertEquals(mergeSettings({}, { preset: "kaggle", dim: 32 }).bottom, [13, 512, 256, 64, 32]);
});

Deno.test("mergeSettings() refuses contradictions and names both sides", () => {
  assertThrows(() => mergeSettings({}, { dim: 16, bottom: [13, 64, 32] }), UsageError, "13-64-32 with --dim 16");
  assertThrows(() => mergeSettings({}, { top: [64, 2] }), UsageError, "--top 64-2");
  assertThrows(() => mergeSettings({}, { warmup: 10, decayStart: 5, decaySteps: 3 }), UsageError, "want >= 10");
  assertThrows(() => mergeSettings({}, { resume: "a", out: "b" }), UsageError, "--out with --resume");
  assertThrows(() => mergeSettings({}, { lossWeights: [1, 2] }), UsageError, "want --loss wbce");
});

Deno.test("defaultsFor() chooses by size and follows what was named", () => {
  assertEquals(defaultsFor(FACTS).bottom, [13, 64, 16]);
  assertEquals(defaultsFor({ ...FACTS, trainRows: 39_000_000 }).optimizer, "sgd");
  assertEquals(defaultsFor(FACTS, { dim: 32 }).bottom, [13, 64, 32]);
  assertEquals(defaultsFor(FACTS, { bottom: [13, 8] }).dim, 8);
});

Deno.test("resolveConfig() refuses a bottom MLP that does not fit the data", () => {
  assertThrows(() => resolveConfig({ bottom: [12, 16] }, FACTS), UsageError, "got 12 in --bottom 12-16; want 13");
});

Deno.test("--preprocess dlrm splits as upstream does: shares are refused, and validation rows are not fitted in the end", () => {
  const real = ["--data", "criteo:train.txt", "--preprocess", "dlrm"];
  const merge = (...args: string[]) => mergeSettings({}, flags(...args));
  assertThrows(
    () => merge(...real, "--test-split", "0.3"),
    UsageError,
    "Cannot use --test-split 0.3 as --preprocess dlrm",
  );
  assertThrows(
    () => merge(...real, "--valid-split", "0"),
    UsageError,
    "Cannot use --valid-split 0 as --preprocess dlrm",
  );
  assertThrows(() => merge(...real, "--refit"), UsageError, "the validation rows come after the test rows");
  const refit = (...args: string[]) => resolveConfig(merge(...args), FACTS).refit;
  assertEquals(refit(...real), false);
  assertEquals(refit(...real, "--test", "criteo:test.txt", "--valid-split", "0.2"), true);
  assertEquals(refit("--preprocess", "dlrm", "--test-split", "0.3"), true); // synthetic rows are split by shares
  assertEquals(refit("--data", "criteo:train.txt"), true);
});

Deno.test("a resolved configuration reads back from its own text, for every preset", () => {
  for (const settings of [{}, ...Object.values(PRESETS)]) {
    const config = resolveConfig(settings, FACTS);
    const again = resolveConfig(mergeSettings(parseConfig(formatConfig(config), "config.json"), {}), FACTS);
    assertEquals(again, config);
  }
});

Deno.test("totalSteps() counts the last, smaller batch of every epoch and obeys the limit", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50 }), (rows, batch) => {
    let steps = 0;
    for (let at = 0; at < rows; at += batch) steps++;
    assertEquals(totalSteps({ batch, epochs: 3, maxSteps: 0 }, rows), 3 * steps);
    assertEquals(totalSteps({ batch, epochs: 3, maxSteps: 2 }, rows), Math.min(2, 3 * steps));
  }));
});

Deno.test("helpText() lists every flag within the width", () => {
  const help = helpText(100);
  for (const key of Object.keys(OPTIONS) as SettingKey[]) {
    assertStringIncludes(help.replaceAll("[no-]", ""), `--${flagName(key)}`);
  }
  assert(help.split("\n").every((line) => line.length <= 100));
});
