/**
 * The choice among ways to store a chunk where tables are not weighed, as on a device that encodes many chunks at once.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { givenPlan, type GivenTable } from "../entropy/given_table.ts";
import { isDirect } from "../entropy/plan.ts";
import { sequenceCapacity } from "../entropy/sequence.ts";
import { tableCost } from "../entropy/tables.ts";
import { ANS, CHUNK_HEADER_BYTES, HUFF, PACK } from "../format/chunk_header.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { type Codes, type CodesPlan, planCodes } from "./codes_plan.ts";
import { type Choice, type ChunkJob, maxChunkBytes } from "./job.ts";
import { MODES } from "./mode.ts";
import { storedRows } from "./rows.ts";

/**
 * Takes the smallest of three: codes with the given table (if there is one, and it has all of their tokens), packed codes
 * (unless the mode is `"raw"`), and RAW without a row map. Row maps are packed. Of equal sizes, the first is taken. Modes are
 * `"raw"`, and `"pack"`, `"huff"` and `"ans"` with or without `"dict+"`.
 */
export function fixedChoice(
  workspace: Workspace,
  { dtype, d, rows, elements, mode }: Pick<ChunkJob, "dtype" | "d" | "rows" | "elements" | "mode">,
  table: GivenTable | undefined,
): Choice {
  return (means, distinct, quantised) => {
    if (quantised === undefined || quantised.escaped === distinct.unique) return means.write();
    const { codes, escapes, least, greatest } = quantised;
    const stored = storedRows(workspace, distinct, rows, d, codes, escapes, MODES[mode].dict !== "never");
    const all: Codes = { at: stored.codes, rows: stored.coded, d, least, greatest };
    const packed = means.codedCandidate(stored, planCodes(workspace, all, [PACK], 0, undefined)!, [PACK]);
    const packedBytes = CHUNK_HEADER_BYTES + fieldBytes(packed.bytes, 8), rawBytes = maxChunkBytes(dtype, elements);
    const plan = table && planGiven(workspace, all, table);
    if (plan !== undefined) {
      const written = means.write(means.codedCandidate(stored, plan, [PACK]));
      if (written.bytes <= Math.min(packedBytes, rawBytes)) return written;
    }
    return means.write(packedBytes <= rawBytes ? packed : undefined);
  };
}

/** The plan that has the table given; undefined if some code has no token in it. */
function planGiven({ sequences }: Workspace, codes: Codes, given: GivenTable): CodesPlan | undefined {
  const { at, rows, d, least, greatest } = codes, { coder, direct, table } = given;
  if (direct && !isDirect(least, greatest, false)) return undefined;
  const statistics = sequences.analyse({ codes: at, rows, rowLength: d, unsigned: false, direct }, false);
  if (tableCost(coder, Float64Array.from(statistics.counts), table) === Infinity) return undefined;
  const sequence = givenPlan(statistics.sequence, given), capacity = sequenceCapacity(statistics.sequence);
  return { codes, coder: coder === "ans" ? ANS : HUFF, bytes: 0, capacity, bits: 0, sequence };
}
