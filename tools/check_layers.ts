/**
 * Checks the direction of imports (see ARCHITECTURE.md): `deno task lint:layers`. The table is in `layers/rules.ts`.
 *
 * @module
 */
import { loadGraph } from "./layers/graph.ts";
import { checkCycles, checkDirection, checkIdentifiers, checkSpecifiers, type Finding } from "./layers/rules.ts";
import { repositoryRoot } from "./paths.ts";
import { readMembers, sourceFiles } from "./workspace.ts";

/**
 * Runs all rules over a workspace.
 *
 * @param root Folder of the root `deno.json`.
 * @returns What is wrong, ordered by file and line.
 */
export async function checkLayers(root: string): Promise<Finding[]> {
  const members = await readMembers(root);
  const sources = new Map<string, string>();
  for (const path of await sourceFiles(root, members)) sources.set(path, await Deno.readTextFile(`${root}/${path}`));
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
