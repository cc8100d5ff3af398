/**
 * Codecs of bytes, which are given codes or the floats themselves: zstd and LZ4 from the system, fflate from npm.
 *
 * @module
 */
import { deflateSync, inflateSync } from "fflate";
import { openLibrary, textAt } from "./library.ts";

/** A codec of bytes. */
export interface LosslessCodec {
  /** With version and level. */
  readonly name: string;
  /** The result may be lost with the next call. */
  encode(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** @returns whether `out` was filled; a codec that throws has noticed what is wrong */
  decode(bytes: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>): boolean;
}

/** Those that are there, and what is missing. */
export interface LosslessPeers {
  readonly fast: LosslessCodec | undefined;
  readonly strong: LosslessCodec | undefined;
  readonly lz4: LosslessCodec | undefined;
  readonly deflate: LosslessCodec;
  /** What to install, a line each. */
  readonly missing: readonly string[];
}

/** Looks for all of them. */
export function openLossless(): LosslessPeers {
  const fast = zstd(3), strong = zstd(19), block = lz4();
  const missing = [
    ...(fast ? [] : ["zstd: apt-get install -y libzstd1"]),
    ...(block ? [] : ["LZ4: apt-get install -y liblz4-1"]),
  ];
  return { fast, strong, lz4: block, deflate: deflate(), missing };
}

/** zstd with a level, in one context; `undefined` where there is no libzstd. */
export function zstd(level: number, checksum = false): LosslessCodec | undefined {
  const library = openLibrary(["libzstd.so.1", "libzstd.so", "libzstd.1.dylib"], {
    ZSTD_versionString: { parameters: [], result: "pointer" },
    ZSTD_createCCtx: { parameters: [], result: "pointer" },
    ZSTD_createDCtx: { parameters: [], result: "pointer" },
    ZSTD_CCtx_setParameter: { parameters: ["pointer", "i32", "i32"], result: "usize" },
    ZSTD_compressBound: { parameters: ["usize"], result: "usize" },
    ZSTD_compress2: { parameters: ["pointer", "buffer", "usize", "buffer", "usize"], result: "usize" },
    ZSTD_decompressDCtx: { parameters: ["pointer", "buffer", "usize", "buffer", "usize"], result: "usize" },
    ZSTD_isError: { parameters: ["usize"], result: "u32" },
  });
  if (!library) return undefined;
  const zstd = library.symbols, encoder = zstd.ZSTD_createCCtx(), decoder = zstd.ZSTD_createDCtx();
  const LEVEL = 100, CHECKSUM = 201;
  zstd.ZSTD_CCtx_setParameter(encoder, LEVEL, level);
  zstd.ZSTD_CCtx_setParameter(encoder, CHECKSUM, Number(checksum));
  const room = growing();
  return {
    name: `zstd ${textAt(zstd.ZSTD_versionString())} -${level}`,
    encode(bytes) {
      const dst = room(Number(zstd.ZSTD_compressBound(BigInt(bytes.length))));
      const length = zstd.ZSTD_compress2(encoder, dst, BigInt(dst.length), bytes, BigInt(bytes.length));
      if (zstd.ZSTD_isError(length)) throw new Error(`zstd cannot compress ${bytes.length} bytes`);
      return dst.subarray(0, Number(length));
    },
    decode(bytes, out) {
      const length = zstd.ZSTD_decompressDCtx(decoder, out, BigInt(out.length), bytes, BigInt(bytes.length));
      if (zstd.ZSTD_isError(length)) throw new Error(`zstd refuses ${bytes.length} bytes`);
      return Number(length) === out.length;
    },
  };
}

/** LZ4, one block without frame; `undefined` where there is no liblz4. */
function lz4(): LosslessCodec | undefined {
  const library = openLibrary(["liblz4.so.1", "liblz4.so", "liblz4.1.dylib"], {
    LZ4_versionString: { parameters: [], result: "pointer" },
    LZ4_compressBound: { parameters: ["i32"], result: "i32" },
    LZ4_compress_default: { parameters: ["buffer", "buffer", "i32", "i32"], result: "i32" },
    LZ4_decompress_safe: { parameters: ["buffer", "buffer", "i32", "i32"], result: "i32" },
  });
  if (!library) return undefined;
  const lz4 = library.symbols, room = growing();
  return {
    name: `LZ4 ${textAt(lz4.LZ4_versionString())}`,
    encode(bytes) {
      const dst = room(lz4.LZ4_compressBound(bytes.length));
      return dst.subarray(0, lz4.LZ4_compress_default(bytes, dst, bytes.length, dst.length));
    },
    decode(bytes, out) {
      const length = lz4.LZ4_decompress_safe(bytes, out, bytes.length, out.length);
      if (length < 0) throw new Error(`LZ4 refuses ${bytes.length} bytes`);
      return length === out.length;
    },
  };
}

function deflate(): LosslessCodec {
  return {
    name: `fflate ${lockedVersion("fflate")} deflate -6`,
    encode: (bytes) => deflateSync(bytes, { level: 6 }) as Uint8Array<ArrayBuffer>,
    decode: (bytes, out) => inflateSync(bytes, { out }).length === out.length,
  };
}

/** Version of an npm package, from the lock file. */
function lockedVersion(name: string): string {
  const lock = JSON.parse(Deno.readTextFileSync(new URL("../../../deno.lock", import.meta.url)));
  const versions = Object.entries<string>(lock.specifiers).filter(([key]) => key.startsWith(`npm:${name}@`));
  return versions.at(-1)?.[1] ?? "";
}

/** Memory that is kept between calls. */
function growing(): (bytes: number) => Uint8Array<ArrayBuffer> {
  let buffer = new Uint8Array(0);
  return (bytes) => {
    if (buffer.length < bytes) buffer = new Uint8Array(bytes * 2);
    return buffer;
  };
}
