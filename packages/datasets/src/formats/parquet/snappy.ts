import { bitsAt, ByteCursor } from "./cursor.ts";
import { Output } from "./output.ts";

/**
 * Unpacks a Snappy block (https://github.com/google/snappy/blob/main/format_description.txt).
 *
 * @throws {Error} on damage, or unless it unpacks to `size` bytes
 */
export function unpackSnappy(bytes: Uint8Array, size: number): Uint8Array {
  const cursor = new ByteCursor(bytes);
  const output = new Output(size);
  if (cursor.varint() !== size) throw new Error("a page unpacks to another size than it claims");
  while (cursor.left > 0) {
    const tag = cursor.byte();
    const kind = tag & 3, high = tag >> 2;
    if (kind === 0) {
      const extra = high < 60 ? 0 : high - 59;
      const length = (extra === 0 ? high : bitsAt(cursor.take(extra), 0, 0, 8 * extra)) + 1;
      output.append(cursor.take(length));
    } else if (kind === 1) {
      output.repeat((tag >> 5) * 256 + cursor.byte(), (high & 7) + 4);
    } else {
      const width = kind === 2 ? 2 : 4;
      output.repeat(bitsAt(cursor.take(width), 0, 0, 8 * width), high + 1);
    }
  }
  return output.bytes();
}
