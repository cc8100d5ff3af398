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
export type { RobeIds } from "./src/array/ids.ts";
export type { RobeInput } from "./src/array/bags.ts";
export type { RobeDevice } from "./src/array/open_device.ts";
export type { RobeOptimizerConfig } from "./src/array/optimizer.ts";
export type { RobeOutputGroup, RobeOutputs } from "./src/array/robe_outputs.ts";
export type { RobeAccumulation, RobeDType } from "./src/array/robe_store.ts";
export { type BagOptions, RobeTable, type RobeTableInfo, type RobeTableOptions } from "./src/array/robe_table.ts";
export { RobeArray } from "./src/array/robe_array.ts";
export type { RobeGradients } from "./src/array/gradients.ts";
export type { RobeArrayOptions, RobeLoadOptions, RobeRunOptions } from "./src/array/options.ts";
export { type RobeSize, sizeForRatio, type SizeShape } from "./src/array/size.ts";
export type { RobeStats } from "./src/array/stats.ts";
export {
  RobeCollection,
  type RobeCollectionOptimizer,
  type RobeCollectionOptions,
} from "./src/collection/robe_collection.ts";
export { type RobeOptimizer, robeStateNames, robeStateShapes } from "./src/update/robe_optimizer.ts";
export { robeUpdate, type RobeUpdateOptions } from "./src/update/robe_update.ts";
export {
  type HostRobeGradient,
  type HostRobeTable,
  robeGradientReference,
  robeUpdateReference,
} from "./src/update/robe_update_reference.ts";
export type { RobeGradient } from "./src/update/update_plan.ts";
export { robeInteraction } from "./src/interaction/robe_interaction.ts";
export { robeInteractionReference } from "./src/interaction/robe_interaction_reference.ts";
