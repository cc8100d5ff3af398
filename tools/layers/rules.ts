/**
 * The layers of the repository and the rules over its module graph.
 *
 * @module
 */
import type { Import, ModuleGraph } from "./graph.ts";
import { stripToCode } from "./strip.ts";
import { type Member, memberOf } from "../workspace.ts";

/**
 * From the top: a member imports those of lower rows only, never one of its own row. The consumer declares the interface
 * and providers fit it structurally, so providers need no upward import.
 */
export const layers: readonly (readonly string[])[] = [
  ["apps/trainer", "apps/inference-server", "examples", "bench", "tools"],
  ["packages/dlrm-model", "packages/gnn-model"],
  [
    "packages/tt-embedding",
    "packages/robe-array",
    "packages/collective",
    "packages/graph-partition",
    "packages/datasets",
  ],
  ["packages/compute", "packages/lossy-codec"],
];

/** Entry points that may import one member of their own row: `member entry` to that member. */
const sidewaysEntries: ReadonlyMap<string, string> = new Map([["packages/lossy-codec ./webgpu", "packages/compute"]]);

/** Entry points bound to a host by name; all others run in browsers, Node, Bun and Deno alike. */
const hostEntries: ReadonlySet<string> = new Set(["./cli", "./testing", "./blas", "./node", "./dawn", "./huge-pages"]);

/** Entry points that may print, exit and read the environment. */
const programEntries: ReadonlySet<string> = new Set(["./cli", "./testing"]);

/** What a rule found, with the file and line where it stands. */
export interface Finding {
  /** Path relative to the root. */
  readonly file: string;
  /** Line, from 1. */
  readonly line: number;
  /** What is wrong and what is wanted. */
  readonly message: string;
}

function isTest(file: string): boolean {
  // `_test_name.ts` holds what tests share.
  return /_(test|bench)\.ts$|\/_test_\w+\.ts$/.test(file) || file.includes("/testdata/");
}

function layerOf(member: Member): number {
  return layers.findIndex((row) => row.includes(member.folder));
}

/** Files that some entry points of a member load at run time, within that member. */
function reachable(graph: ModuleGraph, member: Member, accept: (entry: string) => boolean): Set<string> {
  const found = new Set<string>();
  const open = [...member.entries].filter(([entry]) => accept(entry)).map(([, file]) => file);
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file) || !file.startsWith(`${member.folder}/`)) continue;
    found.add(file);
    for (const { target, typeOnly } of graph.get(file) ?? []) if (!typeOnly) open.push(target);
  }
  return found;
}

/** Imports between members: downward only. */
export function checkDirection(graph: ModuleGraph, members: readonly Member[]): Finding[] {
  const findings: Finding[] = members.filter((member) => layerOf(member) < 0).map(({ folder }) => ({
    file: `${folder}/deno.json`,
    line: 1,
    message: `Cannot place ${folder} as it is in no row of the layer table: add it in tools/layers/rules.ts`,
  }));
  const sideways = new Map(members.map((member) => {
    const allowed = (entry: string) => sidewaysEntries.has(`${member.folder} ${entry}`);
    return [member, reachable(graph, member, (entry) => !allowed(entry))];
  }));
  for (const [file, imports] of graph) {
    const from = memberOf(members, file);
    if (!from) continue;
    for (const { target, line } of imports) {
      const to = memberOf(members, target);
      if (!to || to === from) continue;
      // Tests reach the assertions, which live with the tools.
      if (to.folder === "tools" && (isTest(file) || layerOf(from) === 0)) continue;
      const distance = layerOf(to) - layerOf(from);
      if (distance > 0 || layerOf(to) < 0 || layerOf(from) < 0) continue;
      const exempt = [...sidewaysEntries].some(([entry, other]) =>
        entry.startsWith(`${from.folder} `) && other === to.folder && !sideways.get(from)!.has(file)
      );
      if (exempt) continue;
      const way = distance === 0 ? "sideways" : "upward";
      findings.push({ file, line, message: `${from.folder} imports ${way}: ${target}` });
    }
  }
  return findings;
}

/** Groups of files that load one another at run time (type-only imports load nothing). */
export function checkCycles(graph: ModuleGraph): Finding[] {
  // Tarjan's strongly connected components, with the recursion kept shallow enough by the size of the repository.
  const index = new Map<string, number>(), low = new Map<string, number>();
  const stack: string[] = [];
  const findings: Finding[] = [];
  function visit(file: string): void {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const { target, typeOnly } of graph.get(file) ?? []) {
      if (typeOnly || !graph.has(target)) continue;
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    const itself = graph.get(file)!.some(({ target, typeOnly }) => target === file && !typeOnly);
    if (group.length > 1 || itself) {
      const line = graph.get(file)!.find(({ target }) => group.includes(target))?.line ?? 1;
      findings.push({ file, line, message: `circular import of ${group.sort().join(", ")}` });
    }
  }
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return findings;
}

/** Published packages: no `jsr:` or remote imports, and no host module behind an entry that is to run anywhere. */
export function checkSpecifiers(graph: ModuleGraph, members: readonly Member[]): Finding[] {
  const findings: Finding[] = [];
  for (const member of members.filter(({ published }) => published)) {
    const anywhere = reachable(graph, member, (entry) => !hostEntries.has(entry));
    for (const [file, imports] of graph) {
      if (!file.startsWith(`${member.folder}/`) || isTest(file)) continue;
      for (const found of imports) {
        const message = refuseSpecifier(found, anywhere.has(file));
        if (message) findings.push({ file, line: found.line, message });
      }
    }
  }
  return findings;
}

function refuseSpecifier({ target, typeOnly }: Import, anywhere: boolean): string | undefined {
  if (/^(jsr|https?):/.test(target)) {
    return `a published package imports ${target}; want a relative path, npm: or another member`;
  }
  if (anywhere && !typeOnly && target.startsWith("node:")) {
    return `an entry that runs anywhere loads ${target}; want it behind ${[...hostEntries].join(", ")}`;
  }
  return undefined;
}

/** Identifiers in packages: no host object where any host must do, no printing, exiting or environment in a library. */
export function checkIdentifiers(
  graph: ModuleGraph,
  members: readonly Member[],
  sources: ReadonlyMap<string, string>,
): Finding[] {
  const findings: Finding[] = [];
  for (const member of members.filter(({ folder }) => folder.startsWith("packages/"))) {
    const anywhere = reachable(graph, member, (entry) => !hostEntries.has(entry));
    const library = reachable(graph, member, (entry) => !programEntries.has(entry));
    for (const [file, source] of sources) {
      if (!file.startsWith(`${member.folder}/`) || isTest(file)) continue;
      stripToCode(source).split("\n").forEach((text, at) => {
        const report = (message: string) => findings.push({ file, line: at + 1, message });
        if (anywhere.has(file) && /(?<![.\w])((Deno|Bun)\b(?!\s*[:=])|process\s*\.)/.test(text)) {
          report(`an entry that runs anywhere uses a host object; want it behind ${[...hostEntries].join(", ")}`);
        }
        if (
          library.has(file) &&
          /(?<![.\w])(console\s*\.|Deno\s*\.\s*(exit|env)\b|process\s*\.\s*(exit|env)\b)/.test(text)
        ) {
          report("a library prints, exits or reads the environment; want that in ./cli, ./testing or an app");
        }
      });
    }
  }
  return findings;
}
