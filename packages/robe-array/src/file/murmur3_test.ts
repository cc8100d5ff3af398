import { assertEquals, assertNotEquals } from "@std/assert";
import { TestRandom } from "@pocketrec/compute/testing";
import { murmur3 } from "./murmur3.ts";

Deno.test("murmur3() has the known hashes of MurmurHash3_x86_32", () => {
  const text = (s: string) => new TextEncoder().encode(s);
  const known: [bytes: Uint8Array, seed: number, hash: number][] = [
    [text(""), 0, 0],
    [text(""), 1, 0x514e28b7],
    [text(""), 0xffffffff, 0x81f16f39],
    [Uint8Array.of(255, 255, 255, 255), 0, 0x76293b50],
    [Uint8Array.of(0x21, 0x43, 0x65, 0x87), 0, 0xf55b516b],
    [Uint8Array.of(0x21, 0x43, 0x65, 0x87), 0x5082edee, 0x2362f9de],
    [Uint8Array.of(0x21, 0x43, 0x65), 0, 0x7e4a8634],
    [Uint8Array.of(0x21, 0x43), 0, 0xa0f7b07a],
    [Uint8Array.of(0x21), 0, 0x72661cf4],
    [text("Hello, world!"), 0x9747b28c, 0x24884cba],
    [text("The quick brown fox jumps over the lazy dog"), 0x9747b28c, 0x2fa826cd],
  ];
  for (const [bytes, seed, hash] of known) assertEquals(murmur3(bytes, seed), hash);
});

Deno.test("murmur3() does not depend on alignment and sees each damaged byte", () => {
  const random = new TestRandom(4), buffer = Uint8Array.from(random.ids(70, 256));
  const bytes = buffer.slice(1, 68), hash = murmur3(bytes, 7);
  assertEquals(murmur3(buffer.subarray(1, 68), 7), hash);
  for (let i = 0; i < bytes.length; i++) {
    const damaged = bytes.slice();
    damaged[i]! ^= 1 << i % 8;
    assertNotEquals(murmur3(damaged, 7), hash);
  }
});
