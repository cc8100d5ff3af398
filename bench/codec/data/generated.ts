/**
 * Arrays by formula: batches that look like trained embeddings, their controls, and counter-examples.
 *
 * @module
 */
import { generator, randomIds } from "../../robe/ids.ts";
import { type ArrayGroup, BATCH_BOUNDS, BATCH_SLICES, type NamedArray } from "./array.ts";

const BATCH = 2048, DIM = 64, SIDE = 512;
const FIELD_BOUNDS = [0.01, 0.001, 0.0001];

/** Sum of 3 uniform numbers: bell-shaped, from -1.5 to 1.5. */
function bell(random: () => number): number {
  return random() + random() + random() - 1.5;
}

/**
 * A batch of look-ups in a trained table: popular rows have learnt large values, rare ones have stayed near their small
 * beginning.
 *
 * @param ids Row of the table by row of the batch; smaller is more popular.
 */
function trainedRows(ids: ArrayLike<number>, seed: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(ids.length * DIM), known = new Map<number, number>();
  const random = generator(seed);
  for (let row = 0; row < ids.length; row++) {
    const before = known.get(ids[row]!);
    if (before !== undefined) {
      values.copyWithin(row * DIM, before * DIM, (before + 1) * DIM);
      continue;
    }
    known.set(ids[row]!, row);
    const scale = 0.0025 + 0.04 / (1 + ids[row]!) ** 0.5;
    for (let j = 0; j < DIM; j++) values[row * DIM + j] = scale * bell(random);
  }
  return values;
}

/**
 * A batch shaped like one of the Criteo Terabyte runs, `[2048, 64]`.
 *
 * @param distinct Share of rows that occur for the first time.
 */
export function trainedBatch(distinct: number, seed = 1): NamedArray {
  // Popular rows first, then the rest one by one, shuffled by a stride without common divisor.
  const fresh = Math.round(distinct * BATCH), random = generator(seed), stride = 1237;
  const ids = Array.from({ length: BATCH }, (_, i) => i < fresh ? i : Math.floor(fresh * random() ** 4));
  const shuffled = ids.map((_, i) => ids[i * stride % BATCH]!);
  const name = `generated batch, ${Math.round(100 * distinct)} % distinct rows`;
  return { name, values: trainedRows(shuffled, seed + 1), rows: BATCH, rowLength: DIM };
}

/** The rows in another order, so that neighbours tell nothing. */
export function shuffledRows(array: NamedArray, seed = 3): NamedArray {
  const { rows, rowLength } = array, random = generator(seed), values = array.values.slice();
  for (let i = rows - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1)), row = values.slice(i * rowLength, (i + 1) * rowLength);
    values.copyWithin(i * rowLength, j * rowLength, (j + 1) * rowLength);
    values.set(row, j * rowLength);
  }
  return { ...array, name: `${array.name}, rows shuffled`, values };
}

/** Look-ups before any training: uniform values, Zipf ids. */
function untrainedBatch(tableRows: number): NamedArray {
  const random = generator(5), limit = 1 / Math.sqrt(tableRows);
  const table = Float32Array.from({ length: tableRows * DIM }, () => limit * (2 * random() - 1));
  const ids = randomIds("Zipf 1.05", tableRows, BATCH, 6), values = new Float32Array(BATCH * DIM);
  ids.forEach((id, row) => values.set(table.subarray(id * DIM, (id + 1) * DIM), row * DIM));
  return { name: `untrained table of ${tableRows} rows, Zipf ids`, values, rows: BATCH, rowLength: DIM };
}

function field(name: string, at: (row: number, column: number) => number): NamedArray {
  const values = Float32Array.from({ length: SIDE * SIDE }, (_, i) => at(Math.floor(i / SIDE), i % SIDE));
  return { name, values, rows: SIDE, rowLength: SIDE };
}

function batch(name: string, next: (i: number) => number): NamedArray {
  const values = Float32Array.from({ length: BATCH * DIM }, (_, i) => next(i));
  return { name, values, rows: BATCH, rowLength: DIM };
}

/** Values half way between two codes of the relative bound `rel`, and their neighbours on both sides. */
function ties(rel: number): NamedArray {
  const random = generator(9), bits = new DataView(new ArrayBuffer(4));
  // The step that the codec takes: the width of 2 rel, rounded down to 8 significant bits of a float32.
  bits.setFloat32(0, 2 * rel * 2 * (1 - 2 ** -20));
  bits.setInt32(0, bits.getInt32(0) & 0xffff0000);
  const step = bits.getFloat32(0), codes = Math.floor(1 / step - 0.5);
  const nudged = (x: number) => {
    bits.setFloat32(0, x);
    bits.setInt32(0, bits.getInt32(0) + Math.floor(3 * random()) - 1);
    return bits.getFloat32(0);
  };
  return batch(`ties of rel ${rel}, to an ulp`, (i) => {
    if (i < 2) return 2 * i - 1;
    return nudged((Math.floor(2 * codes * random()) - codes + 0.5) * step);
  });
}

/** Arrays that are no embeddings. */
function counterExamples(): NamedArray[] {
  const noise = generator(7), counts = generator(8), sparse = generator(10);
  const samples = SIDE * SIDE;
  return [
    field(
      "smooth field 512x512",
      (i, j) => Math.sin(i / 41) * Math.cos(j / 29) + 0.5 * Math.sin((i + 2 * j) / 97) + 0.1 * Math.cos(i * j / 9000),
    ),
    {
      ...field(
        "chirp, 1-D",
        (i, j) => Math.sin(2 * Math.PI * (3 + 40 * (i * SIDE + j) / samples) * (i * SIDE + j) / samples),
      ),
      sequence: true,
    },
    batch("white noise", () => 2 * noise() - 1),
    batch("integers as floats", () => Math.min(1000, Math.floor(1 / (1 - counts())) - 1)),
    batch("sparse, 95 % zeros", () => sparse() < 0.95 ? 0 : bell(sparse)),
    batch("constant", () => 0.1),
    ties(0.01),
  ];
}

/** All that needs no file. */
export function generatedGroups(): ArrayGroup[] {
  const control = { sliceRows: BATCH_SLICES, bounds: BATCH_BOUNDS, kind: "control" } as const;
  return [
    { ...control, name: "generated batches", arrays: () => [trainedBatch(0.45), trainedBatch(1), trainedBatch(0.01)] },
    { ...control, name: "untrained tables", arrays: () => [100, 10_000, 1_000_000].map(untrainedBatch) },
    ...counterExamples().map((array): ArrayGroup => ({
      name: array.name,
      sliceRows: [Infinity],
      bounds: FIELD_BOUNDS,
      kind: "counter-example",
      arrays: () => [array],
    })),
  ];
}
