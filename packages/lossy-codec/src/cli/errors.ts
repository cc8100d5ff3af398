/**
 * The two kinds of failure that a user sees, each one line.
 *
 * @module
 */
import { CodecError } from "../errors.ts";

/** What was typed cannot be used; the exit code is 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** The work cannot be done; the exit code is 1. */
export class RunError extends Error {
  override readonly name: string = "RunError";
}

/** An error as one line, without a stack trace. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  EROFS: "the file system is read-only",
};

/** Name of a system's error, such as `"ENOENT"`. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string") return code;
  // Deno's own errors carry no code where a permission was not granted.
  return error instanceof Error && /^(NotCapable|PermissionDenied)$/.test(error.name) ? "NOT_GRANTED" : undefined;
}

/**
 * The error for a file that cannot be used.
 *
 * @param action Such as `read x.npy`.
 */
export function fileError(action: string, error: unknown): Error {
  if (error instanceof RunError || error instanceof UsageError) return error;
  const code = systemCode(error);
  const reason = SYSTEM_REASONS[code ?? ""] ??
    (code === "NOT_GRANTED" ? "Deno was not given the permission" : undefined);
  return new RunError(`Cannot ${action} as ${reason ?? errorLine(error)}`, { cause: error });
}

/**
 * Runs what refuses options by throwing.
 *
 * @throws {UsageError}
 */
export function usable<R>(check: () => R): R {
  try {
    return check();
  } catch (error) {
    const option = error instanceof RangeError || error instanceof CodecError && error.code === "BOUND";
    throw option ? new UsageError(errorLine(error), { cause: error }) : error;
  }
}
