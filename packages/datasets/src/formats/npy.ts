import { DataFormatError, type DataPosition, quote } from "../errors.ts";

/** An array of a `.npy` file, with element access by flat C-order index. */
export interface NpyArray {
  /** Lengths of the axes. */
  readonly shape: readonly number[];
  /** NumPy's type, such as `<i4`. */
  readonly dtype: string;
  /** Element at `[row, column]` (2-D) or `[row]` (1-D, column 0); 64-bit integers beyond 2^53 lose low bits. */
  at(row: number, column: number): number;
}

const READERS: Record<string, { size: number; read: (view: DataView, at: number) => number }> = {
  b1: { size: 1, read: (v, at) => v.getUint8(at) },
  i1: { size: 1, read: (v, at) => v.getInt8(at) },
  u1: { size: 1, read: (v, at) => v.getUint8(at) },
  i2: { size: 2, read: (v, at) => v.getInt16(at, true) },
  u2: { size: 2, read: (v, at) => v.getUint16(at, true) },
  i4: { size: 4, read: (v, at) => v.getInt32(at, true) },
  u4: { size: 4, read: (v, at) => v.getUint32(at, true) },
  i8: { size: 8, read: (v, at) => v.getInt32(at + 4, true) * 2 ** 32 + v.getUint32(at, true) },
  u8: { size: 8, read: (v, at) => v.getUint32(at + 4, true) * 2 ** 32 + v.getUint32(at, true) },
  f4: { size: 4, read: (v, at) => v.getFloat32(at, true) },
  f8: { size: 8, read: (v, at) => v.getFloat64(at, true) },
};

/**
 * Reads a `.npy` file (versions 1 to 3) of one or two axes, little-endian numbers, C or Fortran order.
 *
 * @throws {DataFormatError} on anything else
 */
export function readNpy(bytes: Uint8Array, position: DataPosition): NpyArray {
  const fail = (reason: string): never => {
    throw new DataFormatError(position, `Cannot read an npy array as ${reason}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
    fail("it does not begin with \\x93NUMPY");
  }
  const version = bytes[6]!;
  if (version < 1 || version > 3) fail(`its version is ${version}; want 1, 2 or 3`);
  const start = version === 1 ? 10 : 12;
  const dataAt = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataAt > bytes.length) fail("its header is cut short");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, dataAt));
  const dtype = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1] ??
    fail(`its header names no simple type: ${quote(header)}`);
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1] ?? fail("its header names no order");
  const shapeText = /'shape'\s*:\s*\(([0-9, ]*)\)/.exec(header)?.[1] ?? fail("its header names no shape");
  const shape = shapeText.split(",").map((part) => part.trim()).filter((part) => part !== "").map(Number);
  if (shape.length < 1 || shape.length > 2) fail(`it has ${shape.length} axes; want 1 or 2`);
  const reader = (/^[<|=]/.test(dtype) && READERS[dtype.slice(1)]) ||
    fail(`its type is ${quote(dtype)}; want a little-endian number`);
  const [rows = 0, columns = 1] = shape;
  const want = rows * columns * reader.size;
  if (want !== bytes.length - dataAt) {
    fail(`it holds ${bytes.length - dataAt} bytes of data; want ${want} for (${shape})`);
  }
  const rowStep = fortran === "True" ? reader.size : reader.size * columns;
  const columnStep = fortran === "True" ? reader.size * rows : reader.size;
  const { read } = reader;
  return { shape, dtype, at: (row, column) => read(view, dataAt + row * rowStep + column * columnStep) };
}
