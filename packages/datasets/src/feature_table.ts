import { decodeBlock } from "./crow_block.ts";
import type { CtrBatch } from "./dataset.ts";
import { CATEGORIES, createRawBlock, DENSE_FEATURES, type RawBlock } from "./layout.ts";
import { type PreprocessOptions, Preprocessor } from "./preprocess/preprocessor.ts";
import { DenseStatistics } from "./preprocess/dense_transform.ts";
import type { RowRange } from "./splits.ts";
import type { BlockTable } from "./table.ts";

/** Blocks of `table` that overlap `range`, with the first row of each and the overlap in rows of the block. */
export function* overlappingBlocks(
  blockRows: readonly number[],
  range: RowRange,
): Generator<{ block: number; first: number; from: number; to: number }> {
  for (let block = 0, first = 0; block < blockRows.length && first < range.to; first += blockRows[block++]!) {
    const from = Math.max(0, range.from - first), to = Math.min(blockRows[block]!, range.to - first);
    if (from < to) yield { block, first, from, to };
  }
}

/** Fits a preprocessor to rows `range` of a table. */
export async function fitPreprocessor(
  table: BlockTable,
  range: RowRange,
  options: PreprocessOptions,
): Promise<Preprocessor> {
  const counts = table.dictionaries.map(({ values }) => new Uint32Array(values.length));
  const statistics = new DenseStatistics();
  let raw: RawBlock | undefined;
  for (const { block, from, to } of overlappingBlocks(table.summary.blockRows, range)) {
    raw = decodeBlock(await table.read(block), { file: "table", line: block + 1 }, raw ?? largest(table));
    statistics.add(raw, from, to);
    for (let column = 0; column < counts.length; column++) {
      const count = counts[column]!;
      for (let r = from, at = from * CATEGORIES + column; r < to; r++, at += CATEGORIES) count[raw.cats[at]!]!++;
    }
  }
  const columns = table.dictionaries.map((dictionary, i) => ({ ...dictionary, counts: counts[i]! }));
  return Preprocessor.fit(columns, statistics, options);
}

/** A scratch block that fits every block of a table. */
export function largest(table: BlockTable): RawBlock {
  return createRawBlock(table.summary.blockRows.reduce((a, b) => Math.max(a, b), 0));
}

/** A table seen through a preprocessor: blocks of model input. */
export class FeatureTable {
  /** Where the rows come from. */
  readonly table: BlockTable;
  /** What turns them into model input. */
  readonly preprocessor: Preprocessor;
  readonly #translations: readonly Uint32Array[];
  #scratch: RawBlock | undefined;

  /** A view of a table. @param table rows @param preprocessor fitted to this or another table */
  constructor(table: BlockTable, preprocessor: Preprocessor, translations?: readonly Uint32Array[]) {
    const { coding } = table.summary;
    if (coding.kind === "hash" && !(preprocessor.mode === "hash" && preprocessor.categories[0]!.rows === coding.rows)) {
      throw new TypeError(
        `Cannot use this preprocessor as the table's categories are hashed into ${coding.rows} rows: ` +
          `its mode is "${preprocessor.mode}" with ${preprocessor.categories[0]!.rows} rows in C1`,
      );
    }
    this.table = table;
    this.preprocessor = preprocessor;
    this.#translations = translations ??
      table.dictionaries.map(({ values, missingId }, c) => preprocessor.translate(c, values, missingId));
  }

  /** `[26]` final ids by stored id; empty under hash coding, where stored ids are final. */
  get translations(): readonly Uint32Array[] {
    return this.#translations;
  }

  /** Writes rows `[from, to)` of a block to `out` from row `at` on. @throws {DataFormatError} on a damaged block */
  async load(block: number, from: number, to: number, out: CtrBatch, at: number): Promise<void> {
    this.#scratch ??= largest(this.table);
    const raw = decodeBlock(await this.table.read(block), { file: "table", line: block + 1 }, this.#scratch);
    this.preprocessor.transformDense(raw, from, to, out.dense, at * DENSE_FEATURES);
    for (let column = 0; column < CATEGORIES; column++) {
      const ids = this.#translations[column];
      let source = from * CATEGORIES + column;
      for (let r = from, to2 = at * CATEGORIES + column; r < to; r++, source += CATEGORIES, to2 += CATEGORIES) {
        const id = raw.cats[source]!;
        out.ids[to2] = ids ? ids[id]! : id;
      }
    }
    for (let r = from; r < to; r++) out.labels[at + r - from] = raw.labels[r]!;
  }
}
