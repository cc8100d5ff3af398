import { assert } from "@std/assert";
import { TestRandom } from "@pocketrec/compute/testing";
import { type RobeHash, robeLayout, rowSigns, rowSlots, tableHash } from "./layout.ts";

// Two tables with two neighbouring rows of 64 elements each: blocks of up to 64 lie inside a row, 128 is two rows.
const DIM = 64, ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]] as const;
const ELEMENTS = DIM * ROWS.length, SLOTS = 128;

/** V_1 of the paper's theorem: sum over i != j of x_i^2 y_j^2 + x_i y_i x_j y_j, over m. */
function pairVariance(x: Float32Array, y: Float32Array): number {
  let xx = 0, yy = 0, xy = 0, same = 0;
  for (const [i, a] of x.entries()) {
    const b = y[i]!;
    xx += a * a;
    yy += b * b;
    xy += a * b;
    same += 2 * a * a * b * b;
  }
  return (xx * yy + xy * xy - same) / SLOTS;
}

/** V_Z: pairs inside a block never meet. */
function blockVariance(x: Float32Array, y: Float32Array, blockSize: number): number {
  let variance = pairVariance(x, y);
  for (let i = 0; i < ELEMENTS; i += blockSize) {
    variance -= pairVariance(x.subarray(i, i + blockSize), y.subarray(i, i + blockSize));
  }
  return variance;
}

/** Mean and variance of the inner product of two vectors that were added into arrays, over hashes. */
function simulate(hash: RobeHash, blockSize: number, x: Float32Array, y: Float32Array, draws: number) {
  const xs = new Float64Array(SLOTS), ys = new Float64Array(SLOTS);
  let mean = 0, squares = 0;
  for (let draw = 0; draw < draws; draw++) {
    const layout = robeLayout({ size: SLOTS, blockSize, align: 1, hash, seed: draw });
    const hashes = [0, 1].map((table) => tableHash(layout, table, 0));
    xs.fill(0);
    ys.fill(0);
    for (const [at, [table, row]] of ROWS.entries()) {
      const id = 2 * draw + row, slots = rowSlots(layout, hashes[table]!, DIM, id);
      const signs = rowSigns(layout, hashes[table]!, DIM, id);
      for (let i = 0; i < DIM; i++) {
        xs[slots[i]!]! += signs[i]! * x[at * DIM + i]!;
        ys[slots[i]!]! += signs[i]! * y[at * DIM + i]!;
      }
    }
    let product = 0;
    for (let slot = 0; slot < SLOTS; slot++) product += xs[slot]! * ys[slot]!;
    const delta = product - mean;
    mean += delta / (draw + 1);
    squares += delta * (product - mean);
  }
  return { mean, variance: squares / draws };
}

const random = new TestRandom(31);
// A mean that is not 0: one sign per block, or none, would show.
const x = random.f32(ELEMENTS, -0.6, 1.4), y = random.f32(ELEMENTS, -0.8, 1.2);
const inner = x.reduce((sum, a, i) => sum + a * y[i]!, 0);

for (const blockSize of [1, 4, 16, 32, 128]) {
  Deno.test(`inner products are unbiased and vary as the theorem says: Z = ${blockSize}`, () => {
    const want = blockVariance(x, y, blockSize), draws = 12_000;
    const { mean, variance } = simulate("mix32", blockSize, x, y, draws);
    assert(Math.abs(variance / want - 1) < 0.05, `variance ${variance}, want ${want} +- 5 %`);
    assert(Math.abs(mean - inner) < 4 * Math.sqrt(want / draws), `mean ${mean}, want ${inner}`);
  });
}

// The theorem asks for 4-wise independent signs. Those of Eq. 2 are pairwise independent: no bias, but more variance.
Deno.test("inner products are unbiased with m31", () => {
  const draws = 12_000, { mean, variance } = simulate("m31", 16, x, y, draws);
  assert(Math.abs(mean - inner) < 4 * Math.sqrt(variance / draws), `mean ${mean}, want ${inner}`);
  assert(variance < 2 * blockVariance(x, y, 16), `variance ${variance}`);
});
