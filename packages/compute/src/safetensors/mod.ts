/**
 * Reads and writes safetensors files, bytes in and bytes out.
 *
 * @module
 */
import { ARRAY_TYPES, type SafetensorsData } from "./dtypes.ts";
import { SafetensorsError } from "./error.ts";
import { layoutSafetensors, parseHeader, type TensorPlace, type TensorSpec } from "./header.ts";

export { halfToNumber, type SafetensorsData, type SafetensorsDType, toFloat32 } from "./dtypes.ts";
export { SafetensorsError } from "./error.ts";
export {
  headerLength,
  layoutSafetensors,
  MAX_HEADER_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type SafetensorsLayout,
  type TensorPlace,
  type TensorSpec,
} from "./header.ts";

/** A named tensor of a file. */
export interface SafeTensor extends TensorSpec {
  /** Elements, row-major. */
  readonly data: SafetensorsData;
}

/** A decoded file. */
export interface SafetensorsFile {
  /** The tensors by name, in file order. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** Free-form strings of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether elements are stored as typed arrays hold them. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Encodes tensors as one safetensors file. Equal content gives equal bytes, whatever the order of the arguments.
 *
 * @throws {TypeError} where the data's array type does not fit the dtype
 * @throws {RangeError} where the data's length does not fit the shape
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, SafeTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  requireLittleEndian();
  const layout = layoutSafetensors(tensors, metadata);
  const bytes = new Uint8Array(layout.byteLength);
  bytes.set(layout.header);
  for (const [name, place] of layout.places) bytes.set(tensorBytes(name, tensors[name]!, place), place.begin);
  return bytes;
}

/**
 * Decodes a safetensors file. The arrays share `bytes` where the alignment allows it and are copies elsewhere.
 *
 * @throws {SafetensorsError} where the bytes are not a well-formed file
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  requireLittleEndian();
  const { places, metadata } = parseHeader(bytes);
  const tensors = new Map<string, SafeTensor>();
  for (const [name, { dtype, shape, begin, end }] of places) {
    const Type = ARRAY_TYPES[dtype];
    const length = (end - begin) / Type.BYTES_PER_ELEMENT;
    const at = bytes.byteOffset + begin;
    const data = at % Type.BYTES_PER_ELEMENT === 0
      ? new Type(bytes.buffer, at, length)
      : new Type(bytes.slice(begin, end).buffer, 0, length);
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}

function tensorBytes(name: string, { dtype, data }: SafeTensor, place: TensorPlace): Uint8Array {
  const Type = ARRAY_TYPES[dtype];
  if (!(data instanceof Type)) {
    throw new TypeError(
      `Cannot write tensor "${name}" as its data does not fit ${dtype}: got ${data.constructor.name}`,
    );
  }
  if (data.byteLength !== place.end - place.begin) {
    const want = (place.end - place.begin) / Type.BYTES_PER_ELEMENT;
    throw new RangeError(
      `Cannot write tensor "${name}" of [${place.shape}] from ${data.length} elements: want ${want}`,
    );
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function requireLittleEndian(): void {
  if (!LITTLE_ENDIAN) throw new SafetensorsError("Cannot use safetensors on a big-endian host");
}
