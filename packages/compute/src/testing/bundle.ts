/**
 * Bundles modules of a checkout for hosts other than Deno.
 *
 * @module
 */

/** Paths, relative to `root` (a folder URL), of the test files that use the conformance helper. */
export async function conformanceFiles(root: URL): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(new URL(folder, root))) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) await walk(`${path}/`);
      else if (entry.name.endsWith("_test.ts")) {
        if (/\btestOnEachDevice\(/.test(await Deno.readTextFile(new URL(path, root)))) found.push(path);
      }
    }
  };
  for await (const member of Deno.readDir(new URL("packages/", root))) {
    if (member.isDirectory) await walk(`packages/${member.name}/src/`);
  }
  return found.sort();
}

/** Bundles the files into one module that sets `globalThis.conformance` to their suite. */
export function bundleForPage(root: URL, files: readonly string[]): Promise<string> {
  const loaders = files.map((file) => `${JSON.stringify(file)}: () => import(${JSON.stringify(new URL(file, root))})`);
  return bundle(
    root,
    `import { pageSuite } from ${JSON.stringify(new URL("./browser_page.ts", import.meta.url))};\n` +
      `globalThis.conformance = pageSuite({\n  ${loaders.join(",\n  ")}\n});\n`,
  );
}

/**
 * Bundles JavaScript text, and all that it imports, into one module with Deno's own bundler.
 *
 * @param root Folder of the workspace, whose import map holds
 * @throws {Error} with the bundler's words where it fails
 */
export async function bundle(root: URL, text: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "pocketrec_bundle_" });
  try {
    await Deno.writeTextFile(`${folder}/entry.js`, text);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--output", `${folder}/bundle.js`, `${folder}/entry.js`],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readTextFile(`${folder}/bundle.js`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
