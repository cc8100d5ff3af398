/**
 * Says what a test run left out, and how to install what that needs.
 *
 * @module
 */
import type { TestCase } from "./junit.ts";

/**
 * A test whose host lacks something is ignored under a name that ends so: `name [part: absent, how to install it]`.
 * `packages/compute/src/testing` names its tests so.
 */
const absentPart = /\[([\w-]+): absent, (.+)\]/;

/** Totals of a run. */
export interface Summary {
  /** Tests and steps that passed. */
  readonly passed: number;
  /** Those that failed, and those skipped although `POCKETREC_REQUIRE` names their part. */
  readonly failed: number;
  /** Those skipped. */
  readonly skipped: number;
  /** Lines for a person: skipped parts, each with its number of tests and the way to install it. */
  readonly notes: readonly string[];
}

/**
 * Sums up a run.
 *
 * @param cases All tests.
 * @param required Parts that may not be absent.
 * @returns Totals and notes.
 */
export function summarise(cases: readonly TestCase[], required: ReadonlySet<string>): Summary {
  const parts = new Map<string, { count: number; install: string }>();
  const notes: string[] = [];
  let skipped = 0, failed = 0;
  for (const { name, file, outcome } of cases) {
    if (outcome === "failed") {
      failed++;
      notes.push(`failed: ${name} (${file})`);
    }
    if (outcome !== "skipped") continue;
    const [, part, install] = name.match(absentPart) ?? [];
    if (part === undefined) {
      skipped++;
      notes.push(`skipped: ${name} (${file})`);
      continue;
    }
    if (required.has(part)) failed++;
    else skipped++;
    const seen = parts.get(part);
    parts.set(part, { count: (seen?.count ?? 0) + 1, install: install! });
  }
  for (const [part, { count, install }] of parts) {
    const verdict = required.has(part) ? "failed: required but absent" : "skipped: absent";
    notes.push(`${verdict}: ${part} (${count} ${count === 1 ? "test" : "tests"}); to install: ${install}`);
  }
  return { passed: cases.filter(({ outcome }) => outcome === "passed").length, failed, skipped, notes };
}
