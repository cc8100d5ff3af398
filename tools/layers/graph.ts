/**
 * The module graph of the repository as Deno itself resolves it.
 *
 * @module
 */
import { fromFileUrl, toFileUrl } from "../paths.ts";

/** One import of a file. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Resolved: a path relative to the root, or a specifier such as `npm:fflate` or `node:fs`. */
  readonly target: string;
  /** Only types are imported, so nothing is loaded at run time. */
  readonly typeOnly: boolean;
  /** Line of the import, from 1. */
  readonly line: number;
}

/** Imports of each file, by path relative to the root. */
export type ModuleGraph = ReadonlyMap<string, readonly Import[]>;

interface Resolved {
  readonly specifier?: string;
  readonly error?: string;
  readonly span: { readonly start: { readonly line: number } };
}

interface InfoModule {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly specifier: string; readonly code?: Resolved; readonly type?: Resolved }[];
}

/**
 * Loads the imports of files, and of the files these import.
 *
 * @param root Folder of the root `deno.json`.
 * @param files Paths relative to the root.
 * @returns The graph, with files of the repository only.
 */
export async function loadGraph(root: string, files: readonly string[]): Promise<ModuleGraph> {
  const base = toFileUrl(root);
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(entry, files.map((file) => `import ${JSON.stringify(base + file)};\n`).join(""));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-npm", "--no-remote", "--config", `${fromFileUrl(base)}deno.json`, entry],
      env: { NO_COLOR: "1" },
    }).output();
    if (!success) {
      throw new Error(`Cannot load the module graph as deno info failed: ${new TextDecoder().decode(stderr)}`);
    }
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: InfoModule[] };
    const toTarget = (specifier: string) => specifier.startsWith(base) ? specifier.slice(base.length) : specifier;
    const graph = new Map<string, Import[]>();
    for (const { specifier, dependencies } of modules) {
      if (!specifier.startsWith(base)) continue;
      const imports = (dependencies ?? []).map((dependency) => {
        const resolved = dependency.code ?? dependency.type;
        return {
          specifier: dependency.specifier,
          target: toTarget(resolved?.specifier ?? dependency.specifier),
          typeOnly: dependency.code === undefined,
          line: (resolved?.span.start.line ?? 0) + 1,
        };
      });
      graph.set(toTarget(specifier), imports);
    }
    return graph;
  } finally {
    await Deno.remove(entry);
  }
}
