import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { bundlePackage } from "./_test_bundle.ts";

/** 30 KB. */
const LIMIT = 30_000;

Deno.test({
  name: `the main entry takes at most ${LIMIT} bytes, minified and compressed`,
  // The bundler is a child process.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const bundle = await bundlePackage({ entry: "mod.ts", minify: true });
    const { length } = gzipSync(bundle, { level: 9 });
    assert(
      length <= LIMIT,
      `The bundle has ${bundle.length} bytes minified and ${length} compressed: want at most ${LIMIT}`,
    );
  },
});

Deno.test({
  name: "bundles of the entries for browsers import nothing",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    for (const entry of ["mod.ts", "streams.ts", "messages.ts", "dual_level.ts"]) {
      const text = new TextDecoder().decode(await bundlePackage({ entry, minify: true }));
      const imports = /\bimport\s*[\w$("'{*]|\bfrom\s*["']|\brequire\s*\(/.exec(text);
      assertEquals(imports?.[0], undefined, `what ${entry} imports`);
    }
  },
});
