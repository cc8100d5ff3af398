/**
 * Helpers for tests of models and embeddings: the conformance tests of embedding collections, the model in float64, and
 * the published shapes.
 *
 * Opens devices, so import it from tests only.
 *
 * @module
 */
export * from "./embedding_conformance.ts";
export * from "./reference_dlrm.ts";
export * from "./reference_shapes.ts";
