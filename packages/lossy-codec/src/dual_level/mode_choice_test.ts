import { assertAlmostEquals, assertEquals } from "@std/assert";
import { chooseMode, chooseModeBySamples, modelledSpeedup, PUBLISHED_LINK, PUBLISHED_SPEEDS } from "./mode_choice.ts";

const PUBLISHED = { speeds: PUBLISHED_SPEEDS, link: PUBLISHED_LINK };

/** Compression ratios of the authors' runs by table: LZ, Huffman. */
// deno-fmt-ignore
const TERABYTE: readonly (readonly [number, number])[] = [
  [11.4, 10.0], [4.6, 18.5], [4.1, 14.6], [10.8, 9.1], [7.7, 9.5], [500, 9.9], [4.3, 13.8], [6.2, 10.0], [41.5, 11.7],
  [9.4, 9.4], [7.1, 8.6], [6.6, 16.4], [54.8, 10.2], [21.2, 9.5], [4.9, 15.0], [31.7, 10.8], [205, 10.1], [23.5, 10.8],
  [40.4, 10.4], [11.1, 10.1], [7.5, 8.7], [9.7, 9.7], [10.4, 8.3], [4.2, 13.3], [41.3, 11.1], [32.8, 11.1],
];
// deno-fmt-ignore
const KAGGLE: readonly (readonly [number, number])[] = [
  [15.3, 7.8], [5.7, 9.7], [6.1, 8.3], [4.9, 7.6], [23.5, 7.8], [26.6, 8.6], [4.0, 11.7], [19.5, 7.8], [54.4, 9.1],
  [4.9, 6.7], [4.1, 11.2], [6.2, 8.1], [4.2, 11.3], [22.0, 8.4], [4.1, 12.9], [5.5, 8.5], [21.7, 9.2], [4.4, 10.8],
  [14.3, 8.3], [37.0, 9.4], [6.2, 8.7], [37.1, 9.6], [22.6, 10.2], [5.0, 6.3], [16.9, 10.5], [7.3, 6.3],
];

Deno.test("modelledSpeedup() by hand", () => {
  // 1/20 + 1 (1/5 + 1/10) = 0.35
  assertAlmostEquals(modelledSpeedup(20, { compress: 5, decompress: 10 }, 1), 1 / 0.35, 1e-12);
  assertEquals(modelledSpeedup(8, { compress: Infinity, decompress: Infinity }, 1e9), 8);
});

Deno.test("chooseMode() gives Huffman coding to the tables that had it in the authors' runs", () => {
  const huffman = (ratios: typeof TERABYTE, mixed: readonly number[]) =>
    ratios.flatMap(([vlz, huff], t) =>
      chooseMode({ vlz, huff }, PUBLISHED).mode === "huff" && !mixed.includes(t) ? [t] : []
    );
  // Of the mixed ones the runs chose now one, now the other.
  assertEquals(huffman(TERABYTE, [7]), [1, 2, 6, 11, 14, 23]);
  assertEquals(huffman(KAGGLE, [9, 15]), [1, 3, 6, 10, 12, 14, 17]);
});

Deno.test("chooseMode() sends raw what no mode makes faster", () => {
  const slow = { speeds: { huff: { compress: 1e9, decompress: 1e9 } }, link: 1e9 };
  assertEquals(chooseMode({ huff: 50 }, slow), { mode: "raw", ratio: 1, speedup: 1 });
  assertEquals(chooseMode({ huff: 50 }, { ...slow, link: 1e6 }).mode, "huff");
});

Deno.test("chooseModeBySamples() goes by the bytes of all samples together", () => {
  const fast = { compress: 1e12, decompress: 1e12 };
  const samples: readonly Float32Array[] = [new Float32Array(100), new Float32Array(100)];
  const sizes = { a: [1, 200], b: [80, 80] };
  const choice = chooseModeBySamples(samples, (slice, mode) => sizes[mode][samples.indexOf(slice)]!, {
    speeds: { a: fast, b: fast },
    link: 1,
  });
  assertEquals([choice.mode, choice.ratio], ["b", 5], "b takes 160 of 800 bytes, a 201");
  assertEquals(chooseModeBySamples([], () => 0, { speeds: { a: fast }, link: 1 }).mode, "raw");
});
