/**
 * Tables written out: u8 tokens - 1 | per token a nibble, least significant bit first: 0 absent, 1 to 12 the length of its code,
 * or the bit length of its frequency, then followed by the up to two bits below the leading one; 15 a run of 3 to 18 absent
 * tokens, less 3 in the next nibble.
 *
 * @module
 */
import { BitReader, BitWriter } from "./bits.ts";

const RUN = 15, RUN_MIN = 3, RUN_MAX = 18, MAX_NIBBLE = 12;

/**
 * Describes a table.
 *
 * @param frequencies Whether it is one of frequencies, each with at most three significant bits, not of code lengths.
 */
export function describe(table: Uint16Array, frequencies: boolean): number[] {
  const bytes = [table.length - 1], writer = new BitWriter(bytes);
  for (let t = 0; t < table.length; t++) {
    let run = 0;
    while (run < RUN_MAX && table[t + run] === 0) run++;
    if (run >= RUN_MIN) {
      writer.write(RUN | run - RUN_MIN << 4, 8);
      t += run - 1;
      continue;
    }
    const value = table[t]!, length = frequencies ? 32 - Math.clz32(value) : value;
    writer.write(length, 4);
    if (frequencies && value > 1) {
      const below = Math.min(length - 1, 2);
      writer.write(value >> length - 1 - below & (1 << below) - 1, below);
    }
  }
  writer.close();
  return bytes;
}

/** A table that was read, and where its description ends. */
export interface DescribedTable {
  /** By token. */
  readonly table: Uint16Array<ArrayBuffer>;
  /** Index behind the description. */
  readonly end: number;
}

/**
 * Reads a description.
 *
 * @param offset Where it begins.
 * @param frequencies As in {@linkcode describe}.
 * @returns Undefined if it is none.
 */
export function readDescription(bytes: Uint8Array, offset: number, frequencies: boolean): DescribedTable | undefined {
  if (offset >= bytes.length) return undefined;
  const table = new Uint16Array(bytes[offset]! + 1), reader = new BitReader(bytes, offset + 1);
  for (let t = 0; t < table.length; t++) {
    const length = reader.read(4);
    if (length === RUN) {
      t += reader.read(4) + RUN_MIN - 1;
      if (t >= table.length) return undefined;
    } else if (length > MAX_NIBBLE) return undefined;
    else if (!frequencies) table[t] = length;
    else if (length > 0) {
      const below = Math.min(length - 1, 2);
      table[t] = (1 << below | reader.read(below)) << length - 1 - below;
    }
  }
  return reader.end <= bytes.length ? { table, end: reader.end } : undefined;
}
