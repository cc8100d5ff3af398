import { inflateSync } from "fflate";
import { DataFormatError } from "../errors.ts";

const CRC: Uint32Array = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 as zip and gzip use it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = CRC[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** A file inside a zip archive. */
export interface ZipEntry {
  /** Path within the archive. */
  readonly name: string;
  /** Size when unpacked. */
  readonly bytes: number;
  /** Unpacks and checks the CRC. @throws {DataFormatError} on damage */
  read(): Uint8Array;
}

/**
 * The files of a zip archive (stored or deflated, zip64 too). Nothing declared by the archive is trusted for more memory
 * than its own bytes can unpack to.
 *
 * @throws {DataFormatError} if the directory of the archive is missing or damaged
 */
export function readZip(bytes: Uint8Array, file: string): ZipEntry[] {
  const fail = (reason: string): never => {
    throw new DataFormatError({ file }, `Cannot unpack the zip archive as ${reason}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u64 = (at: number): number => {
    if (at < 0 || at + 8 > bytes.length) fail("its directory points outside of the file");
    return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  };
  let end = bytes.length - 22;
  for (const stop = Math.max(0, end - 65535); end >= stop && view.getUint32(end, true) !== 0x06054b50;) end--;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) fail("it has no directory: truncated or not a zip file");
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (end >= 20 && view.getUint32(end - 20, true) === 0x07064b50) {
    const end64 = u64(end - 12);
    if (end64 + 56 > bytes.length || view.getUint32(end64, true) !== 0x06064b50) fail("its zip64 directory is damaged");
    count = u64(end64 + 32);
    at = u64(end64 + 48);
  }
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
      fail(`entry ${i} of its directory is damaged`);
    }
    const method = view.getUint16(at + 10, true), crc = view.getUint32(at + 16, true);
    let packed = view.getUint32(at + 20, true), size = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true), extraLength = view.getUint16(at + 30, true);
    let local = view.getUint32(at + 42, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) fail(`entry ${i} of its directory is cut short`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    for (let extra = at + 46 + nameLength, stop = extra + extraLength; extra + 4 <= stop;) {
      let field = extra + 4;
      if (view.getUint16(extra, true) === 1) {
        // zip64: only the sizes that do not fit 32 bits are there, in this order
        if (size === 0xffffffff) (size = u64(field), field += 8);
        if (packed === 0xffffffff) (packed = u64(field), field += 8);
        if (local === 0xffffffff) (local = u64(field), field += 8);
      }
      extra += 4 + view.getUint16(extra + 2, true);
    }
    at = next;
    const read = (): Uint8Array => {
      if (local + 30 > bytes.length || view.getUint32(local, true) !== 0x04034b50) {
        fail(`the header of ${name} is damaged`);
      }
      const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      if (from + packed > bytes.length) fail(`${name} is truncated`);
      if (size > packed * 1032 + 64) fail(`${name} claims to unpack ${packed} bytes to ${size}`); // deflate's limit
      const data = bytes.subarray(from, from + packed);
      let out: Uint8Array;
      if (method === 0) out = data;
      else if (method === 8) {
        try {
          out = inflateSync(data, { out: new Uint8Array(size) });
        } catch (cause) {
          return fail(`${name} is damaged: ${(cause as Error).message}`);
        }
      } else return fail(`${name} is packed by method ${method}; want 0 (stored) or 8 (deflate)`);
      if (out.length !== size) fail(`${name} unpacks to ${out.length} bytes; want ${size}`);
      if (crc32(out) !== crc) fail(`the checksum of ${name} does not match`);
      return out;
    };
    entries.push({ name, bytes: size, read });
  }
  return entries;
}
