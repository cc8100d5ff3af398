/**
 * ROBE arrays: one shared float array that serves every embedding table of a model (arXiv 2108.02191).
 *
 * @module
 */
export * from "./src/errors.ts";
export * from "./src/layout.ts";
export type { AffineHash } from "./src/hash/affine.ts";
export * from "./src/table_set.ts";
export { robeLookup } from "./src/lookup/robe_lookup.ts";
export { type RobeHostBags, robeLookupReference } from "./src/lookup/robe_lookup_reference.ts";
export { decodeRobeFile, encodeRobeFile, type RobeModelData, type RobeTableData } from "./src/file/robe_file.ts";
export { type AuthorsLayout, type AuthorsTable, importAuthorsArray } from "./src/file/authors_array.ts";
