/**
 * Canonical Huffman codes: the TypeScript kernels `huffEncode` and `huffDecode`.
 *
 * @module
 */
import { hybridToken, zigzag } from "../entropy/tokens.ts";
import { DIRECT, type KernelMemory, UNSIGNED } from "./kernels.ts";
import { LANE_SYMBOLS, type Lanes } from "./lanes.ts";
import { closeSection, countsOf, groupStarts, sectionBytes, sectionCapacity, sectionHeaderBytes } from "./section.ts";

/** `Kernels.huffEncode`. */
export function huffEncode(
  memory: KernelMemory,
  lanes: Lanes | undefined,
  codes: number,
  count: number,
  groupSymbols: number,
  form: number,
  encodeTable: number,
  dst: number,
  capacity: number,
): number {
  if (capacity < sectionCapacity(count, groupSymbols, form)) return -1;
  if (count === 0) return 0;
  const { i32, u32, u16 } = memory;
  const direct = (form & DIRECT) !== 0, unsigned = (form & UNSIGNED) !== 0;
  const groups = Math.ceil(count / groupSymbols);
  const counts = countsOf(dst), inLanes = lanes && direct && groupSymbols <= LANE_SYMBOLS;
  const words = dst + sectionHeaderBytes(groups, 2);
  let at = words >> 1;
  for (let g = 0, i = 0; g < groups; g++) {
    const groupStart = at, end = Math.min(i + groupSymbols, count);
    if (inLanes) {
      at += u16[counts + g] = lanes.huffEncodeGroup(codes + 4 * i, end - i, form, encodeTable, 2 * at);
      i = end;
      continue;
    }
    // Fewer than 16 bits wait between symbols.
    let pending = 0, held = 0;
    for (; i < end; i++) {
      const code = i32[(codes >> 2) + i]!;
      const z = unsigned ? code : zigzag(code);
      const token = direct ? z & 255 : hybridToken(z);
      const entry = u32[(encodeTable >> 2) + token]!;
      pending |= (entry & 0xffff) << held;
      held += entry >>> 16;
      if (held >= 16) u16[at++] = pending, pending >>>= 16, held -= 16;
      if (direct || token < 64) continue;
      let bits = (token >> 2) - 12, raw = z;
      if (bits > 16) {
        pending |= (raw & 65535) << held;
        u16[at++] = pending;
        pending >>>= 16;
        raw >>>= 16;
        bits -= 16;
      }
      pending |= (raw & ((1 << bits) - 1)) << held;
      held += bits;
      if (held >= 16) u16[at++] = pending, pending >>>= 16, held -= 16;
    }
    if (held > 0) u16[at++] = pending;
    u16[counts + g] = at - groupStart;
  }
  return closeSection(memory, dst, groups, words);
}

/** `Kernels.huffDecode`. */
export function huffDecode(
  memory: KernelMemory,
  lanes: Lanes | undefined,
  src: number,
  srcBytes: number,
  total: number,
  first: number,
  count: number,
  groupSymbols: number,
  form: number,
  decodeTable: number,
  codes: number,
): number {
  const groups = Math.ceil(total / groupSymbols);
  if (sectionBytes(memory, src, srcBytes, groups) !== srcBytes) return 1;
  if (count === 0) return 0;
  const { i32, u16 } = memory;
  const direct = (form & DIRECT) !== 0, unsigned = (form & UNSIGNED) !== 0;
  const starts = groupStarts(memory, src, groups);
  const table = decodeTable >> 1;
  const out = (codes >> 2) - first;
  const inLanes = lanes && direct && groupSymbols <= LANE_SYMBOLS;
  for (let i = first, end = first + count; i < end;) {
    const g = i / groupSymbols;
    if (inLanes && end - i >= 4 * groupSymbols) {
      const sound = lanes.huffDecodeFour(
        starts[g]!,
        starts[g + 1]!,
        starts[g + 2]!,
        starts[g + 3]!,
        starts[g + 4]!,
        groupSymbols,
        form,
        decodeTable,
        4 * (out + i),
      );
      if (!sound) return 1;
      i += 4 * groupSymbols;
      continue;
    }
    const groupEnd = starts[g + 1]! >> 1;
    let at = starts[g]! >> 1;
    // After the last word `held` may fall below 0, and then stays there: looked at once, at the end of the group.
    let pending = 0, held = 0;
    for (const last = Math.min(i + groupSymbols, end); i < last; i++) {
      if (held < 16 && at < groupEnd) pending |= u16[at++]! << held, held += 16;
      const entry = u16[table + (pending & 4095)]!;
      pending >>>= entry >>> 8;
      held -= entry >>> 8;
      let z = entry & 255;
      if (!direct && z >= 64) {
        let bits = ((z >> 2) - 12) & 31;
        z = (4 + (z & 3)) << bits;
        for (let shift = 0; bits > 0; bits -= 16, shift += 16) {
          const n = Math.min(bits, 16);
          if (held < 16 && at < groupEnd) pending |= u16[at++]! << held, held += 16;
          z |= (pending & (1 << n) - 1) << shift;
          pending >>>= n;
          held -= n;
        }
      }
      i32[out + i] = unsigned ? z : (z >>> 1) ^ -(z & 1);
    }
    // What is left is padding: fewer than 16 bits, all zero.
    if (at !== groupEnd || held < 0 || held >= 16 || pending !== 0) return 1;
  }
  return 0;
}
