/**
 * The float arrays beside the repository, which are not part of it: `../shared/data/arrays/<name>_<shape>.f32`, little endian
 * without a header.
 *
 * @module
 */
import { type ArrayGroup, BATCH_BOUNDS, BATCH_SLICES, type NamedArray } from "./array.ts";
import { shuffledRows } from "./generated.ts";

const FOLDER = new URL("../../../../shared/data/arrays/", import.meta.url);

/** The SC'24 authors' look-ups, `[2048, 64]`; `undefined` where they are not there. */
export function publishedBatches(): { readonly table1: NamedArray; readonly table8: NamedArray } | undefined {
  const read = (name: string, file: string): NamedArray | undefined => {
    const values = readFloats(file);
    return values && { name, values, rows: 2048, rowLength: 64 };
  };
  const table1 = read("SC'24 table 1", "sc24_emb_table1_iter20_2048x64.f32");
  const table8 = read("SC'24 table 8", "sc24_emb_table8_iter20_tb_2048x64.f32");
  return table1 && table8 && { table1, table8 };
}

/** What is there; `say` gets a line where something is not. */
export function sampleGroups(say: (line: string) => void): ArrayGroup[] {
  const batches = { sliceRows: BATCH_SLICES, bounds: BATCH_BOUNDS } as const, groups: ArrayGroup[] = [];
  const published = publishedBatches();
  if (published) {
    const { table1, table8 } = published;
    groups.push({ ...batches, name: "SC'24 dumps", kind: "embeddings", arrays: () => [table1, table8] });
    const shuffled = () => [shuffledRows(table1), shuffledRows(table8)];
    groups.push({ ...batches, name: "SC'24 dumps, rows shuffled", kind: "control", arrays: shuffled });
  }
  for (const [name, direction] of [["look-ups", "fwd"], ["gradients", "grad"]] as const) {
    const snapshots = [20, 279].map((step) => [step, `kuairand_dlrm_26x1024x16_step${step}_${direction}.f32`] as const);
    if (snapshots.some(([, file]) => readFloats(file) === undefined)) continue;
    groups.push({
      ...batches,
      name: `KuaiRand sample 1024x16, ${name}`,
      kind: "embeddings",
      *arrays() {
        for (const [step, file] of snapshots) yield* tables(readFloats(file)!, [26, 1024, 16], `step ${step}`);
      },
    });
  }
  const vorticity = readFloats("vorticity_512x512.f32");
  if (vorticity) {
    const array = { name: "vorticity 512x512", values: vorticity, rows: 512, rowLength: 512 };
    groups.push({
      name: array.name,
      sliceRows: [Infinity],
      bounds: [0.01, 0.001, 0.0001],
      kind: "counter-example",
      arrays: () => [array],
    });
  }
  if (groups.length < 5) say("skipped: sample arrays, as ../shared/data/arrays lacks some or all of them");
  return groups;
}

/** The tables of a dump `[tables, rows, rowLength]`. */
export function* tables(
  values: Float32Array<ArrayBuffer>,
  [count, rows, rowLength]: readonly [number, number, number],
  snapshot: string,
): Generator<NamedArray> {
  const size = rows * rowLength;
  for (let t = 0; t < count; t++) {
    const name = `table ${String(t).padStart(2, "0")}`;
    yield { name, snapshot, values: values.slice(t * size, (t + 1) * size), rows, rowLength };
  }
}

function readFloats(name: string): Float32Array<ArrayBuffer> | undefined {
  try {
    return new Float32Array(Deno.readFileSync(new URL(name, FOLDER)).buffer);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
