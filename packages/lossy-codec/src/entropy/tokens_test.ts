import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { HYBRID_MAX_TOKEN, hybridBase, hybridRawBits, hybridToken, unzigzag, zigzag } from "./tokens.ts";

Deno.test("zigzag() and unzigzag() are inverse and order by magnitude", () => {
  assertEquals([0, -1, 1, -2, 2].map(zigzag), [0, 1, 2, 3, 4]);
  assertEquals([-(2 ** 31), 2 ** 31 - 1].map(zigzag), [2 ** 32 - 1, 2 ** 32 - 2]);
  fc.assert(fc.property(fc.integer(), (q) => assertEquals(unzigzag(zigzag(q)), q)));
});

Deno.test("hybrid tokens partition all u32", () => {
  let next = 0;
  for (let token = 0; token <= HYBRID_MAX_TOKEN; token++) {
    const base = hybridBase(token), last = base + 2 ** hybridRawBits(token) - 1;
    assertEquals(base, next);
    assertEquals([hybridToken(base), hybridToken(last)], [token, token]);
    next = last + 1;
  }
  assertEquals(next, 2 ** 32);
});

Deno.test("hybridToken() and raw bits give the value back", () => {
  fc.assert(fc.property(fc.nat(2 ** 32 - 1), (z) => {
    const token = hybridToken(z);
    assertEquals(hybridBase(token) + z % 2 ** hybridRawBits(token), z);
  }));
});
