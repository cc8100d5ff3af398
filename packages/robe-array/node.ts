/**
 * ROBE arrays in files, for Deno, Node and Bun.
 *
 * ```ts
 * import { RobeArray } from "@pocketrec/robe-array";
 * import { loadRobeArray, saveRobeArray } from "@pocketrec/robe-array/node";
 *
 * using robe = await RobeArray.create({ device: "cpu", size: { bytes: 4096 } });
 * robe.addTable({ name: "user", numEmbeddings: 1000, dim: 16 });
 * const path = `${await Deno.makeTempDir()}/robe.safetensors`;
 * await saveRobeArray(robe, path);
 * using loaded = await loadRobeArray(path, { device: "cpu" });
 * console.log(await loaded.row("user", 42));
 * ```
 *
 * @module
 */
export { loadRobeArray, saveRobeArray } from "./src/node/files.ts";
