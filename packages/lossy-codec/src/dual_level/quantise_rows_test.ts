import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { finiteRange, quantiseRows, stepFor } from "./quantise_rows.ts";

Deno.test("stepFor() is twice the bound, rounded down to 8 significant bits", () => {
  assertEquals(stepFor(0.5), 1);
  assertEquals(stepFor(0.75), 1.5);
  // 2 * 0.01 = 0.02 = 1.28 * 2^-6; 1.28 * 128 = 163.84, so 163/128 * 2^-6.
  assertEquals(stepFor(0.01), 163 / 128 / 64);
  // One double below 1: float32 rounds it to 1, which is above.
  assertEquals(stepFor((1 - 2 ** -53) / 2), 255 / 256);
  assertEquals(stepFor(0), 0);
});

Deno.test("quantiseRows() rounds to the nearest multiple of the step, ties to the even code", () => {
  // bound 0.5, step 1
  const values = Float32Array.of(0.5, -0.5, 0.75, 1, -1, 1.5, 2.5, -1.5, -2.5, 3.4999998, 100.25, -0);
  const { step, codes, escapedRows } = quantiseRows(values, 12, 0.5)!;
  assertEquals([step, escapedRows], [1, 0]);
  assertEquals([...codes], [0, 0, 1, 1, -1, 2, 2, -2, -2, 3, 100, 0]);
});

Deno.test("quantiseRows() escapes rows that are not finite or too large, and gives up where the step is too small", () => {
  const values = Float32Array.of(1, 2, NaN, 0, Infinity, 1, 32767, 3, 32768, 3, -32767.5, 3, -32767.4, 0);
  const { codes, escaped, escapedRows } = quantiseRows(values, 2, 0.5)!;
  assertEquals([...escaped], [0, 1, 1, 0, 1, 1, 0]);
  assertEquals([escapedRows, codes[6], codes[12]], [4, 32767, -32767]);
  for (const bound of [0, NaN, 2 ** -102, Infinity]) assertEquals(quantiseRows(values, 2, bound), undefined);
});

Deno.test("quantiseRows() keeps every element of rows that are not escaped within the bound", () => {
  fc.assert(fc.property(
    fc.float32Array({ minLength: 1, maxLength: 40 }),
    fc.double({ min: 1e-20, max: 1e20, noNaN: true }),
    (values, bound) => {
      const rows = quantiseRows(values, 4, bound);
      if (!rows) return;
      values.forEach((x, i) => {
        if (rows.escaped[i >> 2]) return;
        const decoded = Math.fround(rows.codes[i]!) * rows.step;
        assertEquals(Math.fround(decoded), decoded, "the product is exact in float32");
        // Exact in doubles: both have 24 bits and lie within a factor of 2, or one is 0.
        assert(Math.abs(x - decoded) <= bound, `${x} as ${decoded}, bound ${bound}`);
      });
    },
  ));
});

Deno.test("finiteRange() leaves out what is not finite", () => {
  assertEquals(finiteRange(Float32Array.of(NaN, 2, -Infinity, -3, Infinity)), { min: -3, max: 2 });
  assertEquals(finiteRange(Float32Array.of(NaN)), { min: Infinity, max: -Infinity });
});
