/**
 * What every host runs: arrays of all types, under all kinds of bounds, to bytes and back. Bundled by the tests beside it.
 *
 * @module
 */
import { compress, type CompressOptions, decodeRows, decompress, type FloatArray } from "../../mod.ts";
import { openKernels } from "../kernels/choose.ts";

/** What a host made of an array. */
export interface HostCase {
  /** Array and bound. */
  readonly name: string;
  /** Bytes of the file, in hexadecimal. */
  readonly file: string;
  /** Bits of the restored elements, in hexadecimal. */
  readonly restored: string;
}

/** What a host made of all. */
export interface HostReport {
  /** The kernels that `"auto"` chose. */
  readonly kernels: string;
  /** All arrays, by the kernels that `"auto"` chose and by those in TypeScript, if they differ. */
  readonly cases: readonly HostCase[];
}

const ROWS = 96, ROW_LENGTH = 16;

/** Rows of a table as often as a few ids occur, with values that no host computes differently. */
function fixture(make: (length: number) => FloatArray, half: boolean): FloatArray {
  const x = make(ROWS * ROW_LENGTH + 5);
  let state = 1;
  for (let i = 0; i < x.length; i++) {
    const row = i / ROW_LENGTH | 0;
    if (i % ROW_LENGTH === 0) state = Math.imul(row * row % 37 + 1, 0x9e3779b1);
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) >>> 0;
    // Half precision as bit patterns, of values from 2^-8 to 2; else multiples of 2^-20 from -1 to 1.
    x[i] = half ? (state & 0x8000) | 0x1c00 + (state >>> 16) % 0x2400 : (state | 0) / 2 ** 31 * (1 + row % 3);
  }
  if (!half) x.set([NaN, Infinity, -Infinity, -0, 5e-324], 40);
  return x;
}

const ARRAYS: readonly (readonly [name: string, x: FloatArray])[] = [
  ["f16", fixture((length) => new Uint16Array(length), true)],
  ["f32", fixture((length) => new Float32Array(length), false)],
  ["f64", fixture((length) => new Float64Array(length), false)],
];

const OPTIONS: readonly CompressOptions[] = [
  { bound: { abs: 0.01 } },
  { bound: { rel: 0.03 }, mode: "huff" },
  { bound: { pwRel: 0.01 }, chunkRows: 32 },
  { bound: { rel: 0.001 }, mode: "lorenzo+ans" },
  { bound: "lossless", checksum: false },
];

/** Runs all cases; throws where rows at random differ from the whole. */
export function runHost(): HostReport {
  const cases: HostCase[] = [];
  for (const [array, x] of ARRAYS) {
    for (const options of OPTIONS) {
      const name = `${array} ${JSON.stringify(options)}`;
      const [auto, plain] = (["auto", "plain"] as const).map((kernels) => {
        const file = compress(x, { ...options, rowLength: ROW_LENGTH, kernels });
        const restored = decompress(file, { kernels }), rows = decodeRows(file, [70, 3], { kernels });
        const expected = bitsOf(restored.slice(70 * ROW_LENGTH, 71 * ROW_LENGTH)) +
          bitsOf(restored.slice(3 * ROW_LENGTH, 4 * ROW_LENGTH));
        if (bitsOf(rows) !== expected) throw new Error(`${name}: rows at random differ from the whole`);
        return { name, file: bitsOf(file), restored: bitsOf(restored) };
      });
      cases.push(auto!);
      if (plain!.file !== auto!.file || plain!.restored !== auto!.restored) {
        cases.push({ ...plain!, name: `${name} plain` });
      }
    }
  }
  return { kernels: openKernels("auto").name, cases };
}

function bitsOf(array: FloatArray | Uint8Array): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
