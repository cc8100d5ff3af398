/**
 * Sequences for tests, coded in a memory whose other bytes are watched.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Arena } from "../kernels/arena.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { createPlainKernels } from "../kernels/plain.ts";
import { type Codebook, isDirect, planSequence, type Sequence, type SequencePlan } from "./plan.ts";
import { SEQUENCE_AREA_BYTES, sequenceCapacity, SequenceCoder } from "./sequence.ts";
import type { Coder } from "./tables.ts";

/** Integers in rows. */
export interface Rows {
  /** `rows * rowLength` of them. */
  readonly values: ArrayLike<number>;
  /** Integers per row. */
  readonly rowLength: number;
  /** As in {@linkcode Sequence}. */
  readonly unsigned?: boolean;
}

/** A coded sequence and how it was planned. */
export interface Encoded {
  /** The coded bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How. */
  readonly plan: SequencePlan;
}

const kernels: Kernels = createPlainKernels();
const arena = new Arena(kernels.memory);
const coder = new SequenceCoder(kernels, arena.take(SEQUENCE_AREA_BYTES));
const GUARD = 64, GUARD_BYTE = 0xa5;

/** Calls `work` with two ranges, and looks whether the bytes around them are whole. */
function guarded<R>(bytes: number, more: number, work: (first: number, second: number) => R): R {
  const mark = arena.mark;
  try {
    const base = arena.take(bytes + more + 4 * GUARD);
    const { memory } = kernels;
    const end = arena.mark;
    memory.u8.fill(GUARD_BYTE, base, end);
    const first = base + GUARD, second = Math.ceil((first + bytes + GUARD) / 16) * 16;
    const result = work(first, second);
    const rest = [
      memory.u8.subarray(base, first),
      memory.u8.subarray(first + bytes, second),
      memory.u8.subarray(second + more, end),
    ];
    for (const range of rest) assert(range.every((byte) => byte === GUARD_BYTE), "bytes outside were written to");
    return result;
  } finally {
    arena.release(mark);
  }
}

/** Encodes; the destination has just the capacity asked for. */
export function encodeRows(rows: Rows, by: Coder, codebook?: Codebook): Encoded {
  const { values, rowLength, unsigned = false } = rows;
  let least = 0, greatest = 0;
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i]!);
    greatest = Math.max(greatest, values[i]!);
  }
  const sequence: Omit<Sequence, "codes"> = {
    rows: values.length / rowLength,
    rowLength,
    unsigned,
    direct: isDirect(least, greatest, unsigned),
  };
  const capacity = sequenceCapacity({ ...sequence, codes: 0 });
  return guarded(capacity, values.length * 4, (dst, codes) => {
    kernels.memory.i32.set(values, codes >> 2);
    const statistics = coder.analyse({ ...sequence, codes }, by === "ans", codebook);
    const plan = planSequence(statistics, by, codebook);
    const length = coder.encode(plan, dst);
    assert(length <= capacity);
    return { bytes: kernels.memory.u8.slice(dst, dst + length), plan };
  });
}

/** Decodes whatever the bytes are, or a part of it. */
export function decodeBytes(
  bytes: Uint8Array,
  shape: { rows: number; rowLength: number; unsigned?: boolean },
  by: Coder,
  codebook?: Codebook,
  part?: { first: number; count: number },
): Int32Array<ArrayBuffer> {
  const { rows, rowLength, unsigned = false } = shape;
  const count = part?.count ?? rows * rowLength;
  return guarded(bytes.length, count * 4, (src, codes) => {
    kernels.memory.u8.set(bytes, src);
    const coded = coder.open(src, bytes.length, { rows, rowLength, unsigned, coder: by }, codebook);
    coder.decode(coded, codes, part?.first, count);
    return kernels.memory.i32.slice(codes >> 2, (codes >> 2) + count);
  });
}

/** Encodes and decodes; the values come back, and nothing is left over. */
export function roundTrip(rows: Rows, by: Coder, codebook?: Codebook): Encoded {
  const encoded = encodeRows(rows, by, codebook);
  const { values, rowLength, unsigned = false } = rows;
  const shape = { rows: values.length / rowLength, rowLength, unsigned };
  const decoded = decodeBytes(encoded.bytes, shape, by, codebook);
  for (let i = 0; i < values.length; i++) {
    if (decoded[i] !== (values[i]! | 0)) assertEquals([i, decoded[i]], [i, values[i]! | 0]);
  }
  return encoded;
}

/** Random whole numbers below `n`: the same for the same seed. */
export function randomBelow(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return Math.floor(((x ^ (x >>> 16)) >>> 0) / 2 ** 32 * n);
  };
}
