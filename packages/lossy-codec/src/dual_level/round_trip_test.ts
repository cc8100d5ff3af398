import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { quantiseInPlace } from "./round_trip.ts";

Deno.test("quantiseInPlace() rounds to multiples of the step and tells the largest error", () => {
  // Range 8, bound 1/16: error 0.5, step 1.
  const values = Float32Array.of(-4, -1.25, 0.5, 4, 0.375, 2.5);
  assertEquals(quantiseInPlace(values, 3, 1 / 16), 0.5);
  assertEquals([...values], [-4, -1, 0, 4, 0, 2]);
});

Deno.test("quantiseInPlace() leaves rows with values that are not finite, and what has no range", () => {
  const values = Float32Array.of(0.3, NaN, 0.3, 1, 0, 0);
  quantiseInPlace(values, 2, 0.5); // step 1
  assertEquals([...values], [Math.fround(0.3), NaN, 0, 1, 0, 0]);
  const equal = Float32Array.of(0.3, 0.3);
  assertEquals([quantiseInPlace(equal, 2, 0.5), equal[0]], [0, Math.fround(0.3)]);
});

Deno.test("quantiseInPlace() keeps the bound", () => {
  const value = fc.float({ min: -1000, max: 1000, noNaN: true });
  fc.assert(fc.property(
    fc.array(value, { minLength: 2, maxLength: 64 }),
    fc.double({ min: 1e-4, max: 0.5, noNaN: true }),
    (list, relative) => {
      const before = Float32Array.from(list), after = before.slice();
      const range = Math.max(...before) - Math.min(...before);
      const worst = quantiseInPlace(after, 4, relative);
      assert(worst <= relative * range);
      assertEquals(before.reduce((most, x, i) => Math.max(most, Math.abs(x - after[i]!)), 0), worst);
    },
  ));
});
