/**
 * Round trips with everything checked that holds for all of them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { compress, maxCompressedLength } from "./compress.ts";
import { decompress } from "./decompress.ts";
import { bytesOf, dtypeName, dtypeOf, type FloatArray } from "./dtype.ts";
import { inspect, type StreamInfo } from "./inspect.ts";
import { f16Value } from "./kernels/plain_range.ts";
import type { CompressOptions } from "./options.ts";

/** Whether |a - b| <= bound, exactly: the difference is the sum of two doubles. */
export function within(a: number, b: number, bound: number): boolean {
  const difference = a - b, rest = difference - a, lost = (a - (difference - rest)) - (b + rest);
  if (Math.abs(difference) !== bound) return Math.abs(difference) < bound;
  return difference > 0 ? lost <= 0 : lost >= 0;
}

/** Values of an array; f16 bit patterns as the numbers that they stand for. */
export function valuesOf(x: FloatArray): ArrayLike<number> {
  return x instanceof Uint16Array ? Float64Array.from(x, f16Value) : x;
}

/** Asserts that each value is within its bound, and that what is not finite keeps its bits. */
export function assertBound(x: FloatArray, y: FloatArray, info: StreamInfo): void {
  assertEquals(y.length, x.length);
  const before = valuesOf(x), after = valuesOf(y), size = x.BYTES_PER_ELEMENT;
  const bits = [bytesOf(x), bytesOf(y)] as const;
  for (let i = 0; i < before.length; i++) {
    const a = before[i]!, b = after[i]!;
    if (info.boundKind === "lossless" || !Number.isFinite(a)) {
      for (let k = i * size; k < (i + 1) * size; k++) assert(bits[0][k] === bits[1][k], `${a} at ${i} becomes ${b}`);
    } else if (info.boundKind === "pwRel") {
      assert(Math.abs(a - b) <= info.requestedBound * Math.abs(a), `${a} at ${i} becomes ${b}`);
    } else {
      assert(within(a, b, info.absBound), `${a} at ${i} becomes ${b}: want ${info.absBound}`);
      assert(Math.abs(a - b) <= info.maxError, `error of ${a} at ${i} is above the recorded ${info.maxError}`);
    }
  }
}

/**
 * Compresses with both kernels and restores with both; asserts equal bytes, equal elements, the bound, and the greatest length.
 *
 * @returns What the file says of itself, and the file.
 */
export function roundTrip(
  x: FloatArray,
  options: CompressOptions,
): StreamInfo & { readonly file: Uint8Array; readonly restored: FloatArray } {
  const file = compress(x, options);
  assertEquals(compress(x, { ...options, kernels: "plain" }), file, "kernels differ");
  const restored = decompress(file), info = inspect(file);
  assertEquals(bytesOf(decompress(file, { kernels: "plain" })), bytesOf(restored), "kernels differ");
  assertEquals(info.elements, x.length);
  assertEquals(info.bytes, file.length);
  assertBound(x, restored, info);
  const most = maxCompressedLength(x.length, { ...options, dtype: dtypeName(dtypeOf(x)) });
  assert(file.length <= most, `${file.length} bytes are more than the ${most} promised`);
  return { ...info, file, restored };
}

/** Numbers in [0, 1), the same for equal seeds. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    const mixed = Math.imul(state ^ state >>> 16, 0x45d9f3b);
    return ((mixed ^ mixed >>> 16) >>> 0) / 2 ** 32;
  };
}

/** Roughly normal numbers. */
export function normals(seed: number, count: number, scale = 1): Float32Array<ArrayBuffer> {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => (next() + next() + next() + next() - 2) * scale);
}

/** Rows as a table's look-ups give them: few ids often, many seldom. */
export function lookups(seed: number, rows: number, d: number, ids: number): Float32Array<ArrayBuffer> {
  const table = normals(seed, ids * d), next = random(seed + 1), x = new Float32Array(rows * d);
  for (let row = 0; row < rows; row++) {
    const r = next(), id = Math.floor(ids * r * r * r);
    x.set(table.subarray(id * d, (id + 1) * d), row * d);
  }
  return x;
}
