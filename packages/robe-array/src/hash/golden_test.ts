import { assertEquals } from "@std/assert";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { type RobeHash, robeLayout, rowSigns, rowSlots, tableHash } from "../layout.ts";
import { M31, m31, mulMod, negatedInverse, reference, REFERENCE_PRIME } from "./affine.ts";
import { mix, rowHash, tableConstants } from "./mix32.ts";
import { randomState } from "./numpy_random.ts";
import { hashKeys, hashKeysReference, type KeyBatch } from "./start_keys.ts";

/** Starts of the authors' layouts at seed 1024: M, Z, x, k, start; from exact integers in Python. */
const REF1: readonly number[][] = [
  [27000000, 1, 0, 0, 13329019],
  [27000000, 1, 0, 1, 16506517],
  [27000000, 1, 1, 0, 20534375],
  [27000000, 1, 12345, 3, 24562522],
  [27000000, 1, 33762576, 0, 21366030],
  [27000000, 1, 204184587, 1, 26611155],
  [27000000, 1, 4294967295, 0, 854005],
  [27000000, 32, 0, 0, 13329732],
  [27000000, 32, 0, 1, 16506982],
  [27000000, 32, 1, 0, 20536080],
  [27000000, 32, 12345, 3, 24562615],
  [27000000, 32, 33762576, 0, 21367146],
  [27000000, 32, 204184587, 1, 26611682],
  [27000000, 32, 4294967295, 0, 855617],
  [500000, 16, 0, 0, 348039],
  [500000, 16, 12345, 3, 65687],
  [500000, 16, 33762576, 0, 395820],
  [2700000, 32, 0, 0, 2536273],
  [2700000, 32, 12345, 3, 263731],
  [2700000, 32, 33762576, 0, 2477407],
  [33554432, 128, 1, 0, 29144955],
  [33554432, 128, 12345, 3, 4899607],
];
const REF2: readonly number[][] = [
  [2700000, 32, 0, 0, 2290630],
  [2700000, 32, 1, 0, 2127169],
  [2700000, 32, 12345, 3, 1998537],
  [2700000, 32, 204184587, 1, 771131],
  [27000000, 32, 0, 0, 10383622],
  [27000000, 32, 1, 0, 23713377],
  [27000000, 32, 12345, 3, 15492905],
  [27000000, 32, 204184587, 1, 25061915],
];
/** `mix32` at seed 1024: table, x, k, M, align, row hash, start, sign word 0; from Python. */
const MIX32: readonly number[][] = [
  [0, 0, 0, 27000000, 4, 0x9024f1d9, 17991968, 0xf3bc16d4],
  [0, 0, 1, 27000000, 4, 0x9024f1d9, 13754216, 0xf3bc16d4],
  [0, 1, 0, 27000000, 4, 0xb18683ed, 5205380, 0xbe46b087],
  [1, 1, 0, 27000000, 4, 0x6b65457c, 1863140, 0xb8ac7a5a],
  [25, 12345, 3, 27000000, 4, 0xfd49778a, 13083664, 0x0aba82d0],
  [3, 33762576, 0, 540200, 4, 0xc645781f, 277476, 0x4ebda28b],
  [0, 4294967295, 7, 33554432, 1, 0x4e91ce47, 11854536, 0x6de8b264],
];

/** A batch whose key i has table i to itself. */
function goldenBatch(
  hash: RobeHash,
  keys: { size: number; blockSize?: number; align: 1 | 4 | 8; table: number; x: number; k: number }[],
): KeyBatch {
  const layouts = keys.map(({ size, blockSize, align }) =>
    robeLayout({ size, blockSize: blockSize ?? 32, align, hash, seed: 1024 })
  );
  const hashes = keys.map(({ table }, i) => tableHash(layouts[i]!, table, 0));
  const records = new Uint32Array(1024);
  hashes.forEach(({ a, b }, i) => records.set([a, b, layouts[i]!.modulus], 4 * i));
  const xk = Uint32Array.from([...keys.map(({ x }) => x), ...keys.map(({ k }) => k)]);
  return { size: keys.length, keys: xk, layouts, hashes, records };
}

const references = (rows: readonly number[][]) =>
  rows.map(([size, blockSize, x, k]) =>
    ({ size: size!, blockSize: blockSize!, align: 1, table: 0, x: x!, k: k! }) as const
  );
const mixes = (align: 1 | 4) =>
  MIX32.filter((row) => row[4] === align).map(([table, x, k, size]) => ({
    size: size!,
    align,
    table: table!,
    x: x!,
    k: k!,
  }));
const BATCHES: readonly (readonly [KeyBatch, starts: number[], signs?: number[]])[] = [
  [goldenBatch("ref1", references(REF1)), REF1.map((row) => row[4]!)],
  [goldenBatch("ref2", references(REF2)), REF2.map((row) => row[4]!)],
  ...([4, 1] as const).map((align) => {
    const rows = MIX32.filter((row) => row[4] === align);
    return [goldenBatch("mix32", mixes(align)), rows.map((row) => row[6]!), rows.map((row) => row[7]!)] as const;
  }),
];

testOnEachDevice("golden vectors of the hashes", async (device) => {
  for (const [batch, starts, signs] of BATCHES) {
    const { size } = batch;
    using keys = device.tensor("u32", [2, size], { data: batch.keys });
    using records = device.tensor("u32", [256, 4], { data: batch.records });
    using out = device.tensor("u32", [2, size]);
    hashKeys(device, batch, [keys, records, out]);
    for (const words of [await out.read(), hashKeysReference(batch)]) {
      assertEquals([...words.subarray(0, size)], starts);
      if (signs) assertEquals([...words.subarray(size)], signs);
    }
  }
}, { devices: ["cpu", "webgpu", "dawn"] });

Deno.test("golden vectors of mix32's parts", () => {
  assertEquals([0, 1, 12345, 0xffffffff].map(mix), [0, 0x688990c0, 0x912efcf7, 0x6768824a]);
  assertEquals(tableConstants(1024, 0), [0x1d8bd027, 0x2f6ca7fd]);
  for (const [table, x, , , , row] of MIX32) assertEquals(rowHash(x!, ...tableConstants(1024, table!)), row);
});

Deno.test("the authors' constants are numpy's for any seed", () => {
  const drawn: [seed: number, ...draws: number[]][] = [
    [0, 209652396, 398764591, 924231285],
    [1, 1791095845, 946286476, 1857819720],
    [1024, 634329019, 1825252241, 871205356],
    [20250101, 163905819, 859133291, 1664004828],
    [4294967295, 419326371, 479346978, 1771170828],
  ];
  for (const [seed, r1, r2, r3] of drawn) {
    const random = randomState(seed);
    assertEquals([1, 2, 3].map(() => random.below(REFERENCE_PRIME)), [r1, r2, r3]);
    assertEquals(reference("ref1", seed), { prime: REFERENCE_PRIME, table: 0, x: r3!, k: r2!, constant: r1! });
    const constant = (r2! + r3!) % REFERENCE_PRIME;
    assertEquals(reference("ref2", seed), { prime: REFERENCE_PRIME, table: 0, x: r1!, k: r2!, constant });
  }
  assertEquals(negatedInverse(REFERENCE_PRIME), 1204528057);
});

/** Product of table, id and block with Eq. 2's coefficients, in exact integers. */
function m31Exact(seed: number, first: number, table: number, x: number, k: number): bigint {
  const base = mix(seed ^ 0xa511e9b3);
  const [a, b, c, d] = [0, 1, 2, 3].map((t) => 1n + BigInt(mix(base + 0x1000 + first + t)) % BigInt(M31 - 1));
  return (a! * BigInt(table) + b! * BigInt(x) + c! * BigInt(k) + d!) % BigInt(M31);
}

Deno.test("m31 is Eq. 2 with P = 2^31 - 1 in exact integers", () => {
  for (const seed of [0, 1024, 0xffffffff]) {
    const layout = robeLayout({ size: 27_000_000, blockSize: 8, hash: "m31", seed });
    for (const table of [0, 1, 25, 4_000_000_000]) {
      const hash = tableHash(layout, table, 123456);
      for (const x of [0, 1, M31 - 1, M31, 33_762_576, 0xffffffff]) {
        const starts = [0, 1, 2].map((k) => 4 * Number(m31Exact(seed, 0, table, x, k) % 6_750_000n));
        const slots = starts.flatMap((start) => Array.from({ length: 8 }, (_, i) => (start + i) % 27_000_000));
        assertEquals(rowSlots(layout, hash, 24, x), slots);
        const signs = slots.map((_, i) => 2 * Number(m31Exact(seed, 4, table, x, i) % 2n) - 1);
        assertEquals(rowSigns(layout, hash, 24, x), signs);
      }
    }
  }
  const { starts, signs } = m31(1024);
  for (const hash of [starts, signs]) {
    for (const part of [hash.table, hash.x, hash.k, hash.constant]) assertEquals(part > 0 && part < M31, true);
  }
});

Deno.test("mulMod() is exact", () => {
  for (const p of [M31, REFERENCE_PRIME]) {
    for (const a of [0, 1, 65536, p - 1]) {
      for (const b of [0, 1, 65535, 65536, p, 0xfffffffe, 0xffffffff]) {
        assertEquals(mulMod(a, b, p), Number(BigInt(a) * BigInt(b) % BigInt(p)));
      }
    }
  }
});
