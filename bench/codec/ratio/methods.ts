/**
 * All ways to compress a slice that are compared, and the bytes that each takes.
 *
 * @module
 */
import { compress, decompress, inspect, type Mode } from "@pocketrec/lossy-codec";
import { Decoder, Encoder } from "@pocketrec/lossy-codec/messages";
import type { NamedArray } from "../data/array.ts";
import { bytesOf, codesOf, maxDifference } from "../peers/codes.ts";
import { type LosslessCodec, openLossless } from "../peers/lossless.ts";
import { Sz3, SZ3_MISSING } from "../peers/sz3.ts";
import { type FieldShape, openZfp, type Zfp, ZFP_MISSING } from "../peers/zfp.ts";

/** Keys of the ways, in the order of tables. */
export const METHODS = [
  "ours",
  "oursKept",
  "oursFile",
  "hybrid",
  "hybridFile",
  "hybridByModel",
  "vlz",
  "huff",
  "pack",
  "zstd3",
  "zstd19",
  "lz4",
  "deflate",
  "zstd3Floats",
  "zstd19Floats",
  "zfp",
  "zfpEqualError",
  "sz3",
  "sz3NoPrediction",
] as const;
/** One of {@linkcode METHODS}. */
export type Method = typeof METHODS[number];
/** Bytes by way; of peers that are there. */
export type Bytes = Partial<Record<Method, number>>;

/** Head of a message in a collective: table, destination, length. The chunk behind it has all else. */
export const MESSAGE_HEAD_BYTES = 8;

/** What others are there. */
export interface Peers extends AsyncDisposable {
  readonly zstd3: LosslessCodec | undefined;
  readonly zstd19: LosslessCodec | undefined;
  readonly lz4: LosslessCodec | undefined;
  readonly deflate: LosslessCodec;
  readonly zfp: Zfp | undefined;
  readonly sz3: Sz3 | undefined;
  /** What to install for the others, a line each. */
  readonly missing: readonly string[];
}

/** Looks for all of them. */
export async function openPeers(): Promise<Peers> {
  const { fast, strong, lz4, deflate, missing } = openLossless(), zfp = openZfp(), sz3 = await Sz3.start();
  return {
    zstd3: fast,
    zstd19: strong,
    lz4,
    deflate,
    zfp,
    sz3,
    missing: [...missing, ...(zfp ? [] : [ZFP_MISSING]), ...(sz3 ? [] : [SZ3_MISSING])],
    [Symbol.asyncDispose]: async () => await sz3?.[Symbol.asyncDispose](),
  };
}

/** Name and version by way. */
export function methodNames({ zstd3, zstd19, lz4, deflate, zfp, sz3 }: Peers): Partial<Record<Method, string>> {
  return {
    ours: "ours: auto mode, messages that stand alone",
    oursKept: "ours: messages of a table one after another, which may refer to tables of codes sent before",
    oursFile: "ours: auto mode, a file each",
    hybrid: "paper's hybrid: the smaller of vlz and huff, messages",
    hybridFile: "the same, a file each",
    hybridByModel: "paper's hybrid, vlz or huff by the speed model, messages",
    vlz: "paper's vector LZ",
    huff: "Huffman codes",
    pack: "equal bits per code",
    ...(zstd3 && { zstd3: `${zstd3.name} on codes`, zstd3Floats: `${zstd3.name} on f32` }),
    ...(zstd19 && { zstd19: `${zstd19.name} on codes`, zstd19Floats: `${zstd19.name} on f32` }),
    ...(lz4 && { lz4: `${lz4.name} on codes` }),
    deflate: `${deflate.name} on codes`,
    ...(zfp && { zfp: `${zfp.name}, tolerance = bound`, zfpEqualError: `${zfp.name}, largest tolerance within bound` }),
    ...(sz3 && { sz3: `${sz3.name}, default`, sz3NoPrediction: `${sz3.name}, no prediction` }),
  };
}

/** Largest errors in units of the bound. */
export type Errors = Partial<Record<"ours" | "zfp" | "zfpEqualError" | "sz3" | "sz3NoPrediction", number>>;

/** What became of an array, cut into slices. */
export interface Measured {
  readonly bytes: Bytes;
  readonly errors: Errors;
}

/** A sender and a receiver that have come to know tables of codes. */
export class KeptTables {
  readonly #encoder = new Encoder({ bound: "lossless" });
  readonly #decoder = new Decoder();
  readonly #numbers = new Map<string, number>();

  /** Encodes and decodes a slice of a table. */
  send(name: string, values: Float32Array, rowLength: number, rel: number): { bytes: number; error: number } {
    const table = this.#numbers.get(name) ?? this.#numbers.size, context = { table, rowLength, bound: { rel } };
    this.#numbers.set(name, table);
    const message = new Uint8Array(this.#encoder.maxEncodedBytes(values.length, "f32", rowLength));
    const bytes = this.#encoder.encode(values, message, context), out = new Float32Array(values.length);
    this.#decoder.decode(message.subarray(0, bytes), out, context);
    return { bytes, error: maxDifference(values, out) };
  }
}

/** Slices of an array, as copies. */
function* slices({ values, rows, rowLength }: NamedArray, sliceRows: number): Generator<Float32Array<ArrayBuffer>> {
  for (let row = 0; row < rows; row += sliceRows) {
    yield values.slice(row * rowLength, Math.min(rows, row + sliceRows) * rowLength);
  }
}

/** Compresses the floats of all slices without loss. */
export function floatWays(array: NamedArray, sliceRows: number, peers: Peers): Bytes {
  const bytes: Bytes = {};
  for (const values of slices(array, sliceRows)) {
    if (peers.zstd3) add(bytes, "zstd3Floats", peers.zstd3.encode(bytesOf(values)).length);
    if (peers.zstd19) add(bytes, "zstd19Floats", peers.zstd19.encode(bytesOf(values)).length);
  }
  return bytes;
}

/** Compresses all slices of an array within a bound, each with the range of its own. */
export async function measure(
  array: NamedArray,
  sliceRows: number,
  rel: number,
  link: KeptTables,
  peers: Peers,
): Promise<Measured> {
  const bytes: Bytes = {}, errors: Errors = {}, bounds: number[] = [], { rowLength } = array;
  for (const values of slices(array, sliceRows)) {
    const { step, absBound } = ownWays(values, rowLength, rel, bytes, errors);
    const kept = link.send(array.name, values, rowLength, rel);
    add(bytes, "oursKept", kept.bytes);
    worse(errors, "ours", kept.error === 0 ? 0 : kept.error / absBound);
    codeWays(values, step, peers, bytes);
    bounds.push(tolerance(absBound));
    const shape: FieldShape = array.sequence ? [values.length, 0] : [rowLength, values.length / rowLength];
    if (peers.zfp) zfpWays(peers.zfp, values, shape, tolerance(absBound), bytes, errors);
  }
  if (peers.sz3) {
    for (const [key, algorithm] of [["sz3", "default"], ["sz3NoPrediction", "no prediction"]] as const) {
      const all = await peers.sz3.sizes(array, sliceRows, bounds, algorithm);
      bytes[key] = all.bytes;
      errors[key] = all.worst;
    }
  }
  return { bytes, errors };
}

/** Adds to a sum. */
export function add(bytes: Bytes, method: Method, more: number): void {
  bytes[method] = (bytes[method] ?? 0) + more;
}

function worse(errors: Errors, key: keyof Errors, error: number): void {
  errors[key] = Math.max(errors[key] ?? 0, error);
}

/** Peers want a bound above 0 also where a slice is constant. */
function tolerance(absBound: number): number {
  return absBound > 0 ? absBound : 2 ** -126;
}

function ownWays(values: Float32Array<ArrayBuffer>, rowLength: number, rel: number, bytes: Bytes, errors: Errors) {
  const file = (mode: Mode) => {
    const file = compress(values, { bound: { rel }, rowLength, chunkRows: values.length / rowLength, mode });
    const info = inspect(file);
    const message = info.chunks.reduce((sum, chunk) => sum + chunk.bytes + MESSAGE_HEAD_BYTES, 0);
    return { file, info, message };
  };
  const ours = file("auto"), vlz = file("vlz"), huff = file("huff");
  add(bytes, "ours", ours.message);
  add(bytes, "oursFile", ours.file.length);
  add(bytes, "vlz", vlz.message);
  add(bytes, "huff", huff.message);
  add(bytes, "hybrid", Math.min(vlz.message, huff.message));
  add(bytes, "hybridFile", Math.min(vlz.file.length, huff.file.length));
  add(bytes, "pack", file("pack").message);
  const { absBound, chunks } = ours.info;
  const error = maxDifference(values, decompress(ours.file) as Float32Array);
  worse(errors, "ours", error === 0 ? 0 : error / absBound);
  return { step: chunks[0]!.step, absBound };
}

function codeWays(values: Float32Array<ArrayBuffer>, step: number, peers: Peers, bytes: Bytes): void {
  const codes = codesOf(values, step);
  for (const key of ["zstd3", "zstd19", "lz4", "deflate"] as const) {
    const codec = peers[key];
    if (codec) add(bytes, key, codec.encode(codes).length);
  }
}

function zfpWays(
  zfp: Zfp,
  values: Float32Array<ArrayBuffer>,
  shape: FieldShape,
  bound: number,
  bytes: Bytes,
  errors: Errors,
): void {
  const out = new Float32Array(values.length);
  const attempt = (tolerance: number) => {
    const encoded = zfp.encode(values, shape, tolerance).slice();
    zfp.decode(encoded, out, shape, tolerance);
    return { length: encoded.length, error: maxDifference(values, out) / bound };
  };
  const asked = attempt(bound);
  add(bytes, "zfp", asked.length);
  worse(errors, "zfp", asked.error);
  // Tolerances count by powers of two. Small slices may fit any: then all of them give the same bytes.
  let best = asked;
  for (let factor = 2; factor <= 64; factor *= 2) {
    const next = attempt(bound * factor);
    if (!(next.error <= 1)) break;
    best = next;
  }
  add(bytes, "zfpEqualError", best.length);
  worse(errors, "zfpEqualError", best.error);
}
