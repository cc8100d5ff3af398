/**
 * Checks the documentation: `deno task lint:docs`. Every export of every package is documented (`deno doc --lint`), every
 * example in READMEs and doc comments runs, links, paths and task names in Markdown hold, and the README's table names
 * every package.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { checkMarkdown, type DocFault, type Repository } from "./docs/markdown.ts";
import { walkFiles } from "./files.ts";
import { repositoryRoot } from "./paths.ts";
import { type Member, readMembers } from "./workspace.ts";

/**
 * Checks that packages are presented: a README each and a row in the table of the main README.
 *
 * @param repository What claims are checked against.
 * @param members All members.
 * @returns What is missing.
 */
export function checkPresented(repository: Repository, members: readonly Member[]): DocFault[] {
  const faults: DocFault[] = [];
  const main = repository.read("README.md");
  for (const { folder, name } of members.filter(({ published }) => published)) {
    const row = new RegExp(`^\\|.*\\]\\(\\.?/?${folder}/?\\)`, "m");
    if (!row.test(main)) {
      faults.push({ file: "README.md", line: 1, message: `has no row for ${name} that links to ${folder}` });
    }
    if (!repository.exists(`${folder}/README.md`)) {
      faults.push({ file: `${folder}/README.md`, line: 1, message: "is missing" });
    }
  }
  return faults;
}

async function runDeno(...args: string[]): Promise<boolean> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    cwd: repositoryRoot,
  })
    .output();
  if (!success) {
    await Deno.stderr.write(stdout);
    await Deno.stderr.write(stderr);
  }
  return success;
}

if (import.meta.main) {
  const members = await readMembers(repositoryRoot);
  const { tasks } = JSON.parse(await Deno.readTextFile(`${repositoryRoot}/deno.json`)) as { tasks: object };
  const repository: Repository = {
    exists: (path) => existsSync(`${repositoryRoot}/${path}`),
    read: (path) => readFileSync(`${repositoryRoot}/${path}`, "utf8"),
    tasks: new Set(Object.keys(tasks)),
  };
  const relative = (path: string) => path.slice(repositoryRoot.length + 1);
  const pages = (await walkFiles(repositoryRoot, (name) => name.endsWith(".md"))).map(relative);
  const faults = [...pages.flatMap((page) => checkMarkdown(repository, page)), ...checkPresented(repository, members)];
  for (const { file, line, message } of faults) console.error(`${file}:${line}: ${message}`);

  const published = members.filter((member) => member.published);
  let good = await runDeno("doc", "--lint", ...published.flatMap(({ entries }) => [...entries.values()]));
  // Examples run where they are written: Markdown of the root and the packages, and doc comments.
  const withExamples = (path: string) =>
    !/_(test|bench|wasm)\.ts$|\.as\.ts$/.test(path) && /\.(ts|md)$/.test(path) &&
    /```ts\b/.test(readFileSync(path, "utf8"));
  const examples = [
    ...pages.filter((page) => !page.includes("/") && withExamples(`${repositoryRoot}/${page}`)),
    ...(await walkFiles(`${repositoryRoot}/packages`, (_name, path) => withExamples(path))).map(relative),
  ];
  if (examples.length > 0) good = await runDeno("test", "-A", "--doc", ...examples) && good;
  if (faults.length > 0 || !good) Deno.exit(1);
}
