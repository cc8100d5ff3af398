/**
 * The main entry under Node and in a browser: the bytes and floats that Deno gives.
 *
 * @module
 */
import { assertEquals, assertGreater } from "@std/assert";
import { testWith } from "@pocketrec/compute/testing";
import { CHROMIUM, launchChromium, servePage } from "../../../../tools/testing/chromium.ts";
import { bundlePackage } from "./_test_bundle.ts";
import { type HostReport, runHost } from "./_test_host_program.ts";

const ENTRY = "src/testing/_test_host_program.ts";

/** Compares case by case, so that a failure names one. */
function assertSameReport(actual: HostReport, expected: HostReport): void {
  assertEquals(actual.kernels, expected.kernels);
  assertEquals(actual.cases.map(({ name }) => name), expected.cases.map(({ name }) => name));
  for (const [i, { name, file, restored }] of expected.cases.entries()) {
    assertEquals(actual.cases[i]!.file, file, `${name}: another file`);
    assertEquals(actual.cases[i]!.restored, restored, `${name}: other elements`);
  }
}

const expected = runHost();

Deno.test("compress() runs in WebAssembly under Deno, with the bytes of TypeScript, and compresses", () => {
  assertEquals(expected.kernels, "wasm");
  assertEquals(expected.cases.filter(({ name }) => name.endsWith("plain")).map(({ name }) => name), []);
  for (const { name, file, restored } of expected.cases) assertGreater(restored.length, file.length, name);
});

const node = await new Deno.Command("node", { args: ["--version"], stdout: "null", stderr: "null" }).output()
  .then(({ success }) => success, () => false);

testWith(
  { name: "node", present: node, hint: "install Node.js 20.16 or later" },
  "compress() and decompress() give the same bytes and floats under Node",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const program = "process.stdout.write(JSON.stringify(entry.runHost()));";
      await Deno.writeFile(`${folder}/program.mjs`, await bundlePackage({ entry: ENTRY, program }));
      const { code, stdout, stderr } = await new Deno.Command("node", {
        args: [`${folder}/program.mjs`],
        signal: AbortSignal.timeout(30_000),
      }).output();
      const text = new TextDecoder();
      assertEquals([code, text.decode(stderr)], [0, ""]);
      assertSameReport(JSON.parse(text.decode(stdout)) as HostReport, expected);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

declare global {
  /** What the page sets. */
  var codecReport: HostReport;
}

testWith(CHROMIUM, "compress() and decompress() give the same bytes and floats in a page of Chromium", async () => {
  const bundle = await bundlePackage({ entry: ENTRY, program: "globalThis.codecReport = entry.runHost();" });
  await using server = servePage(new TextDecoder().decode(bundle));
  const browser = await launchChromium();
  try {
    const page = await browser.newPage(), errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    const report = await page.evaluate(() => globalThis.codecReport);
    assertEquals(errors, []);
    assertSameReport(report, expected);
  } finally {
    await browser.close();
  }
});
