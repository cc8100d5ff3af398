import { assertEquals } from "@std/assert";
import { compareValues } from "./compare_values.ts";

const f64 = (...values: number[]) => Float64Array.from(values);

Deno.test("compareValues() measures the error that a bound is about", () => {
  const x = f64(0, 1, 4), restored = f64(0, 1.25, 3.5);
  assertEquals(compareValues(x, restored, { abs: 0.5 }), { maxError: 0.5, allowed: 0.5, violations: 0 });
  assertEquals(compareValues(x, restored, { abs: 0.3 }), { maxError: 0.5, allowed: 0.3, violations: 1 });
  assertEquals(compareValues(x, restored, { rel: 0.125 }), { maxError: 0.5, allowed: 0.5, violations: 0 });
  assertEquals(compareValues(x, restored, { pwRel: 0.25 }), { maxError: 0.25, allowed: 0.25, violations: 0 });
});

Deno.test("compareValues() counts changes of what no bound is about", () => {
  assertEquals(compareValues(f64(NaN, Infinity, -Infinity), f64(NaN, Infinity, -Infinity), { abs: 1 }).violations, 0);
  assertEquals(compareValues(f64(NaN, Infinity, 1), f64(1, -Infinity, NaN), { abs: 1 }).violations, 3);
  assertEquals(compareValues(f64(0), f64(1e-300), { pwRel: 0.5 }).violations, 1);
  assertEquals(compareValues(f64(0), f64(-0), "lossless").violations, 1);
});

Deno.test("compareValues() reads bit patterns of half precision", () => {
  const x = Uint16Array.of(0x3c00, 0x4000), restored = Uint16Array.of(0x3c00, 0x3e00); // 1, 2 and 1, 1.5
  assertEquals(compareValues(x, restored, { abs: 0.25 }), { maxError: 0.5, allowed: 0.25, violations: 1 });
});
