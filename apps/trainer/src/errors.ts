/**
 * The two kinds of failure that a user sees, each one line, and how errors become such a line.
 *
 * @module
 */

/** What the user typed cannot be used; the program exits with code 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** The run cannot go on; the program exits with code 1. */
export class RunError extends Error {
  override readonly name: string = "RunError";
}

/** Whether an error says that no space is left on the device or the quota is used up. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as Error & { code?: string }).code;
  return code === "ENOSPC" || code === "EDQUOT" || /no space left on device|disk quota exceeded/i.test(error.message);
}

/** An error as one line of text, without a stack trace. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
