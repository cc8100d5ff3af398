import { assertEquals } from "@std/assert";
import { bundlePackage } from "./_test_bundle.ts";

Deno.test({
  name: "the main entry makes one module that loads nothing else",
  // The bundler is a child process.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    // Bundling fails where it wants a module that is not of the package; what is left are imports at run time.
    const bundle = new TextDecoder().decode(await bundlePackage({ entry: "mod.ts", minify: true }));
    assertEquals(bundle.match(/\b(?:import|require)\s*\(|^import\b|;import\b/g), null);
  },
});
