/**
 * The command line: arrays in NumPy's files, or as bare elements, to files of the codec and back.
 *
 * ```sh
 * alias codec='deno run --allow-read --allow-write jsr:@pocketrec/lossy-codec/cli'
 * codec compress embeddings.npy --rel 0.01     # to embeddings.npy.prlc
 * codec inspect embeddings.npy.prlc --chunks
 * codec decompress embeddings.npy.prlc --out restored.npy
 * codec bench embeddings.npy
 * ```
 *
 * @module
 */
import process from "node:process";
import { main } from "./src/cli/main.ts";

export { main };

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
