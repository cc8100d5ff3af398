import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CodecError } from "../errors.ts";
import { quantiseRows } from "./quantise_rows.ts";

Deno.test("quantiseRows() rounds to the nearest multiple of the step, ties to the even code", () => {
  const values = Float32Array.of(-4, 4, 0.5, -0.5, 0.75, 1.5, 2.5, -1.5, -2.5, -0, 0.50001, 3.25);
  // Range 8, an error of a little over 0.5: step 1.
  const { step, codes, escapedRows, maxError } = quantiseRows(values, 2, (1 + 2 ** -20) / 16)!;
  assertEquals([step, escapedRows, maxError], [1, 0, 0.5]);
  assertEquals([...codes], [-4, 4, 0, 0, 1, 2, 2, -2, -2, 0, 1, 3]);
  // Exactly 0.5: the step is the number of 8 bits below 1, so that all of it is below the bound.
  assertEquals(quantiseRows(values, 2, 1 / 16)!.step, 255 / 256);
});

Deno.test("quantiseRows() escapes rows that are not finite, by themselves", () => {
  const { codes, escaped, escapedRows } = quantiseRows(Float32Array.of(1, -1, NaN, 0, 0.5, Infinity, 1, 1), 2, 0.1)!;
  assertEquals([[...escaped], escapedRows, codes[2], codes[4]], [[0, 1, 1, 0], 2, 0, 0]);
});

Deno.test("quantiseRows() leaves what has no range, and what is too fine", () => {
  assertEquals(quantiseRows(new Float32Array(0), 4, 0.1), undefined);
  assertEquals(quantiseRows(Float32Array.of(3, 3), 1, 0.1), undefined);
  assertEquals(quantiseRows(Float32Array.of(NaN, Infinity), 1, 0.1), undefined);
  assertEquals(quantiseRows(Float32Array.of(0, 1e-40), 1, 0.1), undefined);
  assertEquals(quantiseRows(Float32Array.of(0, 1), 1, 0), undefined);
});

Deno.test("quantiseRows() keeps every element of rows that are not escaped within the bound", () => {
  fc.assert(fc.property(
    fc.float32Array({ minLength: 1, maxLength: 10 }),
    fc.double({ min: 1e-6, max: 1, noNaN: true }),
    (few, relative) => {
      const values = Float32Array.from({ length: 4 * few.length }, (_, i) => few[i % few.length]!);
      const finite = values.filter(Number.isFinite);
      const bound = relative * (Math.max(...finite) - Math.min(...finite));
      const rows = quantiseRows(values, 4, relative);
      if (!rows) return;
      values.forEach((x, i) => {
        if (!rows.escaped[i >> 2]) assert(Math.abs(x - rows.codes[i]! * rows.step) <= bound, `${x}, bound ${bound}`);
      });
    },
  ));
});

Deno.test("quantiseRows() refuses what is not of whole rows, and impossible bounds", () => {
  assertThrows(() => quantiseRows(new Float32Array(7), 2, 0.1), RangeError, "7 elements in rows of 2");
  assertThrows(() => quantiseRows(new Float32Array(7), 0, 0.1), RangeError, "in rows of 0");
  assertThrows(() => quantiseRows(new Float32Array(2), 2, NaN), CodecError, "NaN");
});
