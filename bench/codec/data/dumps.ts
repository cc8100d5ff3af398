/**
 * What our trainer exchanges between look-up and interaction while it trains: dumped once by `dump.ts`, kept in
 * `.cache/codec_dumps/<set>-<batch>x<dim>`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { npyFloats } from "../../stats/trainer_process.ts";
import { type ArrayGroup, BATCH_BOUNDS, BATCH_SLICES, type NamedArray } from "./array.ts";
import { tables } from "./samples.ts";

/** Folder of all dumps. */
export const DUMPS: string = fileURLToPath(new URL("../../../.cache/codec_dumps/", import.meta.url));

/** Shape of an exchange and how often it is dumped. */
export interface DumpShape {
  readonly batch: number;
  readonly dim: number;
  readonly epochs: number;
  /** At least so many snapshots. */
  readonly snapshots: number;
  /** Steps between two of them; by default a 24th of the run. */
  readonly every?: number;
}

/** The SC'24 paper's two, and a large one. */
export const DUMP_SHAPES: readonly DumpShape[] = [
  { batch: 2048, dim: 64, epochs: 2, snapshots: 24 },
  { batch: 128, dim: 32, epochs: 1, snapshots: 24 },
  { batch: 8192, dim: 128, epochs: 2, snapshots: 2, every: 16 },
];

/** Data that are trained on, by the name of their folders. */
export const DUMP_SETS = ["click_log", "synthetic"] as const;
/** One of {@linkcode DUMP_SETS}. */
export type DumpSet = typeof DUMP_SETS[number];

/** Where the dumps of a run are. */
export function dumpFolder(set: DumpSet, { batch, dim }: DumpShape): string {
  return `${DUMPS}${set}-${batch}x${dim}`;
}

const TITLES: Readonly<Record<DumpSet, string>> = { click_log: "click log", synthetic: "synthetic" };

/**
 * What was dumped.
 *
 * @param snapshots How many of each run, evenly spread.
 * @param say Gets a line where there is nothing.
 */
export function dumpGroups(snapshots: number, say: (line: string) => void): ArrayGroup[] {
  return DUMP_SETS.flatMap((set) =>
    DUMP_SHAPES.flatMap((shape): ArrayGroup[] => {
      const folder = dumpFolder(set, shape), { batch, dim } = shape;
      const title = `${TITLES[set]} ${batch}x${dim}`;
      if (stepsIn(folder).length < shape.snapshots) {
        say(`skipped: ${title}, not dumped; run bench/codec/data/dump.ts`);
        return [];
      }
      return ([["look-ups", "fwd"], ["gradients", "bwd"]] as const).map(([name, direction]) => ({
        name: `${title}, ${name}`,
        sliceRows: batch > 2048 ? [2048] : BATCH_SLICES,
        bounds: BATCH_BOUNDS,
        kind: "embeddings",
        *arrays() {
          for (const step of evenly(stepsIn(folder), batch > 2048 ? 1 : snapshots)) {
            yield* readDump(`${folder}/step-${step}-${direction}.npy`, `step ${Number(step)}`);
          }
        },
      }));
    })
  );
}

function stepsIn(folder: string): string[] {
  try {
    const names = [...Deno.readDirSync(folder)].map(({ name }) => /^step-(\d+)-bwd\.npy$/.exec(name)?.[1]);
    return names.filter((step) => step !== undefined).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** `count` of a list, the last one among them. */
function evenly<T>(list: readonly T[], count: number): T[] {
  const kept = Math.min(count, list.length);
  return Array.from({ length: kept }, (_, i) => list[Math.ceil((i + 1) * list.length / kept) - 1]!);
}

function readDump(path: string, snapshot: string): Generator<NamedArray> {
  const bytes = Deno.readFileSync(path);
  const head = new TextDecoder().decode(bytes.subarray(10, 10 + bytes[8]! + 256 * bytes[9]!));
  const shape = /'shape': \((\d+), (\d+), (\d+)\)/.exec(head);
  if (!shape) throw new TypeError(`Cannot read ${path} as it is no dump of an exchange: want three axes`);
  return tables(npyFloats(bytes), [Number(shape[1]), Number(shape[2]), Number(shape[3])], snapshot);
}
