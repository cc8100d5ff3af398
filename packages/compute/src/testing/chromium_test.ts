/**
 * The conformance suite inside a real browser: all operator tests of the repository, on the page's CPU device (Web
 * Workers over shared memory) and on its WebGPU.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bundleForPage, conformanceFiles } from "./bundle.ts";
import type { PageSuite } from "./browser_page.ts";
import { testWith } from "./requirement.ts";

declare global {
  /** What the bundled page sets. */
  var conformance: PageSuite;
}

const EXECUTABLES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const TEST_TIMEOUT_MS = 60_000;

/** SwiftShader, so that a machine without a GPU has an adapter, and no service of the browser's own that needs a network. */
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];

function findChromium(): string | undefined {
  return EXECUTABLES.map((name) => `/usr/bin/${name}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Serves the page; shared memory needs the two isolation headers. */
function servePage(script: string): Deno.HttpServer<Deno.NetAddr> {
  const headers = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cache-control": "no-store",
  };
  const page = `<!doctype html><meta charset="utf-8"><title>conformance</title><link rel="icon" href="data:,">` +
    `<script type="module" src="/page.js"></script>`;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const isScript = new URL(request.url).pathname === "/page.js";
    const type = isScript ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8";
    return new Response(isScript ? script : page, { headers: { ...headers, "content-type": type } });
  });
}

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

const executable = findChromium();

testWith(
  { name: "chromium", present: executable !== undefined, hint: "apt-get install -y chromium" },
  "conformance suite in Chromium",
  async (t) => {
    const root = new URL("../../../../", import.meta.url);
    const script = await bundleForPage(root, await conformanceFiles(root));
    const { chromium } = await import("playwright-core");
    await using server = servePage(script);
    // Debian's executable is a shell script that needs grep, wherever this program's PATH leads.
    const env = { ...Deno.env.toObject(), PATH: `${Deno.env.get("PATH") ?? ""}:/usr/local/bin:/usr/bin:/bin` };
    const browser = await chromium.launch({ executablePath: executable!, headless: true, args: FLAGS, env });
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
