/**
 * Files of ROBE arrays, version 1: safetensors with the array as `robe.weight` (F32 or F16, `[M]`), the optimizer's states
 * as `robe.state.<name>` (F32) and these strings as metadata:
 *
 * | key | value |
 * | --- | --- |
 * | `format`, `version` | `robe-array`, `1` |
 * | `hash`, `seed`, `blockSize`, `align`, `sign`, `size` | the layout |
 * | `dtype`, `step` | `f32` or `f16`; updates so far |
 * | `tables` | JSON: `RobeTableData[]` |
 * | `optimizer` | JSON, absent for inference only |
 * | `golden` | JSON: 16 times `{ table, id, block, start, signs }`, which readers recompute |
 * | `checksum` | MurmurHash3_x86_32, in hexadecimal, of all bytes behind the header; its seed is the same hash (seed 0) of all other keys, sorted, each as `key 00 value 00` in UTF-8 |
 *
 * @module
 */
import {
  decodeSafetensors,
  headerLength,
  layoutSafetensors,
  type SafeTensor,
  type SafetensorsFile,
} from "@pocketrec/compute/safetensors";
import { CorruptModelError } from "../errors.ts";
import type { RobeHash, RobeLayoutOptions } from "../layout.ts";
import { goldenFault, goldenVector } from "./golden.ts";
import { checkModel, type RobeModelData, type RobeTableData, STATE } from "./model_data.ts";
import { murmur3 } from "./murmur3.ts";

export type { RobeModelData, RobeTableData } from "./model_data.ts";

const FORMAT = "robe-array", VERSION = "1", WEIGHT = "robe.weight";
const DTYPES = { f32: "F32", f16: "F16" } as const;

/**
 * Encodes an array as a file; see the module's text for its form. Equal data give equal bytes.
 *
 * @throws {RangeError} where parts of the data do not fit each other, naming the part
 */
export function encodeRobeFile(model: RobeModelData): Uint8Array<ArrayBuffer> {
  const { layout, dtype, tables, weight, states, optimizer, step } = model;
  const checked = checkModel(model, (reason) => new RangeError(`Cannot write a ROBE array as ${reason}`));
  const tensors: Record<string, SafeTensor> = {
    [WEIGHT]: { dtype: DTYPES[dtype], shape: [weight.length], data: weight },
  };
  for (const [name, data] of Object.entries(states)) tensors[name] = { dtype: "F32", shape: [data.length], data };
  const { hash, seed, blockSize, align, sign, size } = layout;
  const numbers = { seed, blockSize, align, sign, size, step };
  const metadata: Record<string, string> = {
    format: FORMAT,
    version: VERSION,
    hash,
    dtype,
    ...Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, String(value)])),
    tables: JSON.stringify(tables.map(ordered)),
    golden: JSON.stringify(goldenVector(checked, tables)),
    ...(optimizer ? { optimizer: JSON.stringify(optimizer) } : {}),
  };
  // The header's length does not depend on the checksum's digits.
  const { header, places, byteLength } = layoutSafetensors(tensors, { ...metadata, checksum: "00000000" });
  const bytes = new Uint8Array(byteLength);
  for (const [name, { begin }] of places) {
    const { buffer, byteOffset, byteLength } = tensors[name]!.data;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), begin);
  }
  const checksum = checksumOf(metadata, bytes.subarray(header.length));
  bytes.set(layoutSafetensors(tensors, { ...metadata, checksum }).header);
  return bytes;
}

/**
 * Decodes a file. Its arrays share `bytes` where the alignment allows it.
 *
 * @throws {CorruptModelError} where it is no file of an array, of another version, damaged, or hashed in a way that this
 *   build does not reproduce
 */
export function decodeRobeFile(bytes: Uint8Array): RobeModelData {
  let file: SafetensorsFile;
  try {
    file = decodeSafetensors(bytes);
  } catch (cause) {
    throw refuse(`it is no intact safetensors file: ${(cause as Error).message}`, cause);
  }
  const { metadata } = file;
  if (metadata["format"] !== FORMAT) throw refuse(`its format is ${quote(metadata["format"])}: want "${FORMAT}"`);
  if (metadata["version"] !== VERSION) throw refuse(`its version is ${quote(metadata["version"])}: want "${VERSION}"`);
  const model = readModel(file);
  const layout = checkModel(model, refuse);
  const fault = goldenFault(layout, model.tables, parse(metadata, "golden"));
  if (fault) throw refuse(fault);
  const checksum = checksumOf(metadata, bytes.subarray(8 + headerLength(bytes, bytes.length)));
  if (metadata["checksum"] !== checksum) {
    throw refuse(`its checksum is ${quote(metadata["checksum"])}: its contents have "${checksum}"`);
  }
  return model;
}

function readModel({ tensors, metadata }: SafetensorsFile): RobeModelData {
  const { hash, dtype, sign } = metadata;
  if (sign !== "true" && sign !== "false") throw refuse(`its sign is ${quote(sign)}: want "true" or "false"`);
  const layout: Required<RobeLayoutOptions> = {
    size: whole(metadata, "size"),
    blockSize: whole(metadata, "blockSize"),
    align: whole(metadata, "align") as 1 | 4 | 8,
    sign: sign === "true",
    hash: hash as RobeHash, // checked with the layout
    seed: whole(metadata, "seed"),
  };
  if (dtype !== "f32" && dtype !== "f16") throw refuse(`its dtype is ${quote(dtype)}: want "f32" or "f16"`);
  const weight = tensors.get(WEIGHT);
  if (!weight) throw refuse(`it has no tensor "${WEIGHT}"`);
  if (weight.dtype !== DTYPES[dtype]) {
    throw refuse(`"${WEIGHT}" is of ${weight.dtype}: want ${DTYPES[dtype]} for dtype ${dtype}`);
  }
  const states: [string, Float32Array][] = [];
  for (const [name, tensor] of tensors) {
    if (tensor.shape.length !== 1) throw refuse(`"${name}" is of [${tensor.shape}]: want one dimension`);
    if (name === WEIGHT) continue;
    if (!name.startsWith(STATE)) throw refuse(`it has a tensor "${name}": want "${WEIGHT}" and "${STATE}..."`);
    if (tensor.dtype !== "F32") throw refuse(`"${name}" is of ${tensor.dtype}: want F32`);
    states.push([name, tensor.data as Float32Array]);
  }
  const tables = parse(metadata, "tables");
  if (!Array.isArray(tables) || !tables.every(isObject)) throw refuse("its tables are no JSON array of objects");
  const optimizer = metadata["optimizer"] === undefined ? undefined : parse(metadata, "optimizer");
  if (optimizer !== undefined && !isObject(optimizer)) throw refuse("its optimizer is no JSON object");
  return {
    layout,
    dtype,
    tables: (tables as RobeTableData[]).map(ordered),
    weight: weight.data as Float32Array | Uint16Array,
    states: Object.fromEntries(states),
    ...(optimizer ? { optimizer } : {}),
    step: whole(metadata, "step"),
  };
}

/** A table with the fields of this version, in their order. */
function ordered(table: RobeTableData): RobeTableData {
  const { name, index, numEmbeddings, dim, scale, mode, bounds, paddingIdx } = table;
  return {
    name,
    index,
    numEmbeddings,
    dim,
    scale,
    mode,
    ...(bounds === undefined ? {} : { bounds }),
    ...(paddingIdx === undefined ? {} : { paddingIdx }),
  };
}

/** Eight hexadecimal digits; see the module's text. */
function checksumOf(metadata: Readonly<Record<string, string>>, data: Uint8Array): string {
  const keys = Object.keys(metadata).filter((key) => key !== "checksum").sort();
  const text = keys.map((key) => `${key}\0${metadata[key]}\0`).join("");
  return murmur3(data, murmur3(new TextEncoder().encode(text), 0)).toString(16).padStart(8, "0");
}

function refuse(reason: string, cause?: unknown): CorruptModelError {
  return new CorruptModelError(`Cannot load a ROBE array as ${reason}`, cause === undefined ? {} : { cause });
}

function quote(value: string | undefined): string {
  return value === undefined ? "missing" : JSON.stringify(value.slice(0, 80));
}

function whole(metadata: Readonly<Record<string, string>>, key: string): number {
  const text = metadata[key];
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) {
    throw refuse(`its ${key} is ${quote(text)}: want a whole number`);
  }
  return Number(text);
}

function parse(metadata: Readonly<Record<string, string>>, key: string): unknown {
  try {
    return JSON.parse(metadata[key] ?? "");
  } catch (cause) {
    throw refuse(`its ${key} is no JSON: ${quote(metadata[key])}`, cause);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
