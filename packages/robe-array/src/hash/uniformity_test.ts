import { assert } from "@std/assert";
import { blockStart, type RobeHash, robeLayout, rowShape, tableHash } from "../layout.ts";
import { affineSignWord } from "./affine.ts";
import { rowHash, signWord } from "./mix32.ts";

const BINS = 4096;
const IDS: Readonly<Record<string, (i: number) => number>> = {
  consecutive: (i) => i,
  "in strides of 1000": (i) => 1000 * i,
  "multiples of 256": (i) => i << 8,
  "multiples of 8192": (i) => i << 13,
};

/** Chi-square of starts over bins per degree of freedom: 1 +- 0.022 for random starts, below for more even ones. */
function chiSquare(hash: RobeHash, seed: number, id: (i: number) => number, k: number, count: number): number {
  const size = 27_000_000, layout = robeLayout({ size, hash, seed }), table = tableHash(layout, 5, 0);
  const bins = new Float64Array(BINS), shape = rowShape(layout, 128);
  for (let i = 0; i < count; i++) {
    bins[Math.floor(blockStart(layout, table, shape, id(i) >>> 0, k) / size * BINS)]! += 1;
  }
  const mean = count / BINS;
  return bins.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0) / (BINS - 1);
}

for (const [name, id] of Object.entries(IDS)) {
  Deno.test(`mix32 starts of ids ${name} are as uniform as random ones`, () => {
    for (const [seed, k] of [[1024, 0], [1024, 3], [1, 0], [2, 1]] as const) {
      const value = chiSquare("mix32", seed, id, k, 2 ** 18);
      assert(Math.abs(value - 1) < 0.1, `seed ${seed}, block ${k}: ${value}`);
    }
  });

  Deno.test(`m31 starts of ids ${name} are at least as uniform as random ones at the default seed`, () => {
    for (const k of [0, 3]) {
      const value = chiSquare("m31", 1024, id, k, 2 ** 18);
      assert(value < 1.1, `block ${k}: ${value}`);
    }
  });
}

// An affine hash maps ids of one stride to a lattice: over all coefficients as uniform as chance, for most of them much more
// even, for one seed in ten less so.
Deno.test("m31 starts cluster for few seeds only", () => {
  for (const [name, id] of Object.entries(IDS)) {
    const values = Array.from({ length: 50 }, (_, seed) => chiSquare("m31", seed, id, 0, 2 ** 16));
    const clustered = values.filter((value) => value > 1.1).length;
    assert(clustered <= 10, `${name}: ${clustered} of 50 seeds`);
    assert(values.sort((a, b) => a - b)[25]! < 0.5, `${name}: median ${values[25]}`);
  }
});

Deno.test("each bit of a sign word is set for half of the ids", () => {
  const count = 2 ** 16, bounds = { mix32: 5 * Math.sqrt(count) / 2, m31: 0.03 * count };
  const { affine } = robeLayout({ size: 4096, hash: "m31" });
  const words: Record<keyof typeof bounds, (x: number, word: number) => number> = {
    mix32: (x, word) => signWord(rowHash(x, 0x1d8bd027, 0x2f6ca7fd), word),
    m31: (x, word) => affineSignWord(affine!.signs!, x, word, 12345),
  };
  for (const hash of ["mix32", "m31"] as const) {
    for (const id of Object.values(IDS)) {
      for (const word of [0, 3]) {
        const set = new Float64Array(32);
        for (let i = 0; i < count; i++) {
          const bits = words[hash](id(i) >>> 0, word);
          for (let bit = 0; bit < 32; bit++) set[bit]! += bits >>> bit & 1;
        }
        for (const n of set) assert(Math.abs(n - count / 2) < bounds[hash], `${hash}: ${n} of ${count}`);
      }
    }
  }
});
