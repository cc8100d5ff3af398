import { assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { buildModule, findModules } from "./build_wasm.ts";
import { hashSources } from "./wasm/compile.ts";
import { readSections } from "./wasm/sections.ts";
import { fromText, toText } from "./wasm/text.ts";

const include = `export function slot(args: usize, i: usize): usize { return <usize>load<f64>(args + (i << 3)); }\n`;
const scale = `import { slot } from "./_slot.as";
export function scale(args: usize, task: i32): void {
  const x = slot(args, 0) + (<usize>task << 2);
  store<f32>(x, load<f32>(x) * <f32>load<f64>(args + 8));
}\n`;

async function withSources(files: Record<string, string>, body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("buildModule() builds a module that runs on a shared memory", async () => {
  await withSources({ "_slot.as.ts": include, "scale_rows.as.ts": scale }, async (folder) => {
    const [entry, ...others] = await findModules(folder);
    assertEquals(others, []);
    assertEquals(await buildModule(entry!, false), `${folder}/scale_rows_wasm.ts`);
    const { scaleRowsWasm } = await import(`file://${folder}/scale_rows_wasm.ts`);
    const binary = Uint8Array.fromBase64(scaleRowsWasm);
    assertEquals(readSections(binary), {
      imports: ["env.memory"],
      functions: ["scale"],
      mutableGlobals: 0,
      dataSegments: 0,
      start: false,
    });
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    new Float64Array(memory.buffer, 0, 2).set([64, 3]);
    new Float32Array(memory.buffer, 64, 2).set([5, 7]);
    const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
    (instance.exports["scale"] as (args: number, task: number) => void)(0, 1);
    assertEquals([...new Float32Array(memory.buffer, 64, 2)], [5, 21]);
  });
});

Deno.test("buildModule() builds a module whose first line asks for it on a memory that is not shared", async () => {
  const text = `// memory: private\n${scale}`;
  await withSources(
    { "_slot.as.ts": include, "own.as.ts": text, "odd.as.ts": `// memory: mine\n${scale}` },
    async (folder) => {
      const entry = `${folder}/own.as.ts`, odd = `${folder}/odd.as.ts`;
      await buildModule(entry, false);
      const { ownWasm } = await import(`file://${folder}/own_wasm.ts`);
      const binary = fromText(ownWasm);
      assertEquals(readSections(binary).imports, ["env.memory"]);
      const memory = new WebAssembly.Memory({ initial: 1 }); // not shared and without a maximum
      new Float64Array(memory.buffer, 0, 2).set([64, 3]);
      new Float32Array(memory.buffer, 64, 2).set([5, 7]);
      const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
      (instance.exports["scale"] as (args: number, task: number) => void)(0, 1);
      assertEquals([...new Float32Array(memory.buffer, 64, 2)], [5, 21]);
      const built = await hashSources(entry);
      await Deno.writeTextFile(entry, `// memory: shared\n${scale}`);
      assertNotEquals(await hashSources(entry), built);
      assertEquals(await buildModule(entry, true), `${folder}/own_wasm.ts`);
      const error = await assertRejects(() => buildModule(odd, false), SyntaxError);
      assertStringIncludes(error.message, `odd.as.ts as its memory is "mine"; want shared or private`);
    },
  );
});

Deno.test("toText() writes every pair of bytes as ASCII that stands in a string as it is but for the backslash", () => {
  const bytes = Uint8Array.from({ length: 2 * 65536 }, (_, i) => i % 2 ? i >> 1 : i >> 9);
  assertEquals(fromText(toText(bytes)), bytes);
  assertEquals(/^[#-~]*$/.test(toText(bytes)), true);
});

Deno.test("buildModule() refuses state and relaxed SIMD on a private memory too", async () => {
  const files = {
    "count.as.ts": "// memory: private\n" +
      "let n: i32 = 0;\nexport function k(args: usize): void { n++; store<i32>(args, n); }\n",
    "relaxed.as.ts": "// memory: private\nexport function k(args: usize): void {\n" +
      "  v128.store(args, f32x4.relaxed_madd(v128.load(args), v128.load(args), v128.load(args)));\n}\n",
  };
  await withSources(files, async (folder) => {
    const count = await assertRejects(() => buildModule(`${folder}/count.as.ts`, false), TypeError);
    assertStringIncludes(count.message, "mutable globals");
    const relaxed = await assertRejects(() => buildModule(`${folder}/relaxed.as.ts`, false), SyntaxError);
    assertStringIncludes(relaxed.message, "Feature 'relaxed-simd' is not enabled");
  });
});

Deno.test("buildModule() rebuilds when an include changes and in check mode sees an edited module", async () => {
  await withSources({ "_slot.as.ts": include, "scale.as.ts": scale }, async (folder) => {
    const entry = `${folder}/scale.as.ts`, output = `${folder}/scale_wasm.ts`;
    assertEquals(await buildModule(entry, true), output);
    await buildModule(entry, false);
    assertEquals(await buildModule(entry, true), undefined);
    await Deno.writeTextFile(output, (await Deno.readTextFile(output)).replace("AGFzbQ", "AGFzbR"));
    assertEquals(await buildModule(entry, true), output);
    await Deno.writeTextFile(`${folder}/_slot.as.ts`, include.replace("i << 3", "i << 4"));
    assertEquals(await buildModule(entry, false), output);
  });
});

Deno.test("buildModule() refuses modules that hold state or do not compile", async () => {
  const files = {
    "table.as.ts": "const t: StaticArray<f32> = [1, 2, 3];\n" +
      "export function k(args: usize, task: i32): void { store<f32>(args, t[task]); }\n",
    "count.as.ts":
      "let n: i32 = 0;\nexport function k(args: usize, task: i32): void { n += task; store<i32>(args, n); }\n",
    "broken.as.ts": "export function k(args: usize, task: i32): void { nothing(); }\n",
  };
  await withSources(files, async (folder) => {
    const table = await assertRejects(() => buildModule(`${folder}/table.as.ts`, false), TypeError);
    assertStringIncludes(table.message, "table.as.ts as a kernel module as it holds static data");
    const count = await assertRejects(() => buildModule(`${folder}/count.as.ts`, false), TypeError);
    assertStringIncludes(count.message, "mutable globals");
    const broken = await assertRejects(() => buildModule(`${folder}/broken.as.ts`, false), SyntaxError);
    assertStringIncludes(broken.message, "Cannot find name 'nothing'");
  });
});
