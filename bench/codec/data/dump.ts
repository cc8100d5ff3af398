/**
 * Trains and dumps what passes between look-up and interaction, for `ratio.ts`: 24 snapshots of look-ups and their gradients
 * for two shapes and fewer for a large one, as `dumps.ts` lists them; some gigabytes in all.
 *
 * ```sh
 * deno run -A bench/codec/data/dump.ts criteo:../shared/data/ctr/kuairand_pure_criteo_layout.tsv.gz
 * deno run -A bench/codec/data/dump.ts synthetic
 * ```
 *
 * `--only 2048x64` for one shape. A run whose dumps are there is not made again; remove its folder to do so.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { runTrainer } from "../../stats/trainer_process.ts";
import { DUMP_SHAPES, dumpFolder, DUMPS, type DumpSet, type DumpShape } from "./dumps.ts";

const flags = parseArgs(Deno.args, { string: ["only"] });
const source = String(flags._[0] ?? "");
if (!/^(criteo:.|synthetic)/.test(source)) {
  console.error(`Cannot dump as the data is "${source}": want criteo:<file> or synthetic[:rows]`);
  Deno.exit(2);
}
const set: DumpSet = source.startsWith("criteo") ? "click_log" : "synthetic";
for (const shape of DUMP_SHAPES) {
  const name = `${shape.batch}x${shape.dim}`;
  if (flags.only !== undefined && flags.only !== name) continue;
  const started = performance.now(), made = await dump(shape);
  console.log(`${set} ${name}: ${made ? `${((performance.now() - started) / 1000).toFixed(0)} s` : "there already"}`);
}

/** @returns whether it had to be made */
async function dump(shape: DumpShape): Promise<boolean> {
  const folder = dumpFolder(set, shape), unfinished = `${folder}.tmp`, out = `${folder}.run.tmp`;
  if (await Deno.stat(folder).catch(() => undefined)) return false;
  for (const path of [unfinished, out]) await Deno.remove(path, { recursive: true }).catch(() => {});
  const { batch, dim, epochs, every } = shape;
  await runTrainer([
    ...["--data", source, "--cache", `${DUMPS}data`, "--device", "cpu", "--threads", "1", "--no-tensorboard"],
    ...["--seed", "1", "--batch", String(batch), "--dim", String(dim), "--epochs", String(epochs)],
    // To the end, on the train part alone: one run, whose every 24th part is dumped.
    ...["--patience", "0", "--eval-every", "0", "--no-refit"],
    ...["--dump-exchange", unfinished, ...(every === undefined ? [] : ["--dump-every", String(every)])],
    ...["--out", out],
  ]);
  await Deno.remove(out, { recursive: true });
  await Deno.rename(unfinished, folder);
  return true;
}
