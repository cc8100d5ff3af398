import { assert, assertEquals } from "@std/assert";
import { BLOCK, blockCount, fillBlock, ORDERS } from "./patterns.ts";

Deno.test("blocks: every order has one pattern of each neighbourhood, once", () => {
  const patterns = new Uint32Array(BLOCK);
  for (const order of ORDERS) {
    const selection = { order, shareBits: 8 } as const, seen = new Uint8Array(2 ** 24);
    assertEquals(blockCount(selection), 4);
    for (let block = 0; block < 4; block++) {
      fillBlock(selection, block, patterns);
      for (const pattern of patterns) seen[pattern >>> 8]!++;
    }
    assert(seen.every((times) => times === 1));
  }
});

Deno.test("blocks: narrow counts up; wide has all exponents in each chunk", () => {
  const patterns = new Uint32Array(BLOCK);
  fillBlock({ order: "narrow", shareBits: 0 }, 1023, patterns);
  assertEquals([patterns[0], patterns[BLOCK - 1]], [2 ** 32 - BLOCK, 2 ** 32 - 1]);
  for (const [block, segment] of [[0, 0], [1023, 1023 * 32]] as const) {
    fillBlock({ order: "wide", shareBits: 0 }, block, patterns);
    assertEquals([...patterns.subarray(0, 3)], [0, 1, 2].map((i) => segment * 256 + i));
    const exponents = new Set(patterns.subarray(0, 2 ** 17).map((pattern) => pattern >>> 23));
    assertEquals(exponents.size, 512);
    assertEquals(patterns[256]! - patterns[0]!, 2 ** 23);
  }
});
