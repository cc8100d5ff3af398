/**
 * File walking for the tools.
 *
 * @module
 */

const skipped = new Set(["node_modules", "runs"]);

/**
 * Lists files under a folder, sorted, without hidden folders, `node_modules` and run folders.
 *
 * @param folder Where to start; paths in the result begin with it. An absent folder has no files.
 * @param accept Receives a file's base name and full path.
 * @returns Paths with forward slashes.
 */
export async function walkFiles(
  folder: string,
  accept: (name: string, path: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  async function visit(at: string): Promise<void> {
    let entries: Deno.DirEntry[];
    try {
      entries = await Array.fromAsync(Deno.readDir(at));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    for (const { name, isDirectory } of entries) {
      const path = at === "." ? name : `${at}/${name}`;
      if (isDirectory) {
        if (!name.startsWith(".") && !skipped.has(name)) await visit(path);
      } else if (accept(name, path)) found.push(path);
    }
  }
  await visit(folder);
  return found.sort();
}
