/**
 * Whole streams that are damaged: small ones of every mode, dtype and kind of bound, with and without checksums.
 *
 * @module
 */
import { compress, decompress, type FloatArray, type Mode } from "@pocketrec/lossy-codec";
import { Decoder, Encoder } from "@pocketrec/lossy-codec/messages";
import { compressionStream } from "@pocketrec/lossy-codec/streams";
import { random } from "../../../packages/lossy-codec/src/_test_round_trip.ts";

/** A whole stream. */
export interface Whole {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether checksums tell of damage. */
  readonly checksums: boolean;
  /** Bytes of the elements that it restores. */
  readonly elements: Uint8Array;
  /** For a message: what its decoder has to know. */
  readonly message?: { readonly earlier: Uint8Array; readonly count: number; readonly rowLength: number };
}

const MODES: readonly Mode[] = [
  "auto",
  "raw",
  "pack",
  "huff",
  "ans",
  "dict+pack",
  "dict+huff",
  "dict+ans",
  "lorenzo+huff",
  "lorenzo+ans",
  "vlz",
];

/** Look-ups: rows of a small table. */
function rows(count: number, d: number, table: number, seed: number): Float32Array<ArrayBuffer> {
  const next = random(seed), weights = Float32Array.from({ length: table * d }, () => next() + next() - 1);
  const out = new Float32Array(count * d);
  for (let row = 0; row < count; row++) {
    const id = Math.floor(table * next() ** 2);
    out.set(weights.subarray(id * d, (id + 1) * d), row * d);
  }
  return out;
}

/** All of them. */
export async function corpus(): Promise<Whole[]> {
  const wholes: Whole[] = [];
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>, checksums: boolean) =>
    void wholes.push({ name, bytes, checksums, elements: bytesOf(decompress(bytes)) });
  const plain = rows(100, 8, 20, 1), holes = plain.slice(0, 795);
  for (const at of [3, 77, 400, 790]) holes[at] = [NaN, Infinity, -Infinity, 3e38][at % 4]!;
  for (const checksum of [true, false]) {
    const suffix = checksum ? "" : ", no checksums", common = { checksum, rowLength: 8, chunkRows: 32 };
    for (const mode of MODES) {
      add(`f32 ${mode}${suffix}`, compress(plain, { bound: { rel: 0.01 }, mode, ...common }), checksum);
      add(`f32 ${mode}, not finite${suffix}`, compress(holes, { bound: { abs: 0.05 }, mode, ...common }), checksum);
      add(
        `f64 ${mode}${suffix}`,
        compress(Float64Array.from(plain), { bound: { abs: 1e-6 }, mode, ...common }),
        checksum,
      );
      add(
        `f16 ${mode}${suffix}`,
        compress(new Float16Array(plain), { bound: { rel: 0.02 }, mode, ...common }),
        checksum,
      );
      add(`f32 ${mode}, relative${suffix}`, compress(plain, { bound: { pwRel: 0.1 }, mode, ...common }), checksum);
    }
    add(`lossless${suffix}`, compress(plain, { bound: "lossless", ...common }), checksum);
    add(`constant${suffix}`, compress(new Float32Array(5000).fill(2), { bound: { abs: 1 }, checksum }), checksum);
    add(`one element${suffix}`, compress(new Float32Array([7]), { bound: { abs: 1 }, checksum }), checksum);
    add(`empty${suffix}`, compress(new Float32Array(0), { bound: { abs: 1 }, checksum }), checksum);
    add(`3 axes${suffix}`, compress(plain, { bound: { rel: 0.1 }, shape: [10, 10, 8], ...common }), checksum);
    add(`streamed${suffix}`, await streamed(plain, checksum), checksum);
    wholes.push(...messages(checksum));
  }
  return wholes;
}

async function streamed(values: Float32Array<ArrayBuffer>, checksum: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const stream = ReadableStream.from([values.subarray(0, 500), values.subarray(500)])
    .pipeThrough(compressionStream({ bound: { abs: 0.01 }, rowLength: 8, chunkRows: 32, checksum }));
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** The first message of a table, and one that refers to it. */
function messages(checksum: boolean): Whole[] {
  const encoder = new Encoder({ bound: { abs: 0.02 }, rowLength: 8, checksum });
  const arrays = [rows(64, 8, 30, 5), rows(64, 8, 30, 6)];
  const [first, second] = arrays.map((values) => {
    const dst = new Uint8Array(encoder.maxEncodedBytes(values.length));
    return dst.slice(0, encoder.encode(values, dst));
  }) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  return [[new Uint8Array(0), first], [first, second]].map(([earlier, bytes], i): Whole => {
    const whole = {
      name: `${i === 0 ? "first" : "second"} message${checksum ? "" : ", no checksums"}`,
      bytes: bytes!,
      checksums: checksum,
      message: { earlier: earlier!, count: arrays[i]!.length, rowLength: 8 },
    };
    return { ...whole, elements: restoreMessage(whole, whole.bytes, "auto") };
  });
}

/** Bytes of the elements of a message, which may be damaged. @throws what the decoder throws */
export function restoreMessage(
  { message, checksums }: Pick<Whole, "message" | "checksums">,
  bytes: Uint8Array,
  kernels: "auto" | "plain",
): Uint8Array {
  const { earlier, count, rowLength } = message!, decoder = new Decoder({ rowLength, checksum: checksums, kernels });
  const out = new Float32Array(count);
  if (earlier.length > 0) decoder.decode(earlier, new Float32Array(count));
  decoder.decode(bytes, out);
  return bytesOf(out);
}

/** The bytes of an array, without a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: FloatArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
