/**
 * Ranges of the uniform distributions that tables begin with.
 *
 * @module
 */
import { pow } from "@pocketrec/compute/detmath";
import type { QrOperation } from "../compression/index_split.ts";

/** Uniform in [low, high). */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** A table of `rows` ids: within `sqrt(1 / rows)` of zero, as facebookresearch/dlrm and TorchRec; variance 1 / (3 rows). */
export function tableRange(rows: number): Range {
  return around(Math.sqrt(1 / rows));
}

/**
 * A QR factor. `"composed"`: products, sums and halves of factors have the variance of {@linkcode tableRange}.
 * `"upstream"`: facebookresearch/dlrm's `uniform_(w, sqrt(1 / rows))`, whose upper bound is 1.
 */
export function factorRange(rows: number, operation: QrOperation, init: "composed" | "upstream"): Range {
  if (init === "upstream") return { low: Math.sqrt(1 / rows), high: 1 };
  if (operation === "mult") return around(pow(3 / rows, 0.25));
  return around(Math.sqrt((operation === "add" ? 0.5 : 1) / rows));
}

function around(bound: number): Range {
  return { low: -bound, high: bound };
}
