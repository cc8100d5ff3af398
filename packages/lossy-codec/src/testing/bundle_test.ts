import { assertEquals } from "@std/assert";
import { bundlePackage } from "./_test_bundle.ts";

Deno.test({
  name: "the main entry imports nothing",
  // The bundler is a child process.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const bundle = await bundlePackage({ entry: "mod.ts", minify: true });
    assertEquals(/(?:\bimport|\bfrom)\s*["'(]/.test(new TextDecoder().decode(bundle)), false);
  },
});
