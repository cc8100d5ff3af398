/**
 * Typed re-exports of `@std/assert` from its npm republication (which ships no types), so that a checkout works where
 * only npm can be reached. To use JSR instead, point `@std/assert` in the root import map at `jsr:@std/assert@^1`.
 *
 * @module
 */
import * as std from "deno-std/assert/mod.js";

// deno-lint-ignore no-explicit-any -- the constructor type of any error class
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

export const AssertionError: new (message: string, options?: ErrorOptions) => Error = std.AssertionError;
export const assert: (expr: unknown, msg?: string) => asserts expr = std.assert;
export const assertFalse: (expr: unknown, msg?: string) => asserts expr is false | 0 | "" | null | undefined =
  std.assertFalse;
export const assertEquals: <T>(actual: T, expected: T, msg?: string) => void = std.assertEquals;
export const assertNotEquals: <T>(actual: T, expected: T, msg?: string) => void = std.assertNotEquals;
export const assertStrictEquals: <T>(actual: unknown, expected: T, msg?: string) => asserts actual is T =
  std.assertStrictEquals;
export const assertAlmostEquals: (actual: number, expected: number, tolerance?: number, msg?: string) => void =
  std.assertAlmostEquals;
export const assertExists: <T>(actual: T, msg?: string) => asserts actual is NonNullable<T> = std.assertExists;
export const assertGreater: <T>(actual: T, expected: T, msg?: string) => void = std.assertGreater;
export const assertGreaterOrEqual: <T>(actual: T, expected: T, msg?: string) => void = std.assertGreaterOrEqual;
export const assertLess: <T>(actual: T, expected: T, msg?: string) => void = std.assertLess;
export const assertLessOrEqual: <T>(actual: T, expected: T, msg?: string) => void = std.assertLessOrEqual;
export const assertInstanceOf: <T>(
  actual: unknown,
  expected: abstract new (...args: never[]) => T,
  msg?: string,
) => asserts actual is T = std.assertInstanceOf;
export const assertMatch: (actual: string, expected: RegExp, msg?: string) => void = std.assertMatch;
export const assertNotMatch: (actual: string, expected: RegExp, msg?: string) => void = std.assertNotMatch;
export const assertStringIncludes: (actual: string, expected: string, msg?: string) => void = std.assertStringIncludes;
export const assertArrayIncludes: <T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string) => void =
  std.assertArrayIncludes;
export const assertThrows: <E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
  msg?: string,
) => E = std.assertThrows;
export const assertRejects: <E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
  msg?: string,
) => Promise<E> = std.assertRejects;
export const fail: (msg?: string) => never = std.fail;
export const unreachable: (msg?: string) => never = std.unreachable;
