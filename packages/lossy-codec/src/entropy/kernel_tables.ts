/**
 * Tables of the entropy kernels, in the layouts that `Kernels` describes.
 *
 * @module
 */
import type { KernelMemory } from "../kernels/kernels.ts";
import { canonicalCodes, MAX_LENGTH, onlyToken } from "./huffman.ts";
import type { Table } from "./tables.ts";

/** Writes one class's table of `ansEncode`. Entries of tokens that do not occur stay what they were: no symbol has them. */
export function writeAnsEncode(memory: KernelMemory, offset: number, frequencies: Uint16Array): void {
  const { u32, f64 } = memory;
  const base = offset >> 2;
  for (let t = 0, cumulated = 0; t < frequencies.length; t++) {
    const f = frequencies[t]!;
    if (f === 0) continue;
    const entry = base + 4 * t;
    u32[entry] = 4096 - f;
    u32[entry + 1] = cumulated;
    f64[(entry >> 1) + 1] = 1 / f;
    cumulated += f;
  }
}

/** Writes one class's table of `ansDecode`. */
export function writeAnsDecode({ i32 }: KernelMemory, offset: number, frequencies: Uint16Array): void {
  for (let t = 0, slot = offset >> 2; t < frequencies.length; t++) {
    const end = slot + frequencies[t]!;
    for (let entry = t | frequencies[t]! << 8; slot < end; entry = entry + (1 << 20) | 0) i32[slot++] = entry;
  }
}

/** Writes the table of `huffEncode`. */
export function writeHuffmanEncode(memory: KernelMemory, offset: number, lengths: Uint16Array): void {
  memory.u32.set(canonicalCodes(lengths), offset >> 2);
}

/** Writes the table of `huffDecode`. */
export function writeHuffmanDecode(memory: KernelMemory, offset: number, lengths: Uint16Array): void {
  const { u16 } = memory;
  const base = offset >> 1, slots = 1 << MAX_LENGTH;
  const only = onlyToken(lengths);
  if (only >= 0) {
    u16.fill(only, base, base + slots);
    return;
  }
  const codes = canonicalCodes(lengths);
  for (let t = 0; t < lengths.length; t++) {
    const length = lengths[t]!;
    if (length === 0) continue;
    for (let slot = codes[t]! & 0xffff; slot < slots; slot += 1 << length) u16[base + slot] = t | length << 8;
  }
}

/** Most tables of a sequence. */
const MAX_TABLES = 16;

/** Tables of one kind. */
export interface TableKind {
  /** Where they begin. */
  readonly offset: number;
  /** Bytes per table. */
  readonly size: number;
  /** Number of the table of unsigned sequences, behind those of others: a chunk alternates between the two. */
  readonly unsigned: number;
  /** Writes one. */
  write(memory: KernelMemory, offset: number, table: Table): void;
}

/** Tables of `ansEncode`. */
export const ANS_ENCODE: TableKind = { offset: 0, size: 4096, unsigned: MAX_TABLES, write: writeAnsEncode };
/** Tables of `ansDecode`. */
export const ANS_DECODE: TableKind = behind(ANS_ENCODE, 16384, MAX_TABLES, writeAnsDecode);
/** Tables of `huffEncode`. */
export const HUFFMAN_ENCODE: TableKind = behind(ANS_DECODE, 1024, 1, writeHuffmanEncode);
/** Tables of `huffDecode`. */
export const HUFFMAN_DECODE: TableKind = behind(HUFFMAN_ENCODE, 8192, 1, writeHuffmanDecode);
/** Bytes that {@linkcode KernelTables} takes. */
export const KERNEL_TABLES_BYTES: number = behind(HUFFMAN_DECODE, 0, 0, writeHuffmanDecode).offset;

function behind(kind: TableKind, size: number, unsigned: number, write: TableKind["write"]): TableKind {
  return { offset: kind.offset + (kind.unsigned + 1) * kind.size, size, unsigned, write };
}

/** Tables in kernel memory. Writes none that is already there. */
export class KernelTables {
  readonly #memory: KernelMemory;
  readonly #base: number;
  readonly #written = new Map<number, Table>();

  /**
   * @param memory Where tables go.
   * @param base Byte offset, a multiple of 16, of {@linkcode KERNEL_TABLES_BYTES} that nobody else writes to.
   */
  constructor(memory: KernelMemory, base: number) {
    this.#memory = memory;
    this.#base = base;
  }

  /** Sees to it that tables are there. Returns the byte offset of the first. */
  place(kind: TableKind, unsigned: boolean, tables: readonly Table[]): number {
    const first = this.#base + kind.offset + (unsigned ? kind.unsigned * kind.size : 0);
    tables.forEach((table, i) => {
      const offset = first + i * kind.size;
      if (this.#written.get(offset) === table) return;
      kind.write(this.#memory, offset, table);
      this.#written.set(offset, table);
    });
    return first;
  }
}
