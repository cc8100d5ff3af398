/**
 * Hashes batches of random keys on a device and in TypeScript, for the tests and `bench/robe/keys.ts`.
 *
 * @module
 */
import { addressOf, type AnyDevice, type CpuModule, spreadWorkgroups, type Tensor } from "@pocketrec/compute";
import { blockStart, type RobeHash, type RobeLayout, robeLayout, type TableHash, tableHash } from "../layout.ts";
import { type AffineHash, affineSignWord, mulMod } from "./affine.ts";
import { mix, rowHash, signWord } from "./mix32.ts";
import { startKeysWasm } from "./start_keys_wasm.ts";
import { KEY_TABLES, KEY_THREADS, startKeysKernel } from "./start_keys.wgsl.ts";

const MODULE: CpuModule = { label: "robe-array/start_keys", base64: startKeysWasm };

/** Keys per task, as in start_keys.as.ts. */
const KEYS_PER_TASK = 16384;

/** Sign word of a hash without signs: coefficients of 0 give the hash 0, which is even. */
const NO_SIGNS = 0xffffffff;

/** What a batch's keys have in common. */
export interface KeyKind {
  readonly hash: RobeHash;
  readonly align: 1 | 4 | 8;
  /** Of the hash. */
  readonly seed: number;
}

/** A batch of keys (x, k) of 256 tables, each in an array of a size and block size of its own. */
export interface KeyBatch {
  /** Keys. */
  readonly size: number;
  /** u32 `[2, size]`: all x, then all k. Key i is of table i mod 256. */
  readonly keys: Uint32Array<ArrayBuffer>;
  readonly layouts: readonly RobeLayout[];
  readonly hashes: readonly TableHash[];
  /** u32 `[256, 4]`: a, b, modulus, 0. */
  readonly records: Uint32Array<ArrayBuffer>;
}

/** All kinds of keys, with coefficients from a few seeds where the hash has any. */
export function keyKinds(): KeyKind[] {
  const seeds = [1024, 7];
  return [
    ...([1, 4, 8] as const).map((align) => ({ hash: "mix32", align, seed: 1024 } as const)),
    ...([1, 4, 8] as const).map((align, i) => ({ hash: "m31", align, seed: seeds[i % 2]! } as const)),
    ...seeds.flatMap((seed) => (["ref1", "ref2"] as const).map((hash) => ({ hash, align: 1, seed } as const))),
  ];
}

/**
 * Makes batch number `batch`: the same one for the same arguments. Array sizes are spread over all magnitudes up to 2^30
 * elements, block sizes from `align` to 256; a quarter of the ids is small, some are next to 2^32, multiples of the hash's
 * prime or hashed to it before the last subtraction; an eighth of the block numbers is any u32.
 */
export function randomKeys(kind: KeyKind, batch: number, size: number): KeyBatch {
  const base = mix(mix(batch) + 1);
  const layouts: RobeLayout[] = [], hashes: TableHash[] = [], records = new Uint32Array(4 * KEY_TABLES);
  for (let t = 0; t < KEY_TABLES; t++) {
    const word = (i: number) => mix(base + 8 * t + i + 0x80000000);
    const magnitude = 2 ** (10 + word(0) % 20);
    const elements = (magnitude + word(1) % (magnitude + 1)) & -kind.align;
    const blockSize = kind.align * (1 + word(2) % (256 / kind.align));
    // An array of one start, and the largest.
    const corner = t === 0 && kind.hash !== "ref2"
      ? { size: kind.align, blockSize: kind.align }
      : t === 1
      ? { size: 2 ** 30 }
      : {};
    const layout = robeLayout({ ...kind, size: elements, blockSize, ...corner });
    // Only `mix32` has a seed per table at no cost in kernels.
    const hash = tableHash(
      kind.hash === "mix32" ? { ...layout, seed: word(3) } : layout,
      t < 32 ? t : word(4),
      word(5) * 16,
    );
    layouts.push(layout);
    hashes.push(hash);
    records.set([hash.a, hash.b, layout.modulus], 4 * t);
  }
  const { starts, signs } = layouts[0]!.affine ?? {}, prime = starts?.prime ?? 2 ** 31;
  const startZeros = zeros(starts, hashes.map(({ a }) => a)), signZeros = zeros(signs, hashes.map(({ b }) => b));
  const keys = new Uint32Array(2 * size);
  for (let i = 0; i < size; i++) {
    const x = mix(base + 2 * i), k = mix(base + 2 * i + 1), form = k & 15;
    const multiple = prime * (1 + (x & 1)); // where a product is 0 mod P
    const corners = [-1 - (x & 15), multiple, startZeros[i % KEY_TABLES]!, signZeros[i % KEY_TABLES]!];
    keys[i] = form < 4 ? x >>> 18 : corners[form - 4] ?? x;
    keys[size + i] = k & 48 ? k >>> 24 : k & 64 ? k : multiple;
  }
  return { size, keys, layouts, hashes, records };
}

/** Ids whose hash of block or element 0 is 0, by constant of the table. */
function zeros(hash: AffineHash | undefined, constants: readonly number[]): number[] {
  if (!hash) return constants.map(() => 0);
  let inverse = 1; // of the coefficient, by Fermat: its power prime - 2
  for (const bit of (hash.prime - 2).toString(2)) {
    inverse = mulMod(inverse, inverse, hash.prime);
    if (bit === "1") inverse = mulMod(inverse, hash.x, hash.prime);
  }
  return constants.map((constant) => mulMod(inverse, hash.prime - constant, hash.prime));
}

/** Starts, then sign words (word k / 32) of a batch's keys, in TypeScript. */
export function hashKeysReference({ size, keys, layouts, hashes }: KeyBatch): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(2 * size), shape = { blocks: 1, rowsPerBlock: 1 };
  for (let i = 0; i < size; i++) {
    const x = keys[i]!, k = keys[size + i]!, t = i % KEY_TABLES;
    const layout = layouts[t]!, hash = hashes[t]!;
    out[i] = blockStart(layout, hash, shape, x, k);
    const signs = layout.affine?.signs;
    out[size + i] = signs
      ? affineSignWord(signs, x, k >>> 5, hash.b)
      : layout.affine
      ? NO_SIGNS
      : signWord(rowHash(x, hash.a, hash.b), k >>> 5);
  }
  return out;
}

/** How a kernel hashes: `"vector"` on the CPU is four keys at a time. */
export type KeyForm = "scalar" | "vector";

/**
 * Records the hashing of a batch.
 *
 * @param tensors u32 keys `[2, size]`, records `[256, 4]` and out `[2, size]`
 */
export function hashKeys(
  device: AnyDevice,
  batch: KeyBatch,
  [keys, records, out]: readonly [Tensor, Tensor, Tensor],
  form: KeyForm = "scalar",
): void {
  const layout = batch.layouts[0]!, { size } = batch;
  switch (device.kind) {
    case "cpu": {
      const { starts, signs } = layout.affine ?? { starts: undefined, signs: undefined };
      const tensors = [keys, records, out].map(addressOf);
      const constants = [starts?.prime ?? 0, starts?.x ?? 0, starts?.k ?? 0, signs?.x ?? 0, signs?.k ?? 0];
      const args = [...tensors, size, layout.align, ...constants];
      return device.run(device.kernel(MODULE, form), Math.ceil(size / KEYS_PER_TASK), args);
    }
    case "webgpu": {
      const groups = spreadWorkgroups(Math.ceil(size / KEY_THREADS));
      return device.dispatch(startKeysKernel(layout), [size], [keys, records, out], groups);
    }
    default:
      device satisfies never;
  }
}
