/**
 * A headless Chromium for tests, on hosts that have one.
 *
 * @module
 */
import type { Browser } from "playwright-core";
import type { Requirement } from "../../packages/compute/src/testing/requirement.ts";

const EXECUTABLES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

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

const executable = EXECUTABLES.map((name) => `/usr/bin/${name}`).find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** What tests in a browser need. */
export const CHROMIUM: Requirement = {
  name: "chromium",
  present: executable !== undefined,
  hint: "apt-get install -y chromium",
};

/** Starts the browser; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  // Debian's executable is a shell script that needs grep, wherever this program's PATH leads.
  const env = { ...Deno.env.toObject(), PATH: `${Deno.env.get("PATH") ?? ""}:/usr/local/bin:/usr/bin:/bin` };
  return await chromium.launch({ executablePath: executable!, headless: true, args: FLAGS, env });
}

/** Serves a page that runs a module; shared memory needs the two isolation headers. */
export function servePage(script: string): Deno.HttpServer<Deno.NetAddr> {
  const headers = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cache-control": "no-store",
  };
  const page = `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,">` +
    `<script type="module" src="/page.js"></script>`;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const isScript = new URL(request.url).pathname === "/page.js";
    const type = isScript ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8";
    return new Response(isScript ? script : page, { headers: { ...headers, "content-type": type } });
  });
}
