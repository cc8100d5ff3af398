/**
 * TypeScript kernels: Lorenzo residuals, fields of k bits, and gathering of rows.
 *
 * @module
 */
import type { KernelMemory } from "./kernels.ts";

/** `Kernels.lorenzo`. */
export function lorenzo(memory: KernelMemory, codes: number, rows: number, d: number, order: 1 | 2): void {
  const { i32 } = memory, begin = codes >>> 2;
  for (let i = begin + rows * d - 1; i > begin; i--) {
    // Order 2 differences within the row here; the first of a row has no left neighbour.
    if (order === 1 || (i - begin) % d !== 0) i32[i] = i32[i]! - i32[i - 1]!;
  }
  if (order === 2) { for (let i = begin + rows * d - 1; i >= begin + d; i--) i32[i] = i32[i]! - i32[i - d]!; }
}

/** `Kernels.unlorenzo`. */
export function unlorenzo(memory: KernelMemory, codes: number, rows: number, d: number, order: 1 | 2): void {
  const { i32 } = memory, begin = codes >>> 2, end = begin + rows * d;
  if (order === 2) { for (let i = begin + d; i < end; i++) i32[i] = i32[i]! + i32[i - d]!; }
  for (let row = begin; row < end; row += order === 1 ? rows * d : d) {
    const rowEnd = order === 1 ? end : row + d;
    for (let i = row + 1; i < rowEnd; i++) i32[i] = i32[i]! + i32[i - 1]!;
  }
}

/** `Kernels.pack`. */
export function pack(
  memory: KernelMemory,
  values: number,
  count: number,
  min: number,
  bits: number,
  dst: number,
): void {
  const { u32 } = memory, from = values >>> 2;
  let to = dst >>> 2, word = 0, used = 0;
  for (let i = 0; i < count; i++) {
    const field = u32[from + i]! - min >>> 0;
    word |= field << used;
    used += bits;
    if (used < 32) continue;
    u32[to++] = word;
    used -= 32;
    word = used === 0 ? 0 : field >>> (bits - used);
  }
  if (used > 0) u32[to] = word;
}

/** `Kernels.unpack`. */
export function unpack(
  memory: KernelMemory,
  src: number,
  first: number,
  count: number,
  min: number,
  bits: number,
  values: number,
): void {
  const { u32 } = memory, from = src >>> 2, to = values >>> 2;
  const mask = bits === 32 ? 0xffffffff : 2 ** bits - 1;
  let bit = first * bits;
  for (let i = 0; i < count; i++, bit += bits) {
    const at = from + Math.floor(bit / 32), used = bit % 32;
    let field = u32[at]! >>> used;
    if (used + bits > 32) field |= u32[at + 1]! << (32 - used);
    u32[to + i] = (field & mask) + min;
  }
}

/** `Kernels.gatherRows`. */
export function gatherRows(
  memory: KernelMemory,
  dict: number,
  rowBytes: number,
  rowToUnique: number,
  rows: number,
  dst: number,
): void {
  const { u16, u32 } = memory, unique = rowToUnique >>> 2;
  const shift = rowBytes % 4 === 0 ? 2 : 1, view = shift === 2 ? u32 : u16, length = rowBytes >>> shift;
  for (let row = 0, to = dst >>> shift; row < rows; row++) {
    const from = (dict >>> shift) + u32[unique + row]! * length;
    for (let i = 0; i < length; i++) view[to++] = view[from + i]!;
  }
}
