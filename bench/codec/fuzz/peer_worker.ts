/**
 * A process that damages a stream of one codec and decodes it: `peer_worker.ts <ours|zstd|zfp> <first> <end>`. For each
 * number it writes a line of JSON; its parent goes on behind the number at which it ended.
 *
 * @module
 */
import { compress, decompress, inspect } from "@pocketrec/lossy-codec";
import { trainedBatch } from "../data/generated.ts";
import { codesOf } from "../peers/codes.ts";
import { zstd } from "../peers/lossless.ts";
import { openZfp } from "../peers/zfp.ts";
import { flipOrTruncate, PEER_BOUND } from "./side_by_side.ts";

const array = trainedBatch(0.45), { values, rows, rowLength } = array;
const file = compress(values, { bound: { rel: PEER_BOUND }, rowLength }), { chunks, absBound } = inspect(file);

/** A stream, and its elements restored. */
interface Stream {
  readonly bytes: Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array<ArrayBuffer>): ArrayLike<number>;
}

function streamOf(codec: string): Stream {
  if (codec === "zstd") {
    // As the command of the system has it: with a checksum.
    const peer = zstd(3, true)!, codes = codesOf(values, chunks[0]!.step);
    return {
      bytes: peer.encode(codes).slice(),
      decode(bytes) {
        const out = new Uint8Array(codes.length);
        if (!peer.decode(bytes, out)) throw new Error("zstd gave fewer bytes");
        return out;
      },
    };
  }
  if (codec === "zfp") {
    const peer = openZfp()!, shape = [rowLength, rows] as const;
    return {
      bytes: peer.encode(values, shape, absBound, true).slice(),
      decode(bytes) {
        const out = new Float32Array(values.length);
        peer.decode(bytes, out, shape, absBound, true);
        return out;
      },
    };
  }
  return { bytes: file, decode: (bytes) => decompress(bytes) as Float32Array };
}

const stream = streamOf(Deno.args[0]!), whole = stream.decode(stream.bytes);
for (let n = Number(Deno.args[1]); n < Number(Deno.args[2]); n++) {
  let outcome: string;
  try {
    const restored = stream.decode(flipOrTruncate(stream.bytes, n));
    outcome = same(restored, whole) ? "unaffected" : "silent";
  } catch {
    outcome = "noticed";
  }
  console.log(JSON.stringify({ n, outcome }));
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
