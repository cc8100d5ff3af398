/**
 * Bytes of a preprocessor, little-endian: "PRPP", version, mode, 13 x 4 float64; per category its rows (hash) or
 * modulo, size, place of "missing" and values; XXH32 of everything before it.
 *
 * @module
 */
import { DataFormatError } from "../errors.ts";
import { xxh32 } from "../hash.ts";
import { CATEGORIES, DENSE_FEATURES } from "../layout.ts";
import { U32Dictionary } from "../u32_dictionary.ts";
import { type CategoryMap, HashMapping, VocabularyMap } from "./category_map.ts";
import type { DenseColumn } from "./dense_transform.ts";
import type { PreprocessorState } from "./preprocessor.ts";

const MAGIC = 0x50505250; // "PRPP"
const VERSION = 1;
const MODES = ["frequency", "dlrm", "hash"] as const;
const FIXED = 12 + DENSE_FEATURES * 32;

/** Serialises a preprocessor. */
export function encodePreprocessor(state: PreprocessorState): Uint8Array<ArrayBuffer> {
  let size = FIXED + 4;
  for (const map of state.categories) size += map instanceof VocabularyMap ? 12 + 4 * map.vocabulary.size : 4;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const u32 = (value: number) => (view.setUint32(at, value, true), at += 4);
  u32(MAGIC);
  u32(VERSION);
  u32(MODES.indexOf(state.mode));
  for (const column of state.dense) {
    for (const value of [column.mean, column.scale, column.low, column.high]) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  for (const map of state.categories) {
    if (!(map instanceof VocabularyMap)) {
      u32(map.rows);
      continue;
    }
    u32(map.modulo);
    u32(map.vocabulary.size);
    u32(map.vocabulary.missingId >>> 0);
    for (const value of map.vocabulary.values) u32(value);
  }
  u32(xxh32(bytes.subarray(0, at)));
  return bytes;
}

/** Reads a preprocessor. @throws {DataFormatError} on anything but undamaged bytes of a known version */
export function decodePreprocessor(bytes: Uint8Array, name: string): PreprocessorState {
  const fail = (reason: string): never => {
    throw new DataFormatError({ file: name }, `Cannot read a preprocessor as ${reason}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FIXED + 4) fail(`it ends after ${bytes.length} bytes; want at least ${FIXED + 4}`);
  if (view.getUint32(0, true) !== MAGIC) fail("it does not begin with PRPP");
  if (view.getUint32(4, true) !== VERSION) fail(`its version is ${view.getUint32(4, true)}; want ${VERSION}`);
  const end = bytes.length - 4;
  const sum = xxh32(bytes.subarray(0, end));
  if (sum !== view.getUint32(end, true)) fail(`its checksum is ${sum}; want ${view.getUint32(end, true)}`);
  const mode = MODES[view.getUint32(8, true)] ?? fail(`its mode is unknown: ${view.getUint32(8, true)}`);
  let at = 12;
  const dense = Array.from({ length: DENSE_FEATURES }, (): DenseColumn => {
    const [mean, scale, low, high] = [0, 8, 16, 24].map((offset) => view.getFloat64(at + offset, true));
    at += 32;
    if (![mean, scale, low, high].every(Number.isFinite)) fail("a dense parameter is not finite");
    return { mean: mean!, scale: scale!, low: low!, high: high! };
  });
  const u32 = (): number => {
    if (at + 4 > end) fail("a vocabulary is cut short");
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const categories = Array.from({ length: CATEGORIES }, (_, column): CategoryMap => {
    if (mode === "hash") {
      const rows = u32();
      return rows === 0 ? fail("a table has no rows") : new HashMapping(rows, column);
    }
    const modulo = u32(), size = u32(), missing = u32() | 0;
    if (size * 4 > end - at) fail(`a vocabulary of ${size} values does not fit the file`);
    if (missing < -1 || missing >= size) fail(`the place of "missing" is ${missing}; want -1..${size - 1}`);
    const values = Uint32Array.from({ length: size }, u32);
    let vocabulary: U32Dictionary;
    try {
      vocabulary = U32Dictionary.from(values, missing);
    } catch {
      return fail("a vocabulary holds a value twice");
    }
    const dlrm = mode === "dlrm";
    return new VocabularyMap(vocabulary, { modulo, first: dlrm ? 0 : 1, missingIsZero: dlrm });
  });
  if (at !== end) fail(`${end - at} bytes are left over`);
  return { mode, dense, categories };
}
