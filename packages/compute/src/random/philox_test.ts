import { assertEquals, assertNotEquals } from "@std/assert";
import { philox4x32, streamOf } from "./philox.ts";

Deno.test("philox4x32() gives Random123's published vectors", () => {
  const hex = (words: readonly number[]) => words.map((w) => w.toString(16).padStart(8, "0")).join(" ");
  // kat_vectors of Random123 1.14, "philox4x32 10".
  assertEquals(hex(philox4x32([0, 0, 0, 0], [0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  const ones = 0xffffffff;
  assertEquals(hex(philox4x32([ones, ones, ones, ones], [ones, ones])), "408f276d 41c83b0e a20bc7c6 6d5451fd");
  assertEquals(
    hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

Deno.test("philox4x32() multiplies as 64-bit integers do", () => {
  const mask = 0xffffffffn;
  const expected = (counter: number[], key: number[]) => {
    let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
    let [k0, k1] = key.map(BigInt) as [bigint, bigint];
    for (let round = 0; round < 10; round++) {
      const p0 = 0xd2511f53n * c0, p1 = 0xcd9e8d57n * c2;
      [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
      k0 = (k0 + 0x9e3779b9n) & mask;
      k1 = (k1 + 0xbb67ae85n) & mask;
    }
    return [c0, c1, c2, c3].map(Number);
  };
  for (let i = 0; i < 200; i++) {
    const counter = [i * 0x01234567 >>> 0, 0xffffffff - i, i << 16 >>> 0, i] as const,
      key = [i * 77, 0xf0000000 + i] as const;
    assertEquals([...philox4x32(counter, key)], expected([...counter], [...key]));
  }
});

Deno.test("streamOf() is FNV-1a", () => {
  // Published FNV-1a 32 test values.
  assertEquals([streamOf(""), streamOf("a"), streamOf("foobar")], [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  assertNotEquals(streamOf("table 1"), streamOf("table 2"));
});
