/**
 * The conformance suite inside a real browser: all operator tests of the repository, on the page's CPU device (Web
 * Workers over shared memory) and on its WebGPU.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bundleForPage, conformanceFiles } from "./bundle.ts";
import type { PageSuite } from "./browser_page.ts";
import { CHROMIUM, launchChromium, servePage } from "../../../../tools/testing/chromium.ts";
import { testWith } from "./requirement.ts";

declare global {
  /** What the bundled page sets. */
  var conformance: PageSuite;
}

const TEST_TIMEOUT_MS = 60_000;

function withTimeout<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} did not end within ${TEST_TIMEOUT_MS / 1000} s`)),
      TEST_TIMEOUT_MS,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

testWith(
  CHROMIUM,
  "conformance suite in Chromium",
  async (t) => {
    const root = new URL("../../../../", import.meta.url);
    const script = await bundleForPage(root, await conformanceFiles(root));
    await using server = servePage(script);
    const browser = await launchChromium();
    try {
      const pageErrors: string[] = [];
      const open = async () => {
        const page = await browser.newPage();
        page.on("pageerror", (error) => pageErrors.push(error.stack ?? error.message));
        page.on("crash", () => pageErrors.push("the page crashed"));
        await page.goto(`http://127.0.0.1:${server.addr.port}/`);
        const suite = await withTimeout(page.evaluate(() => globalThis.conformance.list()), "loading the tests");
        return { page, suite };
      };
      let { page, suite } = await open();

      await t.step("all test files load in a page", () => assertEquals(suite.broken, []));
      await t.step("the page has a threaded CPU device and SwiftShader as WebGPU adapter", async () => {
        const labels = await page.evaluate(() => globalThis.conformance.labels());
        assertEquals(labels.cpu, "cpu (2 threads, wasm simd)");
        assertStringIncludes(labels.webgpu ?? "no adapter", "swiftshader");
      });
      assert(suite.tests.length > 0, "no conformance tests found");
      for (const [index, test] of suite.tests.entries()) {
        await t.step(`${test.name} [chromium ${test.device}]`, async () => {
          try {
            const run = page.evaluate((i) => globalThis.conformance.run(i), index);
            const error = await withTimeout(run, `the test in ${test.file}`);
            if (error !== undefined) throw new Error(`${test.file}: ${error}`);
          } catch (error) {
            if (!page.isClosed() && (error as Error).message.includes("did not end")) {
              page.close().catch(() => {}); // it may hang as well
              ({ page, suite } = await open());
            }
            throw error;
          }
        });
      }
      await t.step("the page reported no errors of its own", () => assertEquals(pageErrors, []));
    } finally {
      await browser.close();
    }
  },
);
