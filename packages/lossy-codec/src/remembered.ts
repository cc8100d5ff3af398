/**
 * Messages whose rows may be those of earlier messages: u32 hash | what is known of the rows | chunk of the others.
 *
 * @module
 */
import { encodeChunk } from "./chunk/encode_chunk.ts";
import { type ChunkBooks, type ChunkJob, NO_BOOKS } from "./chunk/job.ts";
import { OpenChunk } from "./chunk/decode_chunk.ts";
import { MODES } from "./chunk/mode.ts";
import { planRowMap, readRowMap, writeRowMap } from "./chunk/row_map.ts";
import { distinctRows } from "./chunk/rows.ts";
import type { Bound } from "./chunk/unit.ts";
import { elementBytes, type FloatArray } from "./dtype.ts";
import { codebookAfter } from "./entropy/codebook.ts";
import type { Codebook } from "./entropy/plan.ts";
import { truncated, wrong } from "./errors.ts";
import { fieldBytes, viewOf } from "./format/fields.ts";
import { xxh32 } from "./format/xxh32.ts";
import { type DtypeId, F16, F32, F64, type KernelMemory } from "./kernels/kernels.ts";
import { hashRow } from "./kernels/plain_dedupe.ts";
import type { Workspace } from "./kernels/workspace.ts";
import { MAX_REMEMBERED, type RowMemory } from "./row_memory.ts";
import type { SentRows } from "./sent_rows.ts";

/** Bytes before the row map. */
const HEAD_BYTES = 12;
/** Of the hash of rows. */
const SEED = 0x6d656d6f;

/** What a message adds to what both ends have. */
export interface Additions {
  /** Hash of the message. */
  readonly state: number;
  /** Rows that were new, as restored. */
  readonly rows: Uint8Array<ArrayBuffer>;
  /** Table of the map. */
  readonly book: Codebook | undefined;
  /** Tables of the chunk. */
  readonly books: ChunkBooks;
}

/** An encoded message. */
export interface EncodedMessage extends Additions {
  /** Byte offset. */
  readonly at: number;
  /** A multiple of 4. */
  readonly bytes: number;
  /** Of the new rows. */
  readonly hashes: Uint32Array<ArrayBuffer>;
}

/** The most bytes that a message takes beyond a chunk of all its rows. */
export function maxKnownBytes(rows: number): number {
  return HEAD_BYTES + 256 + 6 * rows;
}

/** What to encode: whole rows, whose bound does not depend on their range. */
export type RowsJob = ChunkJob & { readonly bound: Bound };

/** Elements in kernel memory, or at a place of an array. */
function floats(dtype: DtypeId, { buffer }: Uint8Array, at: number, bytes: number): FloatArray {
  if (dtype === F64) return new Float64Array(buffer, at, bytes / 8);
  return dtype === F32 ? new Float32Array(buffer, at, bytes / 4) : new Uint16Array(buffer, at, bytes / 2);
}

/** Encodes rows in kernel memory as a message. */
export function encodeMessage(workspace: Workspace, job: RowsJob, memory: SentRows): EncodedMessage {
  const { kernels, arena } = workspace, { dtype, d, rows, src, bound, mode, books } = job;
  const rowBytes = d * elementBytes(dtype), words = dtype === F64 ? 2 * d : d;
  let values = src;
  if (dtype === F16) {
    values = arena.take(4 * rows * d);
    kernels.expandF16(src, rows * d, values);
  }
  const { unique, rowToUnique, uniqueRows } = distinctRows(workspace, values, words, rows);
  const map = unique === rows
    ? undefined
    : planRowMap(workspace, rowToUnique, rows, unique, MODES[mode].coders, memory.book);
  const ages = arena.take(4 * unique), flags = arena.take(4 * unique), others = arena.take(4 * unique);
  const { u8, u32 } = kernels.memory, hashes = new Uint32Array(unique);
  const remembered = floats(dtype, memory.bytes, 0, memory.size * rowBytes);
  let known = 0, fresh = 0, oldest = 0;
  for (let u = 0; u < unique; u++) {
    const row = u32[(uniqueRows >>> 2) + u]!, hash = hashRow(u32, (values >>> 2) + row * words, words, SEED);
    const age = known < MAX_REMEMBERED
      ? memory.find(hash, floats(dtype, u8, src + row * rowBytes, rowBytes), remembered, bound)
      : -1;
    u32[(flags >>> 2) + u] = age < 0 ? 0 : 1;
    if (age < 0) {
      hashes[fresh] = hash;
      u32[(others >>> 2) + fresh++] = row;
    } else {
      u32[(ages >>> 2) + known++] = age;
      oldest = Math.max(oldest, age);
    }
  }
  const chunk = fresh === 0 ? undefined : encodeFresh(workspace, job, others, fresh);
  const bits = known === 0 ? 0 : Math.max(1, 32 - Math.clz32(oldest));
  const flagBytes = known > 0 && fresh > 0 ? fieldBytes(unique, 1) : 0, ageBytes = fieldBytes(known, bits);
  const at = arena.take(HEAD_BYTES + (map?.capacity ?? 0) + flagBytes + ageBytes + (chunk?.bytes ?? 0) + 16);
  const { memory: m } = kernels, view = viewOf(m.u8);
  view.setUint16(at + 4, unique - 1, true);
  view.setUint16(at + 6, known, true);
  view.setUint32(at + 8, bits | (map?.coder ?? 0) << 8, true);
  let end = at + HEAD_BYTES;
  if (map !== undefined) end += writeRowMap(workspace, map, rows, end);
  if (flagBytes > 0) kernels.pack(flags, unique, 0, 1, end);
  end += flagBytes;
  if (known > 0) kernels.pack(ages, known, 0, bits, end);
  end += ageBytes;
  if (chunk !== undefined) m.u8.copyWithin(end, chunk.at, chunk.at + chunk.bytes);
  end += chunk?.bytes ?? 0;
  const state = xxh32(m.u8, at + 4, end, memory.state);
  view.setUint32(at, state, true);
  return {
    at,
    bytes: end - at,
    state,
    rows: chunk?.rows ?? new Uint8Array(0),
    hashes: hashes.slice(0, fresh),
    book: map?.sequence ? codebookAfter(memory.book, map.sequence) : memory.book,
    books: chunk?.books ?? books ?? NO_BOOKS,
  };
}

/** Encodes the rows that nobody has yet, and restores them. */
function encodeFresh(workspace: Workspace, job: ChunkJob, list: number, count: number) {
  const { kernels, arena } = workspace, { dtype, d, src, books } = job, rowBytes = d * elementBytes(dtype);
  const gathered = arena.take(count * rowBytes);
  kernels.gatherRows(src, rowBytes, list, count, gathered);
  const part = { ...job, rows: count, elements: count * d, src: gathered, checksum: false };
  const chunk = encodeChunk(workspace, part), end = chunk.at + chunk.bytes;
  // What is remembered is what the other end restores.
  arena.take(16);
  const shape = { dtype, d, rows: count, elements: count * d, checksummed: false };
  const restored = new OpenChunk(workspace, shape, chunk.at, end, false, books).decode();
  return { ...chunk, rows: kernels.memory.u8.slice(restored, restored + count * rowBytes) };
}

/** What a message is known to be from outside. */
export interface MessageShape {
  /** Of the elements. */
  readonly dtype: DtypeId;
  /** Elements per row. */
  readonly d: number;
  /** Rows. */
  readonly rows: number;
}

/** A message that was decoded. */
export interface DecodedMessage extends Additions {
  /** Byte offset of the elements of all rows. */
  readonly from: number;
}

/**
 * Decodes a message in kernel memory.
 *
 * @param at Byte offset, a multiple of 16.
 * @throws {CodecError} `TRUNCATED`, `CHECKSUM`, `CORRUPT`
 */
export function decodeMessage(
  workspace: Workspace,
  { dtype, d, rows }: MessageShape,
  at: number,
  end: number,
  memory: RowMemory,
  books: ChunkBooks = NO_BOOKS,
): DecodedMessage {
  const { kernels, arena } = workspace, rowBytes = d * elementBytes(dtype);
  const view = viewOf(kernels.memory.u8), state = view.getUint32(at, true);
  const hash = xxh32(kernels.memory.u8, at + 4, end, memory.state);
  if (state !== hash) throw wrong("the hash of a message and those before it", hash, state, "CHECKSUM");
  const unique = view.getUint16(at + 4, true) + 1, known = view.getUint16(at + 6, true);
  const bits = view.getUint16(at + 8, true) & 255, coder = view.getUint16(at + 8, true) >>> 8;
  if (unique > rows || (coder === 0 && unique < rows)) throw wrong("the number of distinct rows", unique, rows);
  if (known > unique || bits > 16) throw wrong("the number of known rows", known, `at most ${unique}, in 16 bits`);
  let next = at + HEAD_BYTES, { book } = memory, slots = 0;
  if (coder !== 0) {
    const map = readRowMap(workspace, next, end, rows, unique, coder, book);
    next = map.end;
    slots = map.rowToUnique;
    if (map.coded) book = codebookAfter(book, map.coded);
  }
  const fresh = unique - known, flagBytes = known > 0 && fresh > 0 ? fieldBytes(unique, 1) : 0;
  const flagsAt = next, agesAt = next + flagBytes, chunkAt = agesAt + fieldBytes(known, bits);
  if (chunkAt > end) throw truncated("a message");
  const flags = arena.take(4 * unique), ages = arena.take(4 * known), stored = arena.take(unique * rowBytes);
  if (flagBytes > 0) kernels.unpack(flagsAt, 0, unique, 0, 1, flags);
  else kernels.memory.u32.fill(known > 0 ? 1 : 0, flags >>> 2, (flags >>> 2) + unique);
  if (known > 0) kernels.unpack(agesAt, 0, known, 0, bits, ages);
  let restored = 0, after = books;
  if (fresh > 0) {
    const bytes = end - chunkAt, chunk = arena.take(bytes + 16);
    kernels.memory.u8.copyWithin(chunk, chunkAt, end);
    const shape = { dtype, d, rows: fresh, elements: fresh * d, checksummed: false };
    const open = new OpenChunk(workspace, shape, chunk, chunk + bytes, false, books);
    restored = open.decode();
    after = open.books;
  } else if (chunkAt < end) throw wrong("a message's last section", `followed by ${end - chunkAt} bytes`, "none");
  const added = place(kernels.memory, memory, { flags, ages, unique, known, fresh, restored, stored, rowBytes });
  let from = stored;
  if (slots !== 0) {
    from = arena.take(rows * rowBytes);
    kernels.gatherRows(stored, rowBytes, slots, rows, from);
  }
  return { from, state, rows: added, book, books: after };
}

/** Brings known and new rows into their order; returns the new ones. */
function place(
  { u8, u32 }: KernelMemory,
  memory: RowMemory,
  { flags, ages, unique, known, fresh, restored, stored, rowBytes }: Record<
    "flags" | "ages" | "unique" | "known" | "fresh" | "restored" | "stored" | "rowBytes",
    number
  >,
): Uint8Array<ArrayBuffer> {
  let old = 0, young = 0;
  for (let u = 0; u < unique; u++) {
    const to = stored + u * rowBytes;
    if (u32[(flags >>> 2) + u] === 1) {
      const age = old < known ? u32[(ages >>> 2) + old++]! : memory.size;
      if (age >= memory.size) throw wrong("a known row", age, `one of the last ${memory.size}`);
      u8.set(memory.bytes.subarray(memory.at(age), memory.at(age) + rowBytes), to);
    } else {
      if (young === fresh) throw wrong("the number of new rows", "more", fresh);
      const from = restored + rowBytes * young++;
      u8.copyWithin(to, from, from + rowBytes);
    }
  }
  if (old !== known) throw wrong("the number of known rows", old, known);
  return u8.slice(restored, restored + fresh * rowBytes);
}
