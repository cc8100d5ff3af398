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
    assertEquals(
      /(?:\bimport|\bfrom)\s*["'(]/.test(new TextDecoder().decode(bundle)),
      false,
      "the bundle imports something",
    );
  },
});
