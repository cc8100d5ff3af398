/**
 * zfp from the system, fixed accuracy, one thread.
 *
 * @module
 */
import { openLibrary } from "./library.ts";

/** Dimensions of a field: elements per row, rows; 0 rows for a sequence. */
export type FieldShape = readonly [nx: number, ny: number];

/** zfp on fields of f32. */
export interface Zfp {
  readonly name: string;
  /**
   * @param header Also dimensions, type and mode, as a file has them; the bytes alone do not tell.
   * @returns Bytes that may be lost with the next call.
   */
  encode(
    values: Float32Array<ArrayBuffer>,
    shape: FieldShape,
    tolerance: number,
    header?: boolean,
  ): Uint8Array<ArrayBuffer>;
  /** @throws {Error} zfp refuses the bytes, or they have another shape or type than they should */
  decode(
    bytes: Uint8Array<ArrayBuffer>,
    out: Float32Array<ArrayBuffer>,
    shape: FieldShape,
    tolerance: number,
    header?: boolean,
  ): void;
}

/** What to install. */
export const ZFP_MISSING = "zfp: apt-get install -y libzfp1";
const FLOAT = 3, FULL_HEADER = 7;

/** Opens it; `undefined` where there is no libzfp. */
export function openZfp(): Zfp | undefined {
  const library = openLibrary(["libzfp.so.1", "libzfp.so", "libzfp.1.dylib"], {
    zfp_library_version: { type: "u32" },
    zfp_field_1d: { parameters: ["buffer", "i32", "usize"], result: "pointer" },
    zfp_field_2d: { parameters: ["buffer", "i32", "usize", "usize"], result: "pointer" },
    zfp_field_size: { parameters: ["pointer", "buffer"], result: "usize" },
    zfp_field_type: { parameters: ["pointer"], result: "i32" },
    zfp_field_free: { parameters: ["pointer"], result: "void" },
    zfp_stream_open: { parameters: ["pointer"], result: "pointer" },
    zfp_stream_set_accuracy: { parameters: ["pointer", "f64"], result: "f64" },
    zfp_stream_maximum_size: { parameters: ["pointer", "pointer"], result: "usize" },
    zfp_stream_set_bit_stream: { parameters: ["pointer", "pointer"], result: "void" },
    zfp_stream_rewind: { parameters: ["pointer"], result: "void" },
    stream_open: { parameters: ["buffer", "usize"], result: "pointer" },
    stream_close: { parameters: ["pointer"], result: "void" },
    zfp_write_header: { parameters: ["pointer", "pointer", "u32"], result: "usize" },
    zfp_read_header: { parameters: ["pointer", "pointer", "u32"], result: "usize" },
    zfp_compress: { parameters: ["pointer", "pointer"], result: "usize" },
    zfp_decompress: { parameters: ["pointer", "pointer"], result: "usize" },
  });
  if (!library) return undefined;
  const zfp = library.symbols, stream = zfp.zfp_stream_open(null), version = zfp.zfp_library_version;
  let room = new Uint8Array(0);
  const fieldOf = (values: Float32Array<ArrayBuffer>, [nx, ny]: FieldShape) =>
    ny === 0 ? zfp.zfp_field_1d(values, FLOAT, BigInt(nx)) : zfp.zfp_field_2d(values, FLOAT, BigInt(nx), BigInt(ny));
  const attached = <R>(bytes: Uint8Array<ArrayBuffer>, work: () => R): R => {
    const bits = zfp.stream_open(bytes, BigInt(bytes.length));
    zfp.zfp_stream_set_bit_stream(stream, bits);
    zfp.zfp_stream_rewind(stream);
    try {
      return work();
    } finally {
      zfp.stream_close(bits);
    }
  };
  return {
    name: `zfp ${version >> 12}.${(version >> 8) & 15}.${(version >> 4) & 15}`,
    encode(values, shape, tolerance, header = false) {
      const field = fieldOf(values, shape);
      zfp.zfp_stream_set_accuracy(stream, tolerance);
      const most = Number(zfp.zfp_stream_maximum_size(stream, field));
      if (room.length < most) room = new Uint8Array(most);
      const length = attached(room, () => {
        if (header) zfp.zfp_write_header(stream, field, FULL_HEADER);
        return Number(zfp.zfp_compress(stream, field));
      });
      zfp.zfp_field_free(field);
      return room.subarray(0, length);
    },
    decode(bytes, out, shape, tolerance, header = false) {
      const field = fieldOf(out, shape);
      zfp.zfp_stream_set_accuracy(stream, tolerance);
      const sizes = new BigUint64Array(4);
      const read = attached(bytes, () => {
        if (header) {
          if (zfp.zfp_read_header(stream, field, FULL_HEADER) === 0n) return 0n;
          // An attentive caller looks before zfp writes.
          zfp.zfp_field_size(field, sizes);
          if (sizes[0] !== BigInt(shape[0]) || sizes[1] !== BigInt(shape[1]) || sizes[2] !== 0n) return 0n;
          if (zfp.zfp_field_type(field) !== FLOAT) return 0n;
        }
        return zfp.zfp_decompress(stream, field);
      });
      zfp.zfp_field_free(field);
      if (read === 0n) throw new Error(`zfp refuses ${bytes.length} bytes`);
    },
  };
}
