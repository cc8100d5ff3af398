import { assertEquals } from "@std/assert";
import { INSTALL_HINTS, openTestDevice, SWIFTSHADER_MANIFEST, testWith } from "../testing/mod.ts";

const root = new URL("../../../../", import.meta.url);

async function run(
  text: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string }> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url));
  const program = `import { openDawn } from ${url("./mod.ts")};\n` +
    `import { openWebGpuDevice } from ${url("../webgpu/webgpu_device.ts")};\n${text}`;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", ...args, program],
    cwd: root,
    env,
    signal: AbortSignal.timeout(30_000),
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout).trim() };
}

Deno.test("openDawn() gives undefined where the package is missing", async () => {
  assertEquals(await run(`console.log(await openDawn());`, ["--no-config"]), { code: 0, stdout: "undefined" });
});

using dawn = await openTestDevice("dawn");

testWith(
  { name: "dawn", present: dawn !== undefined, hint: INSTALL_HINTS.dawn },
  "openDawn() keeps its instance alive: a device survives garbage collection and many submits",
  async () => {
    const program = `
const device = await openWebGpuDevice({ gpu: await openDawn() });
const a = device.tensor("u32", [1024]), b = device.tensor("u32", [1024]);
for (let i = 0; i < 300; i++) {
  if (i % 20 === 0) gc();
  a.write(new Uint32Array(1024).fill(i));
  device.copy(a, 0, b, 0, 1024);
  device.submit();
  if (i % 50 === 0) await b.read();
}
console.log((await b.read())[1023]);
device[Symbol.dispose]();`;
    const env = SWIFTSHADER_MANIFEST === undefined ? {} : { VK_DRIVER_FILES: SWIFTSHADER_MANIFEST };
    assertEquals(await run(program, ["--v8-flags=--expose-gc"], env), { code: 0, stdout: "299" });
  },
);
