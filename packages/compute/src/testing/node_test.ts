/**
 * The main entry under Node: no `Deno.*`, threads by `node:worker_threads`, and an end without dispose.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { bundle } from "./bundle.ts";
import { testWith } from "./requirement.ts";

const root = new URL("../../../../", import.meta.url);
const node = await new Deno.Command("node", { args: ["--version"], stdout: "null", stderr: "null" }).output()
  .then(({ success }) => success, () => false);

const PROGRAM = `
import { openCpuDevice } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url))};
import { probeWasm } from ${JSON.stringify(new URL("./probe_wasm.ts", import.meta.url))};
import { addressOf } from ${JSON.stringify(new URL("../cpu/cpu_device.ts", import.meta.url))};
const device = openCpuDevice({ threads: 2 });
const kernel = device.kernel({ label: "probe", base64: probeWasm }, "claim");
const counts = device.tensor("u32", [1000]), threads = device.tensor("u32", [1]);
let jobs = 0;
for (const end = Date.now() + 20_000; (await threads.read())[0] !== 3 && Date.now() < end; jobs++) {
  device.run(kernel, 1000, [addressOf(counts), addressOf(threads)]);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
const wrong = (await counts.read()).filter((count) => count !== jobs).length;
console.log(JSON.stringify({ label: device.label, threads: (await threads.read())[0], wrong }));
`;

testWith(
  { name: "node", present: node, hint: "install Node.js 20.16 or later" },
  "@pocketrec/compute works under Node with two threads, and a program that forgets dispose() ends",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/program.mjs`, await bundle(root, PROGRAM));
      // The flag is Node's, for text programs: workers must not inherit it.
      const { code, stdout, stderr } = await new Deno.Command("node", {
        args: ["--experimental-default-type=module", `${folder}/program.mjs`],
        signal: AbortSignal.timeout(30_000),
      }).output();
      const text = new TextDecoder();
      assertEquals([code, text.decode(stderr).replace(/.*Warning.*\n.*trace-warnings.*\n/, "")], [0, ""]);
      assertEquals(JSON.parse(text.decode(stdout)), { label: "cpu (2 threads, wasm simd)", threads: 3, wrong: 0 });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
