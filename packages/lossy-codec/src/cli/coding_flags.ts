/**
 * Flags that say how to compress.
 *
 * @module
 */
import { MODES } from "../chunk/mode.ts";
import type { CompressOptions, ErrorBound } from "../options.ts";
import { type Arguments, type Flags, lastOf, numberOf } from "./arguments.ts";
import { UsageError } from "./errors.ts";
import type { InputArray } from "./input.ts";
import { suggestion } from "./nearest_name.ts";

/** Those flags, with those that say what the elements are. */
export const CODING_FLAGS: Flags = {
  abs: "<error>",
  rel: "<part of the range>",
  "pw-rel": "<part of each value>",
  lossless: undefined,
  mode: "<name>",
  "row-length": "<elements>",
  "chunk-rows": "<rows>",
  "no-checksum": undefined,
  dtype: "f16|f32|f64",
  shape: "<2048x64>",
};

/** All but the bound. */
export type Coding = Omit<CompressOptions, "bound">;

/** The bounds asked for, in order of their kinds. */
export function boundsOf(args: Arguments): ErrorBound[] {
  const values = (name: string) =>
    (args.values.get(name) ?? []).map((text) =>
      numberOf(text, name, (value) => value >= 0 && value < Infinity, "a finite number, 0 or more")
    );
  return [
    ...values("abs").map((abs) => ({ abs })),
    ...values("rel").map((rel) => ({ rel })),
    ...values("pw-rel").map((pwRel) => ({ pwRel })),
    ...(args.values.has("lossless") ? ["lossless" as const] : []),
  ];
}

/** Such as `rel 0.01`. */
export function boundText(bound: ErrorBound): string {
  if (bound === "lossless") return bound;
  return Object.entries(bound).map(([kind, value]) => `${kind === "pwRel" ? "pw-rel" : kind} ${value}`).join();
}

/**
 * How to compress an array: its last axis is a row unless `--row-length` says otherwise.
 *
 * @throws {UsageError}
 */
export function codingOf(args: Arguments, { shape }: InputArray): Coding {
  const rowLength = rowOf(shape);
  return { ...(rowLength === undefined ? {} : { rowLength }), ...storingOf(args), shape };
}

/**
 * How to store, as far as the flags say it.
 *
 * @throws {UsageError}
 */
export function storingOf(args: Arguments): Omit<Coding, "shape"> {
  const mode = lastOf(args, "mode") ?? "auto";
  if (!Object.hasOwn(MODES, mode)) {
    const names = Object.keys(MODES);
    throw new UsageError(`Cannot use --mode ${mode}${suggestion(mode, names) || `: want ${names.join(", ")}`}`);
  }
  const integer = (name: string) => {
    const text = lastOf(args, name);
    return text === undefined
      ? undefined
      : numberOf(text, name, (value) => Number.isInteger(value) && value > 0, "a whole number, 1 or more");
  };
  const rowLength = integer("row-length"), chunkRows = integer("chunk-rows");
  return {
    mode: mode as keyof typeof MODES,
    checksum: !args.values.has("no-checksum"),
    ...(rowLength === undefined ? {} : { rowLength }),
    ...(chunkRows === undefined ? {} : { chunkRows }),
  };
}

/** The last axis where it can serve as one. */
function rowOf(shape: readonly number[]): number | undefined {
  const last = shape.at(-1)!;
  return shape.length > 1 && last > 1 && last <= 65536 ? last : undefined;
}
