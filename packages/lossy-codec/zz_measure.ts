import * as esbuild from "esbuild";
import { gzipSync } from "node:zlib";
const entry = Deno.args[0] ?? "mod.ts";
const folder = new URL("./", import.meta.url).pathname;
const r = await esbuild.build({
  stdin: { contents: `export * from "./${entry}";`, resolveDir: folder },
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  minify: true,
  write: false,
  metafile: true,
});
const t = r.outputFiles[0]!.text;
const gz = (s: string | Uint8Array) => gzipSync(s, { level: 9 }).length;
const wasm = /"0061736d[0-9a-f]*"/.exec(t)?.[0] ?? /`AGFz[^`"]*|"AGFz[^"]*"/.exec(t)?.[0] ?? "";
console.log(
  "total",
  t.length,
  gz(t),
  "without wasm",
  t.length - wasm.length,
  gz(t.replace(wasm, "")),
  "wasm",
  wasm.length,
  gz(wasm),
);
if (Deno.args.includes("-v")) {
  const ins = Object.values(r.metafile!.outputs)[0]!.inputs;
  for (const [k, v] of Object.entries(ins).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)) {
    console.log(v.bytesInOutput.toString().padStart(7), k);
  }
}
await Deno.writeTextFile("/tmp/decode/out.js", t);
await esbuild.stop();
