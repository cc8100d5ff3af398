/**
 * Click logs from files: `synthetic[:rows]` and `criteo:<file or folder>` opened by name, for Deno and Node.
 *
 * ```ts
 * import { openCtrDataset } from "@pocketrec/datasets/node";
 *
 * await using data = await openCtrDataset("synthetic:1000");
 * console.log(data.info.rows, data.info.bayesAuc);
 * ```
 *
 * @module
 */
export { openCtrDataset, type OpenOptions } from "./src/node/open.ts";
export { prefetch, type PrefetchOptions } from "./src/node/prefetch.ts";
export * from "./src/node/rows.ts";
export type { ReadProgress } from "./src/node/stage.ts";
