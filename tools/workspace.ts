/**
 * The members of the workspace, read from their `deno.json`.
 *
 * @module
 */
import { walkFiles } from "./files.ts";

/** One folder with a `deno.json`. */
export interface Member {
  /** Folder relative to the root, such as `packages/compute`. */
  readonly folder: string;
  /** Package name, such as `@pocketrec/compute`. */
  readonly name: string;
  /** Version of the package. */
  readonly version: string;
  /** Entry points: export name (`.`, `./testing`) to file relative to the root. */
  readonly entries: ReadonlyMap<string, string>;
  /** Whether `deno publish` publishes it. */
  readonly published: boolean;
}

interface MemberConfig {
  readonly name: string;
  readonly version: string;
  readonly exports?: string | Record<string, string>;
  readonly publish?: false | object;
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(path)) as T;
}

async function expandGlob(root: string, pattern: string): Promise<string[]> {
  const folder = pattern.replace(/^\.\//, "");
  if (!folder.endsWith("/*")) return [folder];
  const parent = folder.slice(0, -2);
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${parent}`)) {
    if (isDirectory) names.push(`${parent}/${name}`);
  }
  return names.sort();
}

/**
 * Reads all members of a workspace.
 *
 * @param root Folder of the root `deno.json`.
 * @returns Members in the order of the workspace globs, by name within one.
 */
export async function readMembers(root: string): Promise<Member[]> {
  const { workspace } = await readJson<{ workspace: string[] }>(`${root}/deno.json`);
  const members: Member[] = [];
  for (const pattern of workspace) {
    for (const folder of await expandGlob(root, pattern)) {
      let config: MemberConfig;
      try {
        config = await readJson<MemberConfig>(`${root}/${folder}/deno.json`);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        throw error;
      }
      const exported = typeof config.exports === "string" ? { ".": config.exports } : config.exports ?? {};
      const entries = Object.entries(exported).map(([name, file]) =>
        [name, `${folder}/${file.replace(/^\.\//, "")}`] as const
      );
      members.push({
        folder,
        name: config.name,
        version: config.version,
        entries: new Map(entries),
        published: config.publish !== false,
      });
    }
  }
  return members;
}

/**
 * Finds the member that a file belongs to.
 *
 * @param members All members.
 * @param file Path relative to the root.
 * @returns The member, or `undefined` for a file outside all.
 */
export function memberOf(members: readonly Member[], file: string): Member | undefined {
  return members.find(({ folder }) => file.startsWith(`${folder}/`));
}

/**
 * Lists the TypeScript files of members: those that Deno can load, without test data.
 *
 * @param root Folder of the root `deno.json`.
 * @param members Members to list.
 * @returns Paths relative to the root.
 */
export async function sourceFiles(root: string, members: readonly Member[]): Promise<string[]> {
  const accept = (name: string, path: string) =>
    name.endsWith(".ts") && !name.endsWith(".as.ts") && !path.includes("/testdata/");
  const files: string[] = [];
  for (const { folder } of members) files.push(...await walkFiles(`${root}/${folder}`, accept));
  return files.map((path) => path.slice(root.length + 1));
}
