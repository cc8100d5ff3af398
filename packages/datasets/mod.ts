/**
 * Click-through-rate data: readers, preprocessing, splits, batches and a learnable synthetic log. This entry works on
 * bytes and streams in any runtime; files, folders, caches and workers are in `@pocketrec/datasets/node`.
 *
 * ```ts
 * import { openSynthetic } from "@pocketrec/datasets";
 *
 * await using data = await openSynthetic({ rows: 1000 });
 * for await (const batch of data.train.batches({ batchSize: 128, shuffle: { seed: 1, epoch: 0 } })) {
 *   batch.dense; // Float32Array [128, 13]
 *   batch.ids; // Uint32Array [128, 26]
 * }
 * ```
 *
 * @module
 */
export * from "./src/build_dataset.ts";
export * from "./src/dataset.ts";
export * from "./src/errors.ts";
export * from "./src/formats/bad_rows.ts";
export { CriteoBinParser } from "./src/formats/criteo_bin.ts";
export * from "./src/formats/npz.ts";
export * from "./src/formats/parquet.ts";
export type { BlockSink, ReaderOptions, ReaderResult } from "./src/formats/reader.ts";
export * from "./src/formats/tsv.ts";
export * from "./src/layout.ts";
export * from "./src/permutation.ts";
export * from "./src/preprocess/category_map.ts";
export * from "./src/preprocess/dense_transform.ts";
export * from "./src/preprocess/preprocessor.ts";
export * from "./src/splits.ts";
export { openCtrStream, type StreamOptions } from "./src/stream_dataset.ts";
export * from "./src/synthetic/dataset.ts";
export * from "./src/synthetic/generator.ts";
export * from "./src/table.ts";
export * from "./src/u32_dictionary.ts";
