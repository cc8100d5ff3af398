/**
 * Generates what turbo reads: a `package.json` per member with the edges of the real import graph, one at the root, and
 * `turbo.json`. `deno task gen:package-json` writes; `--check` fails naming the files that are not current.
 *
 * turbo knows no Deno workspaces and takes edges from `package.json` alone; `"workspace:*"` keeps Deno from looking for a
 * member on npm. No logic belongs into `scripts`: each just calls `deno task`. The tasks are named `member:test` and so on
 * in the root `deno.json`, since within a member `deno task test` would find the script `test` again.
 *
 * @module
 */
import { loadGraph } from "./layers/graph.ts";
import { repositoryRoot } from "./paths.ts";
import { type Member, memberOf, readMembers, sourceFiles } from "./workspace.ts";

const tasks = ["check", "wasm", "test", "bench"] as const;

function dependenciesOf(
  member: Member,
  targets: readonly string[],
  members: readonly Member[],
): Record<string, string> {
  const names = targets.map((target) => memberOf(members, target)).filter((other) => other && other !== member)
    .map((other) => other!.name);
  return Object.fromEntries([...new Set(names)].sort().map((name) => [name, "workspace:*"]));
}

function render(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

/**
 * Generates the files.
 *
 * @param root Folder of the root `deno.json`.
 * @returns Text by path relative to the root.
 */
export async function generate(root: string): Promise<Map<string, string>> {
  // Only libraries and what joins them: the tools serve all and would tie every test to them.
  const members = (await readMembers(root)).filter(({ folder }) => folder !== "tools");
  const files = new Map<string, string>();
  const graph = await loadGraph(root, await sourceFiles(root, members));
  for (const member of members) {
    const targets = [...graph].filter(([file]) => file.startsWith(`${member.folder}/`)).flatMap(([, imports]) =>
      imports.map(({ target }) => target)
    );
    const dependencies = dependenciesOf(member, targets, members);
    files.set(
      `${member.folder}/package.json`,
      render({
        name: member.name,
        private: true,
        scripts: Object.fromEntries(tasks.map((task) => [task, `deno task member:${task}`])),
        dependencies,
      }),
    );
  }
  files.set(
    "package.json",
    render({
      name: "pocketrec",
      private: true,
      packageManager: "npm@10.9.0",
      workspaces: members.map(({ folder }) => folder),
    }),
  );
  files.set(
    "turbo.json",
    render({
      "$schema": "https://turborepo.com/schema.json",
      globalDependencies: ["deno.json", "deno.lock"],
      tasks: {
        check: { dependsOn: ["^check"] },
        wasm: { inputs: ["**/*.as.ts"], outputs: ["**/*_wasm.ts"] },
        test: { dependsOn: ["^test"], env: ["POCKETREC_REQUIRE"] },
        bench: { dependsOn: ["test"], cache: false },
      },
    }),
  );
  return files;
}

if (import.meta.main) {
  const check = Deno.args.includes("--check");
  let stale = 0;
  for (const [path, text] of await generate(repositoryRoot)) {
    const before = await Deno.readTextFile(`${repositoryRoot}/${path}`).catch(() => "");
    if (before === text) continue;
    stale++;
    if (!check) await Deno.writeTextFile(`${repositoryRoot}/${path}`, text);
    console.log(check ? `not current: ${path} (run deno task gen:package-json)` : `wrote ${path}`);
  }
  if (check && stale > 0) Deno.exit(1);
}
