import { assert, assertEquals } from "@std/assert";
import { BIT, codingCost, FREQUENCY_COSTS, log2Cost } from "./bit_cost.ts";

Deno.test("log2Cost() is within 1/256 bit of the logarithm", () => {
  for (let n = 1; n < 20000; n++) assert(Math.abs(log2Cost(n) - BIT * Math.log2(n)) <= 1, `${n}`);
  for (let n = 20000; n < 2 ** 52; n *= 1.37) {
    assert(Math.abs(log2Cost(Math.floor(n)) - BIT * Math.log2(n)) <= 1, `${n}`);
  }
});

Deno.test("FREQUENCY_COSTS: powers of two are exact, 0 is infinite", () => {
  for (let bits = 0; bits <= 12; bits++) assertEquals(FREQUENCY_COSTS[1 << bits], (12 - bits) * BIT);
  assertEquals(FREQUENCY_COSTS[0], Infinity);
});

Deno.test("codingCost() is infinite where a token has no frequency or lies beyond the table", () => {
  assertEquals(codingCost(new Float64Array([3, 1]), new Uint16Array([2048, 2048])), 4 * BIT);
  assertEquals(codingCost(new Float64Array([3, 1]), new Uint16Array([4096, 0])), Infinity);
  assertEquals(codingCost(new Float64Array([3, 0, 1]), new Uint16Array([2048, 2048])), Infinity);
  assertEquals(codingCost(new Float64Array([3, 0, 0]), new Uint16Array([2048, 2048])), 3 * BIT);
});
