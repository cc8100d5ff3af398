/**
 * Given tables as kernels take them.
 *
 * @module
 */
import type { Tensor, WebGpuDevice } from "@pocketrec/compute";
import type { GivenTable } from "../entropy/given_table.ts";
import { canonicalCodes, onlyToken } from "../entropy/huffman.ts";

/** u32 of a table to encode with: by token, 0 for one without code. ANS: `f | c << 12`. Huffman: `code | length << 16 | 1 << 31`. */
export const ENCODE_WORDS = 256;
/** u32 of a table to decode with: by the low 12 bits. ANS: `token | f << 8 | (slot - c) << 20`. Huffman: `token | length << 8`. */
export const DECODE_WORDS = 4096;

/** Writes a table out for encoding. */
export function encodeWords({ coder, table }: GivenTable): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(ENCODE_WORDS);
  if (coder === "ans") {
    let cumulated = 0;
    table.forEach((f, token) => {
      if (f > 0) words[token] = f | cumulated << 12;
      cumulated += f;
    });
    return words;
  }
  const codes = canonicalCodes(table);
  table.forEach((length, token) => {
    if (length > 0) words[token] = (codes[token]! | 1 << 31) >>> 0;
  });
  return words;
}

/** Writes a table out for decoding. */
export function decodeWords({ coder, table }: GivenTable): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(DECODE_WORDS);
  if (coder === "ans") {
    let slot = 0;
    table.forEach((f, token) => {
      for (let i = 0; i < f; i++) words[slot++] = token | f << 8 | i << 20;
    });
    return words;
  }
  const only = onlyToken(table);
  if (only >= 0) return words.fill(only);
  canonicalCodes(table).forEach((code, token) => {
    const length = code >>> 16;
    if (length === 0) return;
    for (let slot = code & 0xffff; slot < DECODE_WORDS; slot += 1 << length) words[slot] = token | length << 8;
  });
  return words;
}

/** Tables on the device, written when first used. */
export class DeviceTables implements Disposable {
  /** All of them. */
  readonly tensor: Tensor;
  readonly #words: number;
  readonly #capacity: number;
  readonly #write: (table: GivenTable) => Uint32Array;
  readonly #index = new Map<GivenTable, number>();

  /** Makes room for `capacity` tables of `words`. */
  constructor(
    device: WebGpuDevice,
    label: string,
    capacity: number,
    words: number,
    write: (table: GivenTable) => Uint32Array,
  ) {
    this.tensor = device.tensor("u32", [capacity * words], { label });
    this.#words = words;
    this.#capacity = capacity;
    this.#write = write;
  }

  /**
   * Sees to it that tables are there.
   *
   * @returns Index of the first word of each.
   * @throws {RangeError} There are more than fit
   */
  place(tables: ReadonlySet<GivenTable>): ReadonlyMap<GivenTable, number> {
    if (tables.size > this.#capacity) {
      throw new RangeError(
        `Cannot use ${tables.size} tables at once: want at most ${this.#capacity}, or more capacity`,
      );
    }
    const missing = [...tables].filter((table) => !this.#index.has(table));
    if (this.#index.size + missing.length > this.#capacity) {
      this.#index.clear();
      missing.splice(0, missing.length, ...tables);
    }
    for (const table of missing) {
      const at = this.#index.size * this.#words;
      this.tensor.write(this.#write(table), at);
      this.#index.set(table, at);
    }
    return this.#index;
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    this.tensor[Symbol.dispose]();
  }
}
