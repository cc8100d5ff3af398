/**
 * What codecs of bytes lack: floats to 8-bit codes and back.
 *
 * @module
 */
import { Arena } from "../../../packages/lossy-codec/src/kernels/arena.ts";
import { F32, type Kernels } from "../../../packages/lossy-codec/src/kernels/kernels.ts";
import type { NamedArray } from "../data/array.ts";
import { bytesOf } from "./codes.ts";

/** Our kernels: range and quantiser, and packing to 8 bits. */
export class Quantiser {
  readonly #kernels: Kernels;
  readonly #values: Float32Array<ArrayBuffer>;
  readonly #rows: number;
  readonly #d: number;
  readonly #step: number;
  readonly #bound: number;
  readonly #at: Record<"src" | "rows" | "codes" | "escapes" | "packed" | "result", number>;
  readonly #packed: Uint8Array<ArrayBuffer>;
  readonly #out: Float32Array<ArrayBuffer>;

  constructor(kernels: Kernels, { values, rows, rowLength }: NamedArray, step: number, bound: number) {
    const arena = new Arena(kernels.memory), count = values.length;
    this.#kernels = kernels;
    this.#values = values;
    this.#rows = rows;
    this.#d = rowLength;
    this.#step = step;
    this.#bound = bound;
    this.#at = {
      src: arena.take(4 * count),
      rows: arena.take(4 * rows),
      codes: arena.take(4 * count),
      escapes: arena.take(rows),
      packed: arena.take(count + 64),
      result: arena.take(32),
    };
    this.#packed = new Uint8Array(count);
    this.#out = new Float32Array(count);
    for (let row = 0; row < rows; row++) kernels.memory.u32[(this.#at.rows >>> 2) + row] = row;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const { src, rows, codes, escapes, packed, result } = this.#at,
      kernels = this.#kernels,
      count = this.#values.length;
    kernels.memory.u8.set(bytesOf(this.#values), src);
    kernels.range(F32, src, 0, 1, count, result);
    kernels.quantise(F32, src, rows, this.#rows, this.#d, this.#step, 127, this.#bound, codes, escapes, result);
    kernels.pack(codes, count, -128, 8, packed);
    this.#packed.set(kernels.memory.u8.subarray(packed, packed + count));
    return this.#packed;
  }

  decode(fill: (packed: Uint8Array<ArrayBuffer>) => void): void {
    const { src, codes, packed } = this.#at, kernels = this.#kernels, count = this.#values.length;
    fill(this.#packed);
    kernels.memory.u8.set(this.#packed, packed);
    kernels.unpack(packed, 0, count, -128, 8, codes);
    kernels.dequantise(F32, codes, count, this.#step, 127, src);
    bytesOf(this.#out).set(kernels.memory.u8.subarray(src, src + 4 * count));
  }
}
