/**
 * What the page of the browser suite runs: it collects the conformance tests of all files and runs them, one by one, as
 * the test outside asks for them. Bundled by `bundle.ts`.
 *
 * @module
 */
import type { AnyDevice } from "../device.ts";
import { collectedTests, type ConformanceTest, runOnDevice } from "./conformance.ts";
import { openTestDevice } from "./devices.ts";

/** Devices of a page. */
export type PageDevice = "cpu" | "webgpu";

/** One test on one device. */
export interface PageTest {
  /** The test file. */
  readonly file: string;
  /** Name of the test. */
  readonly name: string;
  /** Where it runs. */
  readonly device: PageDevice;
}

/** What the page offers to the test outside, as `globalThis.conformance`. */
export interface PageSuite {
  /** Loads all files and returns the tests in order, and the files that failed to load. */
  readonly list: () => Promise<{ tests: PageTest[]; broken: { file: string; error: string }[] }>;
  /** Labels of the page's devices; `webgpu` is missing where the page has no adapter. */
  readonly labels: () => Promise<Partial<Record<PageDevice, string>>>;
  /** Runs one test; returns the error's text, or `undefined`. */
  readonly run: (index: number) => Promise<string | undefined>;
}

/**
 * A test file may register tests of its own beside those of the devices; Deno runs them, a page leaves them out. Nothing
 * else of `Deno` is there, so a test body for devices that needs the host fails.
 */
function standInForDeno(): void {
  (globalThis as { Deno?: unknown }).Deno = { test: () => {} };
}

/** Makes the suite of a page from loaders of its test files. */
export function pageSuite(files: Readonly<Record<string, () => Promise<unknown>>>): PageSuite {
  const devices = new Map<PageDevice, AnyDevice>();
  const tests: { shown: PageTest; test: ConformanceTest }[] = [];

  async function device(name: PageDevice): Promise<AnyDevice | undefined> {
    const have = devices.get(name);
    if (have) return have;
    const opened = await openTestDevice(name);
    if (opened) devices.set(name, opened);
    return opened;
  }

  return {
    list: async () => {
      standInForDeno();
      const broken: { file: string; error: string }[] = [];
      for (const [file, load] of Object.entries(files)) {
        const before = collectedTests().length;
        try {
          await load();
        } catch (error) {
          broken.push({ file, error: textOf(error) });
        }
        for (const test of collectedTests().slice(before)) {
          for (const name of ["cpu", "webgpu"] as const) {
            if (test.devices.includes(name)) tests.push({ shown: { file, name: test.name, device: name }, test });
          }
        }
      }
      return { tests: tests.map(({ shown }) => shown), broken };
    },
    labels: async () => {
      const labels: Partial<Record<PageDevice, string>> = {};
      for (const name of ["cpu", "webgpu"] as const) {
        const opened = await device(name);
        if (opened) labels[name] = opened.label;
      }
      return labels;
    },
    run: async (index) => {
      const { shown, test } = tests[index]!;
      try {
        await runOnDevice(test.body, (await device(shown.device))!, shown.device);
        return undefined;
      } catch (error) {
        // What a failed test left on its device must not fail the next one.
        devices.get(shown.device)?.[Symbol.dispose]();
        devices.delete(shown.device);
        return textOf(error);
      }
    },
  };
}

/** The error with its causes: a failed property hides the assertion in its cause. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text}\ncaused by ${textOf(error.cause)}`;
}
