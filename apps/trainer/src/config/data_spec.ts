/**
 * The grammar of `--data`: `synthetic[:rows]`, `criteo:<path>`.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";

/** A parsed data source. */
export type DataSpec =
  | { readonly kind: "synthetic"; readonly rows: number }
  | { readonly kind: "criteo"; readonly path: string };

/** Rows of the built-in synthetic set when none are given. */
export const DEFAULT_SYNTHETIC_ROWS = 300_000;

/**
 * Parses a data source.
 *
 * @param what how messages name the setting, for example `--data`.
 * @throws {UsageError}
 */
export function parseDataSpec(text: string, what: string): DataSpec {
  const colon = text.indexOf(":");
  const kind = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? "" : text.slice(colon + 1);
  switch (kind) {
    case "synthetic":
      return { kind, rows: rest === "" ? DEFAULT_SYNTHETIC_ROWS : parseRows(rest, what) };
    case "criteo":
      if (rest === "") throw new UsageError(`Cannot read ${what} as it names no file: "${text}"; want criteo:<path>`);
      return { kind, path: rest };
    case "graph":
      throw new UsageError(
        `Cannot use ${what} ${text} as graph data is not part of this build; want synthetic or criteo`,
      );
  }
  const near = nearestName(kind, ["synthetic", "criteo"]);
  throw new UsageError(
    `Cannot read ${what} as its kind is unknown: "${text}"; want synthetic[:rows] or criteo:<path>` +
      (near && near !== kind ? ` (did you mean ${near}?)` : ""),
  );
}

function parseRows(text: string, what: string): number {
  const match = /^(\d[\d_]*(?:\.\d+)?)([kKmM]?)$/.exec(text);
  const scale = { k: 1e3, m: 1e6 }[match?.[2]?.toLowerCase() ?? ""] ?? 1;
  const rows = match ? Math.round(Number(match[1]!.replaceAll("_", "")) * scale) : NaN;
  if (!(rows >= 100 && rows <= 2 ** 32)) {
    throw new UsageError(
      `Cannot read ${what} as the number of synthetic rows must be 100 to 4294967296: got "${text}"`,
    );
  }
  return rows;
}
