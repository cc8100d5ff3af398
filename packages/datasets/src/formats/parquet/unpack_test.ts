import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { damaged } from "../../_test_rows.ts";
import { unpack } from "./unpack.ts";

const SNAPPY = 1, GZIP = 2, LZ4_FRAMED = 5, ZSTD = 6, LZ4 = 7;

/** Bytes that pack in all the ways there are: noise, skewed noise, repeats near and far, one value. */
const content: fc.Arbitrary<Uint8Array> = fc.record({
  kind: fc.nat(4),
  seed: fc.integer(),
  length: fc.oneof(fc.nat(40), fc.nat(5000), fc.nat(300_000)),
}).map(({ kind, seed, length }) => {
  let state = seed;
  const below = (limit: number): number => {
    state = Math.imul(state, 0x41c64e6d) + 12345 | 0;
    return Math.floor((state >>> 8) / 2 ** 24 * limit);
  };
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    if (kind === 0) bytes[i] = below(256);
    else if (kind === 1) bytes[i] = Math.min(below(20), below(20), below(256));
    else if (kind === 2) bytes[i] = i > 60 && below(30) > 0 ? bytes[i - 1 - below(60)]! : below(256);
    else if (kind === 3) bytes[i] = i >= 4096 && i % 100 ? bytes[i - 4096]! : below(256);
    else bytes[i] = seed;
  }
  return bytes;
});

Deno.test("unpack gives back what zstd and gzip packed, at every level, with and without checksum", async () => {
  const level = fc.record({ level: fc.integer({ min: -5, max: 19 }), checksum: fc.nat(1), twice: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(content, level, async (bytes, { level, checksum, twice }) => {
      const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: checksum };
      const half = twice ? bytes.length >> 1 : bytes.length; // two frames may follow each other
      const parts = [bytes.subarray(0, half), bytes.subarray(half)].slice(0, twice ? 2 : 1);
      const packed = parts.flatMap((part) => [...zstdCompressSync(part, { params })]);
      assertEquals(Buffer.compare(await unpack(ZSTD, Uint8Array.from(packed), bytes.length), bytes), 0);
      const zipped = new Uint8Array(gzipSync(bytes));
      assertEquals(Buffer.compare(await unpack(GZIP, zipped, bytes.length), bytes), 0);
    }),
    { numRuns: 120, seed: 3 },
  );
});

const text = new TextEncoder();
const wanted = text.encode("abcabcabcabcabcabcabcabcabX");
// "abc", then 23 bytes from 3 before the end, then "X".
const lz4 = Uint8Array.of(0x3f, 97, 98, 99, 3, 0, 4, 0x10, 88);
const snappy = Uint8Array.of(27, 2 << 2, 97, 98, 99, 22 << 2 | 2, 3, 0, 0, 88);

Deno.test("unpack reads LZ4 blocks, Hadoop's frames of them, and Snappy", async () => {
  assertEquals(await unpack(LZ4, lz4, 27), wanted);
  assertEquals(await unpack(LZ4_FRAMED, lz4, 27), wanted);
  const frame = [0, 0, 0, 27, 0, 0, 0, lz4.length, ...lz4];
  assertEquals(
    await unpack(LZ4_FRAMED, Uint8Array.from([...frame, ...frame]), 54),
    Uint8Array.of(...wanted, ...wanted),
  );
  assertEquals(await unpack(SNAPPY, snappy, 27), wanted);
  const long = new Uint8Array(300).map((_, i) => i);
  const literal = Uint8Array.of(172, 2, 61 << 2, 43, 1, ...long); // a length of two bytes
  assertEquals(await unpack(SNAPPY, literal, 300), long);
  const far = Uint8Array.of(17, 2 << 2, 97, 98, 99, 0 << 5 | 3 << 2 | 1, 3, 6 << 2 | 3, 3, 0, 0, 0);
  assertEquals(await unpack(SNAPPY, far, 17), wanted.slice(0, 17));
});

Deno.test("unpack refuses another size, references to nowhere, and unknown codecs", async () => {
  const cases: [number, Uint8Array, number, string][] = [
    [LZ4, lz4, 26, "unpacks to more than 26 bytes"],
    [LZ4, lz4, 28, "unpacks to 27 bytes; want 28"],
    [LZ4, Uint8Array.of(0x10, 97, 2, 0), 9, "repeats bytes from 2 before byte 1"],
    [LZ4, Uint8Array.of(0x10, 97, 0, 0), 9, "repeats bytes from 0 before byte 1"],
    [LZ4, Uint8Array.of(0xf0, 255, 255), 9, "cut short"],
    [SNAPPY, snappy, 28, "another size"],
    [SNAPPY, snappy.subarray(0, 6), 27, "cut short"],
    [SNAPPY, Uint8Array.of(4, 1, 1), 4, "repeats bytes from 1 before byte 0"],
    [GZIP, new Uint8Array(gzipSync(new Uint8Array(10_000))), 9000, "unpacks to more than 9000 bytes"],
    [ZSTD, new Uint8Array(zstdCompressSync(new Uint8Array(10_000))), 9000, "unpacks to more than 9000 bytes"],
    [ZSTD, Uint8Array.of(1, 2, 3, 4), 9, "no magic number"],
    [0, wanted, 26, "unpacks to 27 bytes; want 26"],
    [0, wanted, 28, "claims to unpack 27 bytes to 28"],
    [ZSTD, wanted, 2 ** 30, "claims to unpack 27 bytes to 1073741824"],
    [3, wanted, 27, "packed with lzo"],
  ];
  for (const [codec, bytes, size, message] of cases) {
    await assertRejects(() => unpack(codec, bytes, size), Error, message);
  }
});

Deno.test("unpack ends soon on a zstd block of very many long matches", async () => {
  // One literal; 98,303 sequences whose codes take no bits: literal length 0, distance 1, match length 65,539 + 16 bits.
  const block = [0x08, 97, 0xff, 0xff, 0xff, 0x54, 0, 0, 52, ...new Array<number>(400_000 >> 2).fill(0), 1];
  const header = block.length << 3 | 5;
  const frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, header & 255, header >> 8 & 255, header >> 16, ...block];
  const start = performance.now();
  await assertRejects(() => unpack(ZSTD, Uint8Array.from(frame), 10 ** 8), Error, "a page");
  assert(performance.now() - start < 1000);
});

Deno.test("unpack answers damage with an error or with the size asked for", async () => {
  const bytes = fc.sample(content, { numRuns: 12, seed: 8 }).map((part) => part.subarray(0, 4000));
  const packed: [number, Uint8Array, number][] = bytes.flatMap((part): [number, Uint8Array, number][] => [
    [ZSTD, new Uint8Array(zstdCompressSync(part)), part.length],
    [GZIP, new Uint8Array(gzipSync(part)), part.length],
  ]);
  packed.push([LZ4, lz4, 27], [SNAPPY, snappy, 27]);
  for (const [codec, good, size] of packed.filter(([, good]) => good.length > 0)) {
    await fc.assert(
      fc.asyncProperty(damaged(good), async (bad) => {
        try {
          assertEquals((await unpack(codec, bad, size)).length, size);
        } catch (error) {
          assert(error instanceof Error && !(error instanceof RangeError), (error as Error).stack);
        }
      }),
      { numRuns: 100, seed: 4 },
    );
  }
});
