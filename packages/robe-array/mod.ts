/**
 * ROBE arrays: one shared float array that serves every embedding table of a model (arXiv 2108.02191).
 *
 * @module
 */
export * from "./src/errors.ts";
export * from "./src/layout.ts";
