/**
 * Rows that are sent as differences to remembered ones: of the codes of both, by one step.
 *
 * @module
 */
import type { ChunkJob } from "./chunk/job.ts";
import { codesIn } from "./chunk/codes_plan.ts";
import { everyRow } from "./chunk/rows.ts";
import { type Bound, chooseUnit, leastStep, type StepUnit, stepUnit } from "./chunk/unit.ts";
import { isDirect, planSequence, type SequencePlan } from "./entropy/plan.ts";
import { type CodedSequence, sequenceCapacity } from "./entropy/sequence.ts";
import { wrong } from "./errors.ts";
import { type DtypeId, F32 } from "./kernels/kernels.ts";
import { single, words } from "./kernels/patterns.ts";
import type { Workspace } from "./kernels/workspace.ts";
import type { RowMemory } from "./row_memory.ts";

/** The step for close rows; undefined where there can be none. */
export function closeUnit(
  { kernels, arena }: Workspace,
  job: ChunkJob & { readonly bound: Bound },
): StepUnit | undefined {
  const { dtype, d, rows, src, bound } = job;
  if (dtype !== F32 || bound.kind !== "abs") return undefined;
  let { magnitude } = job;
  if (magnitude === undefined) {
    const result = arena.take(32);
    kernels.range(dtype, src, 0, rows, d, result);
    magnitude = kernels.memory.f64[(result >>> 3) + 3]!;
  }
  const unit = chooseUnit(dtype, bound, magnitude);
  return unit?.kind === "step" ? unit : undefined;
}

/** The upper half of a step's pattern. */
export function stepPattern({ step }: StepUnit): number {
  single[0] = step;
  return words[0]! >>> 16;
}

/**
 * The unit of a step as it was written.
 *
 * @throws {CodecError} `CORRUPT`
 */
export function readStep(pattern: number, dtype: DtypeId): StepUnit {
  words[0] = pattern << 16;
  const step = single[0]!, least = leastStep(F32);
  if (dtype !== F32) throw wrong("close rows", "not of f32", "none");
  if (!(step >= least && step < Infinity)) {
    throw wrong("the step of close rows", step, `a finite number from ${least} on`);
  }
  return stepUnit(F32, step, step / 2);
}

/** Rows that are close enough, and how they will be coded. */
export interface CloseRows {
  /** Of the rows given, 1 for those that are. */
  readonly taken: Uint8Array<ArrayBuffer>;
  /** How many are. */
  readonly rows: number;
  /** What they will be restored as. */
  readonly restored: Uint8Array<ArrayBuffer>;
  /** Undefined if there are none. */
  readonly sequence: SequencePlan | undefined;
  /** Most bytes that writing takes. */
  readonly capacity: number;
}

/** Codes of remembered rows by a step, all 0 for a row that it does not suit; the byte offset of i32[slots d]. */
function predictions(
  { kernels, arena }: Workspace,
  unit: StepUnit,
  slots: ArrayLike<number>,
  memory: RowMemory,
): number {
  const count = slots.length, { rowBytes } = memory, d = rowBytes / 4;
  const rows = arena.take(count * rowBytes), codes = arena.take(count * rowBytes);
  const escapes = arena.take(count), result = arena.take(32);
  for (let i = 0; i < count; i++) kernels.memory.u8.set(memory.row(slots[i]!), rows + i * rowBytes);
  const list = everyRow({ kernels, arena } as Workspace, count).uniqueRows;
  kernels.quantise(F32, rows, list, count, d, unit.step, unit.maxCode, unit.step, codes, escapes, result);
  return codes;
}

/** Sees which rows are cheaper as differences to those in the places given. */
export function planClose(
  workspace: Workspace,
  { d, src }: ChunkJob,
  unit: StepUnit,
  list: Uint32Array,
  slots: Uint32Array,
  memory: RowMemory,
): CloseRows {
  const { kernels, arena, sequences } = workspace, count = list.length, { step, maxCode, errorBound } = unit;
  const rows = arena.take(4 * count), codes = arena.take(4 * d * count), escapes = arena.take(count);
  const result = arena.take(32);
  kernels.memory.u32.set(list, rows >>> 2);
  kernels.quantise(F32, src, rows, count, d, step, maxCode, errorBound, codes, escapes, result);
  const differences = predictions(workspace, unit, slots, memory), { i32, u8 } = kernels.memory;
  const taken = new Uint8Array(count);
  let kept = 0;
  for (let row = 0; row < count; row++) {
    const own = (codes >>> 2) + row * d, other = (differences >>> 2) + row * d, to = kept * d;
    let size = 0, left = 0;
    for (let j = 0; j < d; j++) {
      const q = i32[own + j]!, difference = q - i32[other + j]!;
      size += Math.abs(q);
      left += Math.abs(difference);
      // Rows that are taken move up; those behind are not touched.
      i32[(codes >>> 2) + to + j] = q;
      i32[(differences >>> 2) + to + j] = difference;
    }
    if (u8[escapes + row] === 1 || left * 4 > size * 3) continue;
    taken[row] = 1;
    kept++;
  }
  if (kept === 0) return { taken, rows: 0, restored: new Uint8Array(0), sequence: undefined, capacity: 0 };
  const restored = arena.take(4 * d * kept);
  kernels.dequantise(F32, codes, kept * d, step, maxCode, restored);
  const { least, greatest } = codesIn(workspace, differences, kept, d);
  const direct = isDirect(least, greatest, false);
  const sequence = { codes: differences, rows: kept, rowLength: d, unsigned: false, direct };
  const statistics = sequences.analyse(sequence, true, memory.nearBook);
  return {
    taken,
    rows: kept,
    restored: kernels.memory.u8.slice(restored, restored + 4 * d * kept),
    sequence: planSequence(statistics, "ans", memory.nearBook),
    capacity: sequenceCapacity(sequence),
  };
}

/** Writes the differences; returns the bytes written, a multiple of 4. */
export function writeClose({ sequences }: Workspace, { sequence }: CloseRows, dst: number): number {
  return sequences.encode(sequence!, dst);
}

/**
 * Restores rows from differences to the remembered ones in the places given.
 *
 * @throws {CodecError} `CORRUPT`
 */
export function restoreClose(
  workspace: Workspace,
  unit: StepUnit,
  sequence: CodedSequence,
  slots: ArrayLike<number>,
  memory: RowMemory,
): Uint8Array<ArrayBuffer> {
  const { kernels, arena, sequences } = workspace, count = slots.length * memory.rowBytes / 4;
  const differences = arena.take(4 * count), codes = predictions(workspace, unit, slots, memory);
  sequences.decode(sequence, differences);
  const restored = arena.take(4 * count), { i32 } = kernels.memory;
  for (let i = 0; i < count; i++) i32[(codes >>> 2) + i] = i32[(codes >>> 2) + i]! + i32[(differences >>> 2) + i]! | 0;
  if (kernels.dequantise(F32, codes, count, unit.step, unit.maxCode, restored) !== 0) {
    throw wrong("a code", "beyond those of its step", "a smaller one");
  }
  return kernels.memory.u8.slice(restored, restored + 4 * count);
}
