/**
 * ROBE arrays: one shared float array that serves every embedding table of a model (arXiv 2108.02191).
 *
 * @module
 */
export * from "./src/errors.ts";
export * from "./src/layout.ts";
export * from "./src/table_set.ts";
export { robeLookup } from "./src/lookup/robe_lookup.ts";
export { type RobeHostBags, robeLookupReference } from "./src/lookup/robe_lookup_reference.ts";
