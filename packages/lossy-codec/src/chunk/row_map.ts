/**
 * The row map: for each row of a chunk 0 if it is a stored row not seen before, else 1 + the number of the stored row that it
 * repeats. Stored rows are numbered by their first occurrence. Rows of one embedding table follow the popularity of its ids,
 * so the sequence is entropy-coded; or packed into equal bits where that is shorter.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { type Codebook, isDirect, planSequence, type SequencePlan } from "../entropy/plan.ts";
import { type CodedSequence, sequenceCapacity } from "../entropy/sequence.ts";
import { corrupt, truncated } from "../errors.ts";
import { ANS, type Coder, HUFF, PACK } from "../format/chunk_header.ts";
import type { Workspace } from "../kernels/workspace.ts";

/** How a row map will be stored. */
export interface RowMapPlan {
  /** PACK, HUFF or ANS. */
  readonly coder: Coder;
  /** Estimated bytes. */
  readonly bytes: number;
  /** Most bytes that writing takes. */
  readonly capacity: number;
  /** Byte offset of the values u32[rows]. */
  readonly values: number;
  /** Bits of a value, if packed. */
  readonly bits: number;
  /** How it is coded, if not packed. */
  readonly sequence: SequencePlan | undefined;
}

/** Bits of a packed value: these go from 0 to the number of stored rows. */
function bitsFor(unique: number): number {
  return 32 - Math.clz32(unique);
}

/**
 * Plans the row map.
 *
 * @param rowToUnique Byte offset of u32[rows].
 * @param coders What may be used beside PACK.
 */
export function planRowMap(
  { kernels, arena, sequences }: Workspace,
  rowToUnique: number,
  rows: number,
  unique: number,
  coders: readonly Coder[],
  codebook?: Codebook,
): RowMapPlan {
  const values = arena.take(4 * rows), { u32 } = kernels.memory;
  for (let row = 0, next = 0; row < rows; row++) {
    const number = u32[(rowToUnique >>> 2) + row]!;
    u32[(values >>> 2) + row] = number === next ? 0 : number + 1;
    if (number === next) next++;
  }
  const bits = bitsFor(unique), bytes = fieldBytes(rows, bits);
  const packed: RowMapPlan = { coder: PACK, bytes, capacity: bytes, values, bits, sequence: undefined };
  const coder = coders.includes(ANS) ? ANS : coders.includes(HUFF) ? HUFF : undefined;
  if (coder === undefined) return packed;
  const direct = isDirect(0, unique, true);
  const statistics = sequences.analyse({ codes: values, rows, rowLength: 1, unsigned: true, direct }, false, codebook);
  const sequence = planSequence(statistics, coder === ANS ? "ans" : "huffman", codebook);
  if (sequence.bytes >= bytes) return packed;
  return { coder, bytes: sequence.bytes, capacity: sequenceCapacity(sequence.sequence), values, bits, sequence };
}

/** Writes the row map; returns its bytes, a multiple of 4. */
export function writeRowMap({ kernels, sequences }: Workspace, plan: RowMapPlan, rows: number, dst: number): number {
  if (plan.sequence !== undefined) return sequences.encode(plan.sequence, dst);
  kernels.pack(plan.values, rows, 0, plan.bits, dst);
  return plan.bytes;
}

/** A row map that was read. */
export interface RowMap {
  /** Byte offset of u32[rows]: number of each row's stored row. */
  readonly rowToUnique: number;
  /** Byte offset behind the section. */
  readonly end: number;
  /** What was decoded, if it was not packed. */
  readonly coded: CodedSequence | undefined;
}

/**
 * Reads the row map at `src`.
 *
 * @param end Behind the bytes that may be read.
 * @throws {CodecError} `CORRUPT`, `TRUNCATED`
 */
export function readRowMap(
  { kernels, arena, sequences }: Workspace,
  src: number,
  end: number,
  rows: number,
  unique: number,
  coder: number,
  codebook?: Codebook,
): RowMap {
  if (coder !== PACK && coder !== HUFF && coder !== ANS) throw corrupt("the coder of a row map", coder, "2, 3 or 4");
  const values = arena.take(4 * rows);
  let coded: CodedSequence | undefined, after: number;
  if (coder === PACK) {
    const bits = bitsFor(unique);
    after = src + fieldBytes(rows, bits);
    if (after > end) throw truncated("a row map");
    kernels.unpack(src, 0, rows, 0, bits, values);
  } else {
    const shape = { rows, rowLength: 1, unsigned: true, coder: coder === ANS ? "ans" : "huffman" } as const;
    coded = sequences.open(src, end - src, shape, codebook);
    sequences.decode(coded, values);
    after = coded.end;
  }
  const { u32 } = kernels.memory, at = values >>> 2;
  let next = 0;
  for (let row = 0; row < rows; row++) {
    const value = u32[at + row]!;
    if (value > next) throw corrupt(`row ${row} of a row map`, value - 1, `less than the ${next} seen`);
    u32[at + row] = value === 0 ? next++ : value - 1;
  }
  if (next !== unique) throw corrupt("the number of rows in a row map", next, unique);
  return { rowToUnique: values, end: after, coded };
}
