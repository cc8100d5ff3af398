/**
 * The header of a safetensors file: eight bytes of length (little-endian), then JSON that names every tensor's type,
 * shape and place behind the header.
 *
 * @module
 */
import { ARRAY_TYPES, type SafetensorsDType } from "./dtypes.ts";
import { SafetensorsError } from "./error.ts";
import { refuseDuplicateKeys } from "./json_keys.ts";

/** Longest header accepted, in bytes; the limit of the reference implementation. */
export const MAX_HEADER_BYTES = 100_000_000;

const METADATA = "__metadata__";

/** Type and shape of a tensor. */
export interface TensorSpec {
  /** Element type. */
  readonly dtype: SafetensorsDType;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
}

/** A tensor's type, shape and place in its file. */
export interface TensorPlace extends TensorSpec {
  /** First byte, counted from the start of the file. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

/** Header of a file about to be written: see {@linkcode layoutSafetensors}. */
export interface SafetensorsLayout {
  /** The file's first bytes, a multiple of eight. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** Tensors in file order, each directly behind the one before. */
  readonly places: ReadonlyMap<string, TensorPlace>;
  /** Length of the whole file. */
  readonly byteLength: number;
}

/** A parsed header. */
export interface SafetensorsHeader {
  /** Tensors in file order. */
  readonly places: ReadonlyMap<string, TensorPlace>;
  /** Free-form strings of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Lays out a file, for writing it piece by piece: `header`, then the bytes of each tensor of `places`, in order. The
 * bytes depend on names, types, shapes and metadata alone, not on the order of the arguments: wide types come first, so
 * that every tensor is aligned, then names in code-unit order.
 *
 * @throws {TypeError} for an unknown type or the reserved name `__metadata__`
 * @throws {RangeError} for a bad extent, or a header of more than 100 MB
 */
export function layoutSafetensors(
  specs: Readonly<Record<string, TensorSpec>>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsLayout {
  const entries = Object.entries(specs).map(([name, { dtype, shape }]) => {
    const type = Object.hasOwn(ARRAY_TYPES, dtype) ? ARRAY_TYPES[dtype] : undefined;
    if (!type) throw new TypeError(`Cannot write tensor "${name}" as its type is unknown: ${dtype}`);
    if (name === METADATA) throw new TypeError(`Cannot write a tensor named ${METADATA}: the name is reserved`);
    const elements = shape.reduce((product, extent) => product * extent, 1);
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) || !Number.isSafeInteger(elements * 8)) {
      throw new RangeError(`Cannot write tensor "${name}" of [${shape}]: want whole extents >= 0 and fewer elements`);
    }
    return { name, dtype, shape, width: type.BYTES_PER_ELEMENT, bytes: elements * type.BYTES_PER_ELEMENT };
  });
  entries.sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
  const json: [string, unknown][] = [];
  const sortedMetadata = Object.entries(metadata).sort(([a], [b]) => a < b ? -1 : 1);
  if (sortedMetadata.length > 0) json.push([METADATA, fromEntries(sortedMetadata)]);
  let end = 0;
  for (const { name, dtype, shape, bytes } of entries) {
    json.push([name, { dtype, shape, data_offsets: [end, end += bytes] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(fromEntries(json)));
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new RangeError(`Cannot write a safetensors header of ${length} bytes: want at most ${MAX_HEADER_BYTES}`);
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  const places = new Map<string, TensorPlace>();
  let at = header.length;
  for (const { name, dtype, shape, bytes } of entries) places.set(name, { dtype, shape, begin: at, end: at += bytes });
  return { header, places, byteLength: at };
}

/** `Object.fromEntries` that keeps even `__proto__` an own key. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/**
 * Reads the length of the header JSON from a file's first eight bytes.
 *
 * @param fileBytes length of the whole file
 * @throws {SafetensorsError}
 */
export function headerLength(first: Uint8Array, fileBytes: number): number {
  if (first.length < 8 || fileBytes < 8) {
    throw new SafetensorsError(
      `Cannot read a safetensors file of ${Math.min(first.length, fileBytes)} bytes: want >= 8`,
    );
  }
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    throw new SafetensorsError(`Cannot read a safetensors header of ${length} bytes: want at most ${MAX_HEADER_BYTES}`);
  }
  if (8 + length > fileBytes) {
    throw new SafetensorsError(`Cannot read a safetensors header of ${length} bytes: the file has ${fileBytes}`);
  }
  return length;
}

/**
 * Parses the header at the start of a file.
 *
 * @param bytes at least the file's first `8 + headerLength` bytes
 * @param fileBytes length of the whole file
 * @throws {SafetensorsError} for anything that is not exactly the format: tensors must fill the file behind the header
 *   without gap or overlap, and their bytes must fit type and shape
 */
export function parseHeader(bytes: Uint8Array, fileBytes: number = bytes.length): SafetensorsHeader {
  const length = headerLength(bytes, fileBytes);
  const start = 8 + length;
  let text: string, json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start));
    if (!text.startsWith("{")) throw new SyntaxError("it does not start with {");
    json = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError(`Cannot read the safetensors header: ${(cause as Error).message}`, { cause });
  }
  refuseDuplicateKeys(text);
  const metadata = Object.create(null) as Record<string, string>;
  const found: [string, TensorPlace][] = [];
  for (const [name, value] of Object.entries(json as Record<string, unknown>)) {
    if (name !== METADATA) {
      found.push([name, parsePlace(name, value, start, fileBytes)]);
      continue;
    }
    if (!isObject(value)) throw new SafetensorsError(`Cannot read ${METADATA}: want an object of strings`);
    for (const [key, item] of Object.entries(value)) {
      if (typeof item !== "string") throw new SafetensorsError(`Cannot read ${METADATA} "${key}": want a string`);
      metadata[key] = item;
    }
  }
  found.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let end = start;
  for (const [name, place] of found) {
    if (place.begin !== end) {
      throw new SafetensorsError(
        `Cannot place tensor "${name}" at byte ${place.begin - start} behind the header: want ${end - start}, ` +
          `directly after the one before`,
      );
    }
    end = place.end;
  }
  if (end !== fileBytes) {
    throw new SafetensorsError(`Cannot read a safetensors file of ${fileBytes} bytes: its tensors end at ${end}`);
  }
  return { places: new Map(found), metadata };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsePlace(name: string, value: unknown, start: number, fileBytes: number): TensorPlace {
  const fail = (reason: string) => new SafetensorsError(`Cannot read tensor "${name}" as ${reason}`);
  if (!isObject(value)) throw fail("its header entry is no object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(ARRAY_TYPES, dtype)) {
    throw fail(`its type is unknown: ${JSON.stringify(dtype)}; want one of ${Object.keys(ARRAY_TYPES).join(", ")}`);
  }
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0);
  if (!whole(shape)) throw fail(`its shape is ${JSON.stringify(shape)}: want whole numbers >= 0`);
  if (!whole(offsets) || offsets.length !== 2) {
    throw fail(`its data_offsets are ${JSON.stringify(offsets)}: want two whole numbers`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || start + end > fileBytes) {
    throw fail(`its data_offsets are [${begin}, ${end}]: want them ascending and at most ${fileBytes - start}`);
  }
  const { BYTES_PER_ELEMENT } = ARRAY_TYPES[dtype as SafetensorsDType];
  const bytes = shape.reduce((product, extent) => product * extent, BYTES_PER_ELEMENT);
  if (bytes !== end - begin) throw fail(`it has ${end - begin} bytes: want ${bytes} for ${dtype} [${shape}]`);
  return { dtype: dtype as SafetensorsDType, shape, begin: start + begin, end: start + end };
}
