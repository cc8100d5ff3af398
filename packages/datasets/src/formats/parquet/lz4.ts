import { ByteCursor } from "./cursor.ts";
import { Output } from "./output.ts";

/**
 * Unpacks an LZ4 block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
 *
 * @throws {Error} on damage, or if it unpacks to more than `size` bytes
 */
export function unpackLz4(bytes: Uint8Array, size: number): Uint8Array {
  const output = new Output(size);
  append(bytes, output);
  return output.bytes();
}

/** Unpacks Parquet's older LZ4 codec: Hadoop's frames of blocks, or one block without a frame, as some writers have it. */
export function unpackLz4Framed(bytes: Uint8Array, size: number): Uint8Array {
  const frames = framesOf(bytes, size);
  if (!frames) return unpackLz4(bytes, size);
  const output = new Output(size);
  for (const frame of frames) append(frame, output);
  return output.bytes();
}

/** The blocks, if frames of them fill `bytes` and unpack to `size`. */
function framesOf(bytes: Uint8Array, size: number): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array[] = [];
  let at = 0, total = 0;
  while (bytes.length - at >= 8) {
    total += view.getUint32(at);
    const end = at + 8 + view.getUint32(at + 4);
    if (end > bytes.length) return undefined;
    frames.push(bytes.subarray(at + 8, end));
    at = end;
  }
  return at === bytes.length && total === size ? frames : undefined;
}

function append(bytes: Uint8Array, output: Output): void {
  const cursor = new ByteCursor(bytes);
  while (cursor.left > 0) {
    const token = cursor.byte();
    output.append(cursor.take(lengthOf(token >> 4, cursor)));
    if (cursor.left === 0) return; // the last sequence has no match
    const distance = cursor.byte() + cursor.byte() * 256;
    output.repeat(distance, lengthOf(token & 15, cursor) + 4);
  }
}

function lengthOf(nibble: number, cursor: ByteCursor): number {
  let length = nibble;
  if (nibble === 15) {
    for (let byte = 255; byte === 255; length += byte) byte = cursor.byte();
  }
  return length;
}
