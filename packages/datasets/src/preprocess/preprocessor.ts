import type { CtrBatch, CtrSchema } from "../dataset.ts";
import { createBatch } from "../dataset.ts";
import { CATEGORIES, CATEGORY_NAMES, DENSE_FEATURES, type RawBlock } from "../layout.ts";
import { U32Dictionary } from "../u32_dictionary.ts";
import { type CategoryMap, HashMapping, VocabularyMap } from "./category_map.ts";
import { type DenseColumn, dlrmDense, standardise } from "./dense_transform.ts";
import { decodePreprocessor, encodePreprocessor } from "./preprocessor_bytes.ts";

/** How raw rows become features. */
export interface PreprocessOptions {
  /**
   * "frequency" (default): values seen at least `minCount` times in the fitted rows have ids of their own, the most
   * frequent first, and index 0 is shared by all others; robust standardised integers. "dlrm": facebookresearch/dlrm's dictionaries and logarithm,
   * exactly. "hash": ids by hashing into `hashRows` rows, integers as in "frequency".
   */
  mode?: "frequency" | "dlrm" | "hash";
  /** "frequency": occurrences from which a value counts as known. Default 2. */
  minCount?: number;
  /** "frequency" and "hash": clip standardised integers at so many deviations. Default 3. */
  clipSigma?: number;
  /** "dlrm": values modulo this number before the dictionary (upstream's --max-ind-range); 0 (default) = as they are. */
  maxIndRange?: number;
  /** "hash": rows of every table. */
  hashRows?: number;
}

/** Everything a preprocessor is made of. */
export interface PreprocessorState {
  /** See {@linkcode PreprocessOptions.mode}. */
  readonly mode: "frequency" | "dlrm" | "hash";
  /** `[13]`; unused by "dlrm". */
  readonly dense: readonly DenseColumn[];
  /** `[26]`. */
  readonly categories: readonly CategoryMap[];
}

/** The distinct values of one column in order of first appearance, and how often each occurs in the fitted rows. */
export interface ColumnValues {
  /** Values; the one at `missingId` stands for "missing". */
  readonly values: Uint32Array;
  /** Place of "missing", or -1. */
  readonly missingId: number;
  /** Occurrences within the fitted rows. */
  readonly counts: Uint32Array;
}

/**
 * The fitted transform from raw rows to model input. One object serves training, prediction and serving, so they cannot
 * differ; {@linkcode Preprocessor.toBytes} stores it beside the model.
 */
export class Preprocessor {
  /** See {@linkcode PreprocessOptions.mode}. */
  readonly mode: "frequency" | "dlrm" | "hash";
  /** Widths of what {@linkcode Preprocessor.transform} produces. */
  readonly schema: CtrSchema;
  /** `[13]` parameters of the integer columns; unused by "dlrm". */
  readonly dense: readonly DenseColumn[];
  /** `[26]` maps of the categorical columns. */
  readonly categories: readonly CategoryMap[];

  /** A transform of known parts. @param state parts, as fitted or read back */
  constructor(state: PreprocessorState) {
    this.mode = state.mode;
    this.dense = state.dense;
    this.categories = state.categories;
    this.schema = {
      denseFeatures: DENSE_FEATURES,
      tables: state.categories.map((map, i) => ({ name: CATEGORY_NAMES[i]!, rows: map.rows })),
    };
  }

  /** Builds the transform from statistics of the fitted rows. @throws {RangeError} on impossible options */
  static fit(
    columns: readonly ColumnValues[],
    statistics: { columns(clipSigma: number): DenseColumn[] },
    options: PreprocessOptions = {},
  ): Preprocessor {
    const { mode = "frequency", minCount = 2, clipSigma = 3, maxIndRange = 0, hashRows = 0 } = options;
    const dense = statistics.columns(clipSigma);
    const categories = Array.from({ length: CATEGORIES }, (_, column): CategoryMap => {
      if (mode === "hash") return new HashMapping(hashRows, column);
      const { values, missingId, counts } = columns[column]!;
      const vocabulary = new U32Dictionary();
      if (mode === "dlrm") {
        for (let i = 0; i < values.length; i++) {
          vocabulary.add(i === missingId ? 0 : maxIndRange > 0 ? values[i]! % maxIndRange : values[i]!);
        }
        return new VocabularyMap(vocabulary, { modulo: maxIndRange, first: 0, missingIsZero: true });
      }
      for (const i of byFrequency(counts)) {
        if (counts[i]! < minCount) break;
        if (i === missingId) vocabulary.addMissing();
        else vocabulary.add(values[i]!);
      }
      return new VocabularyMap(vocabulary, { modulo: 0, first: 1, missingIsZero: false });
    });
    return new Preprocessor({ mode, dense, categories });
  }

  /** Reads what {@linkcode Preprocessor.toBytes} wrote. @throws {DataFormatError} on damaged bytes */
  static fromBytes(bytes: Uint8Array, name = "preprocessor"): Preprocessor {
    return new Preprocessor(decodePreprocessor(bytes, name));
  }

  /** Serialises: magic, version, parameters, vocabularies, checksum. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return encodePreprocessor(this);
  }

  /** Model input for rows `[from, to)` of a raw block. */
  transform(block: RawBlock, from = 0, to: number = block.rows): CtrBatch {
    const batch = createBatch(to - from, this.schema);
    this.transformDense(block, from, to, batch.dense, 0);
    for (let column = 0; column < CATEGORIES; column++) {
      const map = this.categories[column]!;
      for (let r = from, at = column; r < to; r++, at += CATEGORIES) {
        const missing = ((block.catMissing[r]! >>> column) & 1) !== 0;
        batch.ids[at] = map.id(block.cats[r * CATEGORIES + column]!, missing);
      }
    }
    for (let r = from; r < to; r++) batch.labels[r - from] = block.labels[r]!;
    return batch;
  }

  /** The dense half of {@linkcode Preprocessor.transform}: writes `[to - from, 13]` into `out` from element `at` on. */
  transformDense(block: RawBlock, from: number, to: number, out: Float32Array, at: number): void {
    const dlrm = this.mode === "dlrm";
    for (let r = from; r < to; r++) {
      const missing = block.intMissing[r]!;
      for (let c = 0; c < DENSE_FEATURES; c++, at++) {
        if ((missing >>> c) & 1) out[at] = 0;
        else {
          const x = block.ints[r * DENSE_FEATURES + c]!;
          out[at] = dlrm ? dlrmDense(x) : standardise(x, this.dense[c]!);
        }
      }
    }
  }

  /** Final ids of the values of a dictionary of one column, by position: a table for bulk translation. */
  translate(column: number, values: Uint32Array, missingId: number): Uint32Array<ArrayBuffer> {
    const map = this.categories[column]!;
    const ids = new Uint32Array(values.length);
    for (let i = 0; i < values.length; i++) ids[i] = map.id(values[i]!, i === missingId);
    return ids;
  }
}

/**
 * Indices by descending count, ties in their own order. Frequent values next to each other share cache lines and pages,
 * and under `id mod rows` the hot ones never meet.
 */
function byFrequency(counts: Uint32Array): Uint32Array {
  const n = counts.length;
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  // One number per entry, exact in a double (fewer than 2^53 = distinct values x rows), sorts far faster than a comparator.
  const keys = Float64Array.from(counts, (count, i) => (most - count) * n + i).sort();
  return Uint32Array.from(keys, (key) => key % n);
}
