/**
 * Bundles of the package as applications make them.
 *
 * @module
 */
import * as esbuild from "esbuild";

/** How to bundle. */
export interface BundleOptions {
  /** A module relative to the package's folder. */
  readonly entry: string;
  /** Statements behind what it exports as `entry`. */
  readonly program?: string;
  /** Whether to shorten. */
  readonly minify?: boolean;
}

/** Bundles a module, and all that it imports, into one for any host; fails if it wants one that is not of the package. */
export async function bundlePackage({ entry, program, minify = false }: BundleOptions): Promise<Uint8Array> {
  const folder = new URL("../../", import.meta.url).pathname, path = JSON.stringify(`./${entry}`);
  const contents = program === undefined ? `export * from ${path};` : `import * as entry from ${path};\n${program}`;
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      format: "esm",
      target: "es2022",
      platform: "neutral",
      minify,
      write: false,
      logLevel: "silent",
    });
    return outputFiles[0]!.contents;
  } finally {
    await esbuild.stop();
  }
}
