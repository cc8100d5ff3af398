import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compress } from "../compress.ts";
import { decompress } from "../decompress.ts";
import { inspect } from "../inspect.ts";
import { quantiseInPlace } from "./round_trip.ts";

Deno.test("quantiseInPlace() rounds to multiples of the step and tells the largest error", () => {
  // Range 8, bound 1/16: an error of 0.5, a step of just below 1.
  const step = 255 / 256, values = Float32Array.of(-4, -1.25, 0.25, 4, 0.375, 2.25);
  const worst = quantiseInPlace(values, 3, 1 / 16);
  assertEquals([...values], [-4, -1, 0, 4, 0, 2].map((code) => code * step));
  assertEquals(worst, 0.375);
});

Deno.test("quantiseInPlace() leaves rows with values that are not finite, and what has no range", () => {
  const values = Float32Array.of(0.3, NaN, 0.3, 1, 0, -0);
  quantiseInPlace(values, 2, 0.5); // step 255/256
  assertEquals([...values], [Math.fround(0.3), NaN, 0, 255 / 256, 0, 0]);
  const equal = Float32Array.of(0.3, 0.3);
  assertEquals([quantiseInPlace(equal, 2, 0.5), equal[0]], [0, Math.fround(0.3)]);
});

Deno.test("quantiseInPlace() leaves the same bits as encoding and decoding", () => {
  const value = fc.oneof(
    { weight: 50, arbitrary: fc.float({ min: -1, max: 1, noNaN: true }) },
    { weight: 10, arbitrary: fc.integer({ min: -8, max: 8 }).map((x) => x / 8) },
    { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0, 1e-42, 1e30) },
  );
  let coded = 0;
  fc.assert(fc.property(
    fc.array(value, { minLength: 1, maxLength: 30 }),
    fc.constantFrom(2, 4, 8),
    fc.oneof(fc.constantFrom(1 / 16, 1 / 256), fc.double({ min: 1e-5, max: 0.5, noNaN: true })),
    (list, rowLength, relative) => {
      const values = Float32Array.from({ length: 64 * list.length }, (_, i) => list[(i * i >> 3) % list.length]!);
      const file = compress(values, { bound: { rel: relative }, rowLength });
      if (/raw|const/.test(inspect(file).chunks[0]!.mode)) return;
      coded++;
      const decoded = decompress(file) as Float32Array;
      const worst = quantiseInPlace(values, rowLength, relative);
      assertEquals(new Uint32Array(values.buffer), new Uint32Array(decoded.buffer, decoded.byteOffset, decoded.length));
      assertEquals(worst, inspect(file).maxError);
    },
  ));
  assert(coded > 30, `${coded} files of codes`);
});
