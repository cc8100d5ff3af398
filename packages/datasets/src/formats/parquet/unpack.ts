import { unpackLz4, unpackLz4Framed } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";
import { unpackZstd } from "./zstd.ts";

/** Codecs by Parquet's number; `ratio` is the most that a byte can unpack to, which bounds what a page may claim. */
const CODECS: Readonly<Record<number, Codec>> = {
  0: { ratio: 1, unpack: (bytes) => bytes },
  1: { ratio: 32, unpack: unpackSnappy },
  2: { ratio: 1032, unpack: unpackGzip },
  5: { ratio: 255, unpack: unpackLz4Framed },
  6: { ratio: 2 ** 16, unpack: unpackZstd },
  7: { ratio: 255, unpack: unpackLz4 },
};
const NAMES = ["none", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4"];

interface Codec {
  readonly ratio: number;
  unpack(bytes: Uint8Array, size: number): Uint8Array | Promise<Uint8Array>;
}

/** Unpacks `bytes` to exactly `size` bytes. @throws {Error} on damage, another size, or a codec that is not read */
export async function unpack(codec: number, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const found = CODECS[codec];
  if (!found) {
    throw new Error(`it is packed with ${NAMES[codec] ?? `codec ${codec}`}; want none, snappy, gzip, zstd or lz4`);
  }
  if (size === 0 && bytes.length === 0) return bytes;
  if (!(size >= 0 && size <= found.ratio * bytes.length)) {
    throw new Error(`a page claims to unpack ${bytes.length} bytes to ${size}`);
  }
  const unpacked = await found.unpack(bytes, size);
  if (unpacked.length !== size) throw new Error(`a page unpacks to ${unpacked.length} bytes; want ${size}`);
  return unpacked;
}

async function unpackGzip(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const output = new Uint8Array(size);
  let length = 0;
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader(); // not every browser iterates streams
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (part.value.length > size - length) {
      await reader.cancel();
      throw new Error(`a page unpacks to more than ${size} bytes`);
    }
    output.set(part.value, length);
    length += part.value.length;
  }
  return output.subarray(0, length);
}
