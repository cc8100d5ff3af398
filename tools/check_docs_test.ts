import { assertEquals } from "@std/assert";
import { checkPresented } from "./check_docs.ts";
import { checkMarkdown, type Repository } from "./docs/markdown.ts";
import type { Member } from "./workspace.ts";

function repositoryOf(files: Record<string, string>): Repository {
  return {
    exists: (path) => Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`)),
    read: (path) => files[path]!,
    tasks: new Set(["test", "bench:dlrm"]),
  };
}

const faultsOf = (text: string, others: Record<string, string> = {}) =>
  checkMarkdown(repositoryOf({ "docs/a.md": text, ...others }), "docs/a.md").map((
    { line, message },
  ) => [line, message]);

Deno.test("checkMarkdown() accepts what exists", () => {
  const text = "# Life of a step (1)\n[b](../README.md#the-table) [c](#life-of-a-step-1) [d](https://deno.com/x)\n" +
    "`packages/compute/mod.ts` `packages/compute/` `deno task bench:dlrm --json x`\n" +
    "```sh\nnpx -y deno@2.9.6 task test\n[x](not-a-link)\n```\n";
  assertEquals(faultsOf(text, { "README.md": "## The table\n", "packages/compute/mod.ts": "" }), []);
});

Deno.test("checkMarkdown() names broken links, anchors, paths and tasks with their line", () => {
  assertEquals(faultsOf("[b](b.md)\n[c](../README.md#gone)\n", { "README.md": "# Here\n" }), [
    [1, "links to b.md, which does not exist"],
    [2, "links to ../README.md#gone, but README.md has no such heading"],
  ]);
  assertEquals(faultsOf("`packages/gone/mod.ts`\n\n```sh\ndeno task trian\n```\n"), [
    [1, "names packages/gone/mod.ts, which does not exist"],
    [4, "names the task trian, which the root deno.json does not have"],
  ]);
});

Deno.test("checkPresented() wants a README and a table row for every published package", () => {
  const member = (folder: string, published: boolean): Member => ({
    folder,
    name: `@pocketrec/${folder.split("/")[1]}`,
    version: "0.1.0",
    entries: new Map(),
    published,
  });
  const members = [member("packages/compute", true), member("packages/datasets", true), member("apps/trainer", false)];
  const repository = repositoryOf({
    "README.md": "| [compute](packages/compute) | devices |\nSee [datasets](packages/datasets).\n",
    "packages/datasets/README.md": "",
  });
  assertEquals(checkPresented(repository, members).map(({ file, message }) => `${file} ${message}`), [
    "packages/compute/README.md is missing",
    "README.md has no row for @pocketrec/datasets that links to packages/datasets",
  ]);
});
