/**
 * rANS: the TypeScript kernels `ansEncode` and `ansDecode`.
 *
 * rANS is due to Duda (arXiv 1311.2540); the form with a 32-bit state and 16-bit words follows Giesen's `ryg_rans` in idea.
 *
 * @module
 */
import { hybridToken, zigzag } from "../entropy/tokens.ts";
import { DIRECT, type KernelMemory, UNSIGNED } from "./kernels.ts";
import { LANE_SYMBOLS, type Lanes } from "./lanes.ts";
import { closeSection, countsOf, decodeGroups, type DecodeMany, sectionCapacity } from "./section.ts";

/** `Kernels.ansEncode`, by `lanes` where there are any and groups enough. */
export function ansEncode(
  memory: KernelMemory,
  lanes: Lanes | undefined,
  codes: number,
  count: number,
  groupSymbols: number,
  rowLength: number,
  classes: number,
  columns: number,
  form: number,
  encodeTables: number,
  dst: number,
  capacity: number,
): number {
  if (capacity < sectionCapacity(count, groupSymbols, form)) return -1;
  if (count === 0) return 0;
  const { i32, u32, u16, u8 } = memory;
  // Without classes a sequence is one long row.
  const run = classes === 0 && columns === 0 ? count : rowLength;
  const direct = (form & DIRECT) !== 0, unsigned = (form & UNSIGNED) !== 0;
  const groups = Math.ceil(count / groupSymbols), counts = countsOf(dst);
  const end = dst + capacity;
  if (lanes && direct && groups > 2 && groupSymbols <= LANE_SYMBOLS) {
    const words = lanes.ansEncodeGroups(
      codes,
      count,
      groupSymbols,
      run,
      classes,
      columns,
      form,
      encodeTables,
      2 * counts,
      end,
    );
    return closeSection(memory, dst, groups, words);
  }
  // From the last symbol to the first, words from the end of dst downwards: so they lie in reading order.
  let at = end >> 1;
  for (let g = groups - 1; g >= 0; g--) {
    const groupEnd = at, first = g * groupSymbols, last = Math.min(first + groupSymbols, count);
    let x = 0;
    for (let i = last - 1; i >= first;) {
      const row = Math.floor(i / run);
      const table = (encodeTables >> 2) + (classes === 0 ? 0 : u8[classes + row]! << 10);
      const columnOf = columns - row * run;
      for (const begin = Math.max(first, row * run); i >= begin; i--) {
        const code = i32[(codes >> 2) + i]!;
        const z = unsigned ? code : zigzag(code);
        let token = z & 255;
        if (!direct) {
          token = hybridToken(z);
          if (token >= 64) {
            let bits = (token >> 2) - 12;
            if (bits > 16) {
              bits -= 16;
              if (x >>> (32 - bits) !== 0) u16[--at] = x, x >>>= 16;
              x = (x << bits) | ((z >>> 16) & ((1 << bits) - 1));
              bits = 16;
            }
            if (x >>> (32 - bits) !== 0) u16[--at] = x, x >>>= 16;
            x = (x << bits) | (z & ((1 << bits) - 1));
          }
        }
        const entry = table + (columns === 0 ? 0 : u8[columnOf + i]! << 10) + (token << 2);
        const rest = u32[entry]!, frequency = 4096 - rest;
        if (x >>> 20 >= frequency) u16[--at] = x, x >>>= 16;
        // Exact: a rounded quotient of integers below 2^53 never reaches the next integer.
        const quotient = ((x >>> 0) / frequency) >>> 0;
        x = (x + Math.imul(quotient, rest) + u32[entry + 1]!) | 0;
      }
    }
    u16[--at] = x;
    u16[--at] = x >>> 16;
    u16[counts + g] = groupEnd - at;
  }
  return closeSection(memory, dst, groups, at * 2);
}

/** `Kernels.ansDecode`, all groups by `lanes` where there are any. */
export function ansDecode(
  memory: KernelMemory,
  lanes: Lanes | undefined,
  src: number,
  srcBytes: number,
  total: number,
  first: number,
  count: number,
  groupSymbols: number,
  rowLength: number,
  classes: number,
  columns: number,
  form: number,
  decodeTables: number,
  codes: number,
): number {
  const { i32, u32, u16, u8 } = memory;
  // Without classes a sequence is one long row, and in lanes a group is one.
  const alone = classes === 0 && columns === 0, run = alone ? total : rowLength, laneRow = alone ? groupSymbols : run;
  const direct = (form & DIRECT) !== 0, unsigned = (form & UNSIGNED) !== 0;
  const out = (codes >> 2) - first;
  const decodeOne = (at: number, end: number, i: number, last: number): boolean => {
    if (end - at < 2) return false;
    let x = (u16[at]! << 16) | u16[at + 1]!;
    at += 2;
    while (i < last) {
      const row = Math.floor(i / run);
      const table = (decodeTables >> 2) + (classes === 0 ? 0 : u8[classes + row]! << 12);
      const columnOf = columns - row * run;
      for (const stop = Math.min(last, (row + 1) * run); i < stop; i++) {
        const entry = u32[table + (columns === 0 ? 0 : u8[columnOf + i]! << 12) + (x & 4095)]!;
        x = (Math.imul((entry >>> 8) & 4095, x >>> 12) + (entry >>> 20)) | 0;
        if (x >>> 16 === 0 && at < end) x = (x << 16) | u16[at++]!;
        let z = entry & 255;
        if (!direct && z >= 64) {
          let bits = ((z >> 2) - 12) & 31;
          z = (4 + (z & 3)) << bits;
          for (let shift = 0; bits > 0; bits -= 16, shift += 16) {
            const n = Math.min(bits, 16);
            z |= (x & ((1 << n) - 1)) << shift;
            x >>>= n;
            const low = (x >>> 16) - 1 & at - end;
            x = x << (low >>> 31 << 4) | u16[at]! & low >> 31;
            at += low >>> 31;
          }
        }
        i32[out + i] = unsigned ? z : (z >>> 1) ^ -(z & 1);
      }
    }
    return x === 0 && at === end;
  };
  const inLanes = lanes && direct && groupSymbols <= LANE_SYMBOLS && groupSymbols % laneRow === 0;
  const decodeMany: DecodeMany = (starts, g) => {
    const groups = Math.ceil(count / groupSymbols);
    const sound = lanes!.ansDecodeGroups(
      src,
      starts[g]!,
      g,
      groups,
      groupSymbols,
      count - (groups - 1) * groupSymbols,
      laneRow,
      classes,
      columns,
      form,
      decodeTables,
      codes,
    );
    return sound ? count : -1;
  };
  return decodeGroups(
    memory,
    src,
    srcBytes,
    total,
    first,
    count,
    groupSymbols,
    decodeOne,
    inLanes ? decodeMany : undefined,
  );
}
