/**
 * Speed on one core: arrays to files and back, beside codecs of bytes on the same codes, zfp and SZ3. Figures are in GB/s of
 * float32.
 *
 * @module
 */
import { compress, compressInto, decompress, inspect, maxCompressedLength } from "@pocketrec/lossy-codec";
import { Arena } from "../../packages/lossy-codec/src/kernels/arena.ts";
import { F32, type Kernels } from "../../packages/lossy-codec/src/kernels/kernels.ts";
import { createPlainKernels } from "../../packages/lossy-codec/src/kernels/plain.ts";
import { createWasmKernels } from "../../packages/lossy-codec/src/kernels/wasm.ts";
import { type Bench, gigabytes, type Subject } from "../harness.ts";
import type { NamedArray } from "./data/array.ts";
import { trainedBatch } from "./data/generated.ts";
import { publishedBatches } from "./data/samples.ts";
import { bytesOf, codesOf } from "./peers/codes.ts";
import type { LosslessCodec } from "./peers/lossless.ts";
import { SZ3_ALGORITHMS } from "./peers/sz3.ts";
import type { Peers } from "./ratio/methods.ts";

/** Relative bounds; the first is the one that marks are for. */
export const SPEED_BOUNDS = [0.03, 0.01] as const;

/** The batches, of 2048 rows of 64; the first is the one that marks are for. */
export function speedBatches(): NamedArray[] {
  const published = publishedBatches();
  return [trainedBatch(0.45), trainedBatch(1), ...(published ? [published.table1, published.table8] : [])];
}

/** How a case begins. */
export function speedCase(direction: "encode" | "decode", { name }: NamedArray, rel: number): string {
  return `${direction} ${name}, rel ${rel}, 1 core`;
}

/** Adds the rows of all batches. */
export async function benchSpeed(bench: Bench, peers: Peers): Promise<void> {
  for (const array of speedBatches()) {
    for (const rel of SPEED_BOUNDS) {
      const directions = (["encode", "decode"] as const).filter((way) => bench.wants(speedCase(way, array, rel)));
      if (directions.length === 0) continue;
      const sides = new Sides(array, rel, peers), measure = gigabytes(array.values.byteLength);
      for (const direction of directions) {
        await bench.compare({
          case: speedCase(direction, array, rel),
          ours: sides.ours(direction, "auto"),
          baselines: [sides.ours(direction, "plain"), ...sides.peers(direction)],
          measure,
          ...(bench.options.quick ? {} : { sampling: { rounds: 31, sampleMs: 40 } }),
        });
      }
      sides.addRatios(bench);
    }
  }
}

type Direction = "encode" | "decode";

/** All sides of a comparison on one array. */
class Sides {
  readonly #array: NamedArray;
  readonly #rel: number;
  readonly #peers: Peers;
  readonly #file: Uint8Array<ArrayBuffer>;
  readonly #step: number;
  readonly #absBound: number;

  constructor(array: NamedArray, rel: number, peers: Peers) {
    this.#array = array;
    this.#rel = rel;
    this.#peers = peers;
    this.#file = compress(array.values, { bound: { rel }, rowLength: array.rowLength });
    const { chunks, absBound } = inspect(this.#file);
    this.#step = chunks[0]!.step;
    this.#absBound = absBound;
  }

  /** Our files, with memory that is there already. */
  ours(direction: Direction, kernels: "auto" | "plain"): Subject {
    const { values, rowLength } = this.#array, options = { bound: { rel: this.#rel }, rowLength, kernels };
    const dst = new Uint8Array(maxCompressedLength(values.length, options)), out = new Float32Array(values.length);
    const work = direction === "encode"
      ? () => void compressInto(values, options, dst)
      : () => void decompress(this.#file, { out, kernels });
    return { name: kernels === "plain" ? "ours, TypeScript kernels" : "ours", run: repeated(work) };
  }

  peers(direction: Direction): Subject[] {
    const { zstd3, deflate, zfp, sz3 } = this.#peers, array = this.#array, bound = this.#absBound;
    const codes = codesOf(array.values, this.#step), subjects: Subject[] = [];
    if (zstd3) subjects.push(onCodes(zstd3, codes, direction), this.#withQuantiser(zstd3, direction));
    subjects.push(this.#withQuantiser(deflate, direction));
    if (zfp) {
      const shape = [array.rowLength, array.rows] as const, out = new Float32Array(array.values.length);
      const encoded = zfp.encode(array.values, shape, bound).slice();
      const work = direction === "encode"
        ? () => void zfp.encode(array.values, shape, bound)
        : () => zfp.decode(encoded, out, shape, bound);
      subjects.push({ name: zfp.name, run: repeated(work) });
    }
    if (sz3) subjects.push(...SZ3_ALGORITHMS.map((algorithm) => sz3.subject(array, bound, algorithm, direction)));
    return subjects;
  }

  /** From floats to bytes and back: our range, quantiser and packing to 8 bits around the codec. */
  #withQuantiser(codec: LosslessCodec, direction: Direction): Subject {
    const quantiser = new Quantiser(
      createWasmKernels() ?? createPlainKernels(),
      this.#array,
      this.#step,
      this.#absBound,
    );
    const encoded = codec.encode(quantiser.encode()).slice();
    const work = direction === "encode"
      ? () => void codec.encode(quantiser.encode())
      : () => quantiser.decode((packed) => codec.decode(encoded, packed));
    return { name: `${codec.name} on codes, with our quantiser`, run: repeated(work) };
  }

  /** What the speed buys. */
  addRatios(bench: Bench): void {
    const { values, name, rowLength, rows } = this.#array, codes = codesOf(values, this.#step);
    const ratio = (bytes: Uint8Array) => values.byteLength / bytes.length;
    const row = {
      case: `${name}, rel ${this.#rel}`,
      metric: "ratio",
      value: ratio(this.#file),
      unit: "x",
    };
    const { zstd3, deflate, zfp } = this.#peers;
    const others: [string, number][] = [zstd3, deflate].flatMap((codec) =>
      codec ? [[`${codec.name} on codes`, ratio(codec.encode(codes))]] : []
    );
    if (zfp) others.push([zfp.name, ratio(zfp.encode(values, [rowLength, rows], this.#absBound))]);
    for (const [baseline, baselineValue] of others) {
      bench.add({ ...row, baseline, baselineValue, ratio: row.value / baselineValue });
    }
  }
}

function onCodes(codec: LosslessCodec, codes: Uint8Array<ArrayBuffer>, direction: Direction): Subject {
  const out = new Uint8Array(codes.length), encoded = codec.encode(codes).slice();
  const work = direction === "encode" ? () => void codec.encode(codes) : () => void codec.decode(encoded, out);
  return { name: `${codec.name} on codes, without quantising`, run: repeated(work) };
}

function repeated(work: () => void): (repeats: number) => void {
  return (repeats) => {
    while (repeats-- > 0) work();
  };
}

/** Our kernels for what codecs of bytes lack: floats to 8-bit codes and back. */
class Quantiser {
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
    kernels.range(F32, src, count, result);
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
