import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkLayers } from "./check_layers.ts";
import { layers } from "./layers/rules.ts";
import { stripToCode } from "./layers/strip.ts";
import { repositoryRoot } from "./paths.ts";
import { readMembers } from "./workspace.ts";

/** Findings in a workspace of these files, as `file:line: message`. */
async function check(files: Record<string, string>): Promise<string[]> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const tops = new Set(Object.keys(files).map((file) => `./${file.split("/")[0]}/*`));
  const all: Record<string, string> = { "deno.json": JSON.stringify({ workspace: [...tops] }), ...files };
  for (const file of Object.keys(files)) {
    const [top, name] = file.split("/");
    if (all[`${top}/${name}/deno.json`]) continue;
    const entries = Object.keys(files).filter((path) => path.startsWith(`${top}/${name}/`) && path.endsWith("mod.ts"));
    all[`${top}/${name}/deno.json`] = JSON.stringify({
      name: `@pocketrec/${name}`,
      version: "0.1.0",
      exports: Object.fromEntries(entries.map((path) => {
        const inside = path.split("/").slice(2).join("/");
        return [inside === "mod.ts" ? "." : `./${inside.split("/").at(-2)}`, `./${inside}`];
      })),
      ...(top === "apps" ? { publish: false } : {}),
    });
  }
  try {
    for (const [path, text] of Object.entries(all)) {
      await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${root}/${path}`, text);
    }
    return (await checkLayers(root)).map(({ file, line, message }) => `${file}:${line}: ${message}`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const compute = { "packages/compute/mod.ts": "export const one = 1;\n" };
const useCompute = 'export { one } from "@pocketrec/compute";\n';

Deno.test("checkLayers() accepts downward imports and host entries", async () => {
  assertEquals(
    await check({
      ...compute,
      "packages/compute/src/blas/mod.ts": 'import { readFileSync } from "node:fs";\nDeno.cwd();\nreadFileSync("x");\n',
      "packages/compute/src/testing/mod.ts": 'console.log(Deno.env.get("X"));\n',
      "packages/datasets/mod.ts": useCompute + '/** `Deno.cwd()` */\nexport const text = "console.log";\n',
      "packages/datasets/src/a.ts": 'import type { B } from "./b.ts";\nexport const a = 1 as unknown as B;\n',
      "packages/datasets/src/b.ts": 'import { a } from "./a.ts";\nexport interface B { a: typeof a }\n',
      "packages/lossy-codec/src/webgpu/mod.ts": useCompute,
      "packages/lossy-codec/mod.ts": "export const bound = 1;\n",
      "apps/trainer/mod.ts": useCompute + 'export * from "@pocketrec/datasets";\n',
    }),
    [],
  );
});

const refused: [string, Record<string, string>, string][] = [
  ["an upward import", {
    "packages/dlrm-model/mod.ts": "export const m = 1;\n",
    "packages/datasets/mod.ts": '\nimport "@pocketrec/dlrm-model";\n',
  }, "packages/datasets/mod.ts:2: packages/datasets imports upward: packages/dlrm-model/mod.ts"],
  ["an upward import of types by path", {
    "packages/datasets/mod.ts": "export interface D {}\n",
    "packages/compute/mod.ts": 'export type { D } from "../datasets/mod.ts";\n',
  }, "packages/compute imports upward"],
  ["a sideways import", {
    "packages/collective/mod.ts": "export const c = 1;\n",
    "packages/datasets/mod.ts": 'export * from "@pocketrec/collective";\n',
  }, "packages/datasets imports sideways"],
  ["a sideways import by the core of the codec", {
    ...compute,
    "packages/lossy-codec/mod.ts": 'export * from "./src/core.ts";\n',
    "packages/lossy-codec/src/core.ts": useCompute,
    "packages/lossy-codec/src/webgpu/mod.ts": 'export * from "../core.ts";\n',
  }, "packages/lossy-codec imports sideways"],
  [
    "a member without a layer",
    { "packages/newcomer/mod.ts": "export const n = 1;\n" },
    "Cannot place packages/newcomer",
  ],
  ["a circular import", {
    "packages/compute/mod.ts": 'export * from "./src/a.ts";\n',
    "packages/compute/src/a.ts": 'import "./b.ts";\nexport const a = 1;\n',
    "packages/compute/src/b.ts": 'import "./c.ts";\n',
    "packages/compute/src/c.ts": 'export const c = async () => await import("./a.ts");\n',
  }, "circular import of packages/compute/src/a.ts, packages/compute/src/b.ts, packages/compute/src/c.ts"],
  ["a jsr: import", {
    "packages/compute/mod.ts": 'export * from "jsr:@std/assert@1";\n',
  }, "a published package imports jsr:@std/assert@1"],
  ["a node: import behind the main entry", {
    "packages/compute/mod.ts": 'export * from "./src/a.ts";\n',
    "packages/compute/src/a.ts": 'export { readFileSync } from "node:fs";\n',
  }, "packages/compute/src/a.ts:1: an entry that runs anywhere loads node:fs"],
  ["Deno behind the main entry", {
    "packages/compute/mod.ts": "export const here = `${Deno.cwd()}`;\n",
  }, "packages/compute/mod.ts:1: an entry that runs anywhere uses a host object"],
  ["the environment in a host entry", {
    "packages/compute/src/blas/mod.ts": 'export const x = Deno.env.get("X");\n',
  }, "packages/compute/src/blas/mod.ts:1: a library prints, exits or reads the environment"],
  ["printing", {
    "packages/compute/mod.ts": 'console.warn("x");\n',
  }, "packages/compute/mod.ts:1: a library prints"],
];
for (const [what, files, expected] of refused) {
  Deno.test(`checkLayers() refuses ${what}`, async () => {
    const findings = await check(files);
    assertEquals(findings.length, 1, findings.join("\n"));
    assertStringIncludes(findings[0]!, expected);
  });
}

Deno.test("stripToCode() keeps code and drops comments, texts and regular expressions", () => {
  const source = "a/b/c; /* d */ 'e' + \"f\\\"g\" // h\n`i${j + `k${{ l: 1 }}`}m` + /n'\\/[/]/g.test(o) + p";
  assertEquals(stripToCode(source).replace(/\s+/g, " "), "a/b/c; + j + { l: 1 } + .test(o) + p");
  assertEquals(stripToCode(source).length, source.length);
});

Deno.test("layers hold every member of this workspace", async () => {
  const known = layers.flat();
  assertEquals(
    (await readMembers(repositoryRoot)).map(({ folder }) => folder).filter((name) => !known.includes(name)),
    [],
  );
});
