import { assertEquals, assertThrows } from "@std/assert";
import { permuteInteraction } from "./permutation.ts";

Deno.test("permuteInteraction() moves the lower triangle's columns to the upper triangle's places", () => {
  // Three dense columns, then the pairs (1,0) (2,0) (2,1) (3,0) (3,1) (3,2) named by their digits.
  const tril = Float32Array.of(1, 2, 3, 10, 20, 21, 30, 31, 32);
  assertEquals(
    [...permuteInteraction(tril, { vectors: 4, dim: 3, to: "triu" })],
    [1, 2, 3, 10, 20, 30, 21, 31, 32],
  );
});

Deno.test("permuteInteraction() to one order and back is the identity", () => {
  for (const vectors of [2, 3, 5, 27]) {
    const width = 4 + vectors * (vectors - 1) / 2;
    const weight = Float32Array.from({ length: 3 * width }, (_, i) => i);
    const there = permuteInteraction(weight, { vectors, dim: 4, to: "triu" });
    assertEquals(permuteInteraction(there, { vectors, dim: 4, to: "tril" }), weight);
  }
});

Deno.test("permuteInteraction() refuses a weight of another width", () => {
  assertThrows(
    () => permuteInteraction(new Float32Array(10), { vectors: 4, dim: 3, to: "triu" }),
    RangeError,
    "rows of 9",
  );
});
