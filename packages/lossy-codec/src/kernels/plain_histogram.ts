/**
 * Statistics of codes: the TypeScript kernels `rowBuckets`, `columnSums` and `histogram`.
 *
 * @module
 */
import { hybridToken, zigzag } from "../entropy/tokens.ts";
import { DIRECT, type KernelMemory, UNSIGNED } from "./kernels.ts";

/** `Kernels.rowBuckets`. */
export function rowBuckets(memory: KernelMemory, codes: number, rows: number, d: number, buckets: number): void {
  const { i32, u8 } = memory;
  for (let r = 0, at = codes >> 2; r < rows; r++) {
    let sum = 0;
    for (const end = at + d; at < end; at++) {
      const q = i32[at]!;
      sum += Math.min(q < 0 ? -q : q, 2 ** 24);
    }
    // A correctly rounded quotient of integers below 2^53 never reaches the next integer.
    const t = Math.floor(16 * sum / d);
    const e = 31 - Math.clz32(t);
    u8[buckets + r] = t === 0 ? 0 : Math.min(63, 1 + 2 * e + (e > 0 ? (t >>> (e - 1)) & 1 : 0));
  }
}

/** `Kernels.columnSums`. */
export function columnSums(memory: KernelMemory, codes: number, rows: number, d: number, sums: number): void {
  const { i32, u32 } = memory;
  u32.fill(0, sums >> 2, (sums >> 2) + d);
  for (let r = 0, at = codes >> 2; r < rows; r++) {
    for (let j = sums >> 2, end = j + d; j < end; j++, at++) {
      const q = i32[at]!;
      u32[j]! += Math.min(q < 0 ? -q : q, 65535);
    }
  }
}

/** `Kernels.histogram`. */
export function histogram(
  memory: KernelMemory,
  codes: number,
  rows: number,
  d: number,
  classes: number,
  columns: number,
  classCount: number,
  form: number,
  counts: number,
): void {
  const { i32, u32, u8 } = memory;
  u32.fill(0, counts >> 2, (counts >> 2) + classCount * 256);
  const direct = (form & DIRECT) !== 0, unsigned = (form & UNSIGNED) !== 0;
  for (let r = 0, at = codes >> 2; r < rows; r++) {
    const base = (counts >> 2) + (classes === 0 ? 0 : u8[classes + r]! * 256);
    for (let j = 0; j < d; j++, at++) {
      const z = unsigned ? i32[at]! : zigzag(i32[at]!);
      const column = columns === 0 ? 0 : u8[columns + j]! << 8;
      u32[base + column + (direct ? z & 255 : hybridToken(z))]!++;
    }
  }
}
