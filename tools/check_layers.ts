/**
 * Checks the direction of imports (see ARCHITECTURE.md): `deno task lint:layers`. The table is in `layers/rules.ts`.
 *
 * @module
 */
import { walkFiles } from "./files.ts";
import { loadGraph } from "./layers/graph.ts";
import { checkCycles, checkDirection, checkIdentifiers, checkSpecifiers, type Finding } from "./layers/rules.ts";
import { repositoryRoot } from "./paths.ts";
import { readMembers } from "./workspace.ts";

/**
 * Runs all rules over a workspace.
 *
 * @param root Folder of the root `deno.json`.
 * @returns What is wrong, ordered by file and line.
 */
export async function checkLayers(root: string): Promise<Finding[]> {
  const members = await readMembers(root);
  const sources = new Map<string, string>();
  for (const { folder } of members) {
    const accept = (name: string, path: string) =>
      name.endsWith(".ts") && !name.endsWith(".as.ts") && !path.includes("/testdata/");
    for (const path of await walkFiles(`${root}/${folder}`, accept)) {
      sources.set(path.slice(root.length + 1), await Deno.readTextFile(path));
    }
  }
  const graph = await loadGraph(root, [...sources.keys()]);
  return [
    ...checkDirection(graph, members),
    ...checkCycles(graph),
    ...checkSpecifiers(graph, members),
    ...checkIdentifiers(graph, members, sources),
  ].sort((a, b) => a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1);
}

if (import.meta.main) {
  const findings = await checkLayers(repositoryRoot);
  for (const { file, line, message } of findings) console.error(`${file}:${line}: ${message}`);
  if (findings.length > 0) Deno.exit(1);
}
