/**
 * Reads the JUnit report that `deno test --junit-path` writes.
 *
 * @module
 */

/** One test of a report. */
export interface TestCase {
  /** Name; steps are `test > step`. */
  readonly name: string;
  /** File, as `./folder/file_test.ts`. */
  readonly file: string;
  /** How it ended. */
  readonly outcome: "passed" | "failed" | "skipped";
}

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return entities[name] ?? whole;
    return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
  });
}

/**
 * Reads a report.
 *
 * @param xml Text of the report.
 * @returns All tests and steps in order.
 */
export function parseJunit(xml: string): TestCase[] {
  const cases: TestCase[] = [];
  for (const [, attributes, body] of xml.matchAll(/<testcase\s([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g)) {
    const attribute = (name: string) => unescape(attributes!.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? "");
    const outcome = /<(failure|error)\b/.test(body ?? "")
      ? "failed"
      : /<skipped\b/.test(body ?? "")
      ? "skipped"
      : "passed";
    cases.push({ name: attribute("name"), file: attribute("classname"), outcome });
  }
  return cases;
}
