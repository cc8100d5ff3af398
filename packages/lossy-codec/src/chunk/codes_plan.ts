/**
 * How the codes of a chunk will be stored.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { type Codebook, isDirect, planSequence, type SequencePlan } from "../entropy/plan.ts";
import { sequenceCapacity } from "../entropy/sequence.ts";
import { ANS, type Coder, HUFF, PACK, VLZ } from "../format/chunk_header.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { costOf, type Link } from "./mode.ts";
import { distinctRows } from "./rows.ts";
import { VLZ_MAX, VLZ_MIN, vlzCapacity, writeVlz } from "./vlz.ts";

/** Codes in kernel memory. */
export interface Codes {
  /** Byte offset of i32[rows d]. */
  readonly at: number;
  /** At least 1. */
  readonly rows: number;
  /** Codes per row. */
  readonly d: number;
  /** Least code, or less. */
  readonly least: number;
  /** Greatest code, or more. */
  readonly greatest: number;
}

/** One way to store them. */
export interface CodesPlan {
  /** What is stored. */
  readonly codes: Codes;
  /** How. */
  readonly coder: Coder;
  /** Estimated bytes. */
  readonly bytes: number;
  /** Most bytes that writing takes. */
  readonly capacity: number;
  /** Bits per code, with PACK. */
  readonly bits: number;
  /** With HUFF and ANS. */
  readonly sequence: SequencePlan | undefined;
}

/**
 * The cheapest way among the coders given.
 *
 * @param elementBytes Of the chunk's elements, for `link`.
 * @returns undefined if none can hold the codes.
 */
export function planCodes(
  workspace: Workspace,
  codes: Codes,
  coders: readonly Coder[],
  elementBytes: number,
  link: Link | undefined,
  codebook?: Codebook,
): CodesPlan | undefined {
  const { sequences } = workspace, { at, rows, d, least, greatest } = codes;
  const plans: CodesPlan[] = [];
  if (coders.includes(PACK)) {
    const bits = 32 - Math.clz32(greatest - least);
    const bytes = 4 + fieldBytes(rows * d, bits);
    plans.push({ codes, coder: PACK, bytes, capacity: bytes, bits, sequence: undefined });
  }
  if (coders.includes(VLZ) && least >= VLZ_MIN && greatest <= VLZ_MAX) {
    const bytes = vlzCapacity(rows, d);
    plans.push({ codes, coder: VLZ, bytes, capacity: bytes, bits: 0, sequence: undefined });
  }
  const ans = coders.includes(ANS), huff = coders.includes(HUFF);
  if (ans || huff) {
    const direct = isDirect(least, greatest, false);
    const statistics = sequences.analyse({ codes: at, rows, rowLength: d, unsigned: false, direct }, ans, codebook);
    for (const coder of [ANS, HUFF] as const) {
      // By size alone rANS wins: its cost is that of Huffman coding less what whole bits waste.
      if (!coders.includes(coder) || (coder === HUFF && ans && link === undefined)) continue;
      const sequence = planSequence(statistics, coder === ANS ? "ans" : "huffman", codebook);
      const capacity = sequenceCapacity(sequence.sequence);
      plans.push({ codes, coder, bytes: sequence.bytes, capacity, bits: 0, sequence });
    }
  }
  const cost = (plan: CodesPlan) => costOf(plan.coder, plan.bytes, elementBytes, link);
  return plans.reduce<CodesPlan | undefined>(
    (best, plan) => best === undefined || cost(plan) < cost(best) ? plan : best,
    undefined,
  );
}

/** Writes the codes; returns the bytes written, a multiple of 4. */
export function writeCodes(workspace: Workspace, plan: CodesPlan, dst: number): number {
  const { kernels, sequences } = workspace, { at, rows, d, least } = plan.codes;
  if (plan.sequence !== undefined) return sequences.encode(plan.sequence, dst);
  if (plan.coder === PACK) {
    kernels.memory.i32[dst >>> 2] = least;
    kernels.pack(at, rows * d, least, plan.bits, dst + 4);
    return plan.bytes;
  }
  return workspace.scoped(() => {
    const { rowToUnique } = distinctRows(workspace, at, d, rows);
    return writeVlz(kernels.memory, at, rowToUnique, rows, d, dst);
  });
}

/** Least and greatest of the codes at `at`. */
export function codesIn({ kernels }: Workspace, at: number, rows: number, d: number): Codes {
  const { i32 } = kernels.memory;
  let least = Infinity, greatest = -Infinity;
  for (let i = at >>> 2, end = i + rows * d; i < end; i++) {
    const q = i32[i]!;
    if (q < least) least = q;
    if (q > greatest) greatest = q;
  }
  return { at, rows, d, least, greatest };
}

/** Rows looked at by `looksSmooth`, and the least number of elements looked at from each on. */
const SAMPLES = 64;

/** Whether Lorenzo residuals of a sample are smaller than its codes; then they are worth a closer look. */
export function looksSmooth({ kernels }: Workspace, { at, rows, d }: Codes): boolean {
  const { i32 } = kernels.memory, begin = at >>> 2, end = begin + rows * d;
  const stride = Math.max(1, Math.floor(rows / SAMPLES)) * d, length = Math.max(SAMPLES, Math.min(d, 4096));
  let codes = 0, order1 = 0, order2 = 0;
  for (let first = begin; first < end; first += stride) {
    for (let i = first + 1; i < Math.min(first + length, end); i++) {
      const difference = i32[i]! - i32[i - 1]!;
      codes += Math.abs(i32[i]!);
      order1 += Math.abs(difference);
      order2 += i - d <= begin ? Math.abs(difference) : Math.abs(difference - i32[i - d]! + i32[i - d - 1]!);
    }
  }
  return Math.min(order1, order2) < 0.95 * codes;
}
