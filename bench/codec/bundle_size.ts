/**
 * Size of the codec's main entry in a web page, minified and compressed, beside the 30,000 bytes that it should take:
 * `deno run -A bench/codec/bundle_size.ts`. Exits 1 where it takes more.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const GOAL = 30_000;

const { outputFiles } = await esbuild.build({
  entryPoints: [fileURLToPath(new URL("../../packages/lossy-codec/mod.ts", import.meta.url))],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
await esbuild.stop();
const bundle = outputFiles[0]!.contents, { length } = gzipSync(bundle, { level: 9 });
console.log(
  `${bundle.length} bytes minified, ${length} compressed; wanted at most ${GOAL}: ${length <= GOAL ? "met" : "missed"}`,
);
if (length > GOAL) Deno.exitCode = 1;
