/**
 * Messages whose rows may be those of earlier messages, or close to them:
 *
 * u32 hash | u16 distinct rows - 1 | u16 known rows | u16 close rows | u16 step, bit 15: coded row map | row map | kinds |
 * places | differences | chunk of the other rows.
 *
 * @module
 */
import { encodeChunk } from "./chunk/encode_chunk.ts";
import type { ChunkBooks, ChunkJob, ChunkSequences } from "./chunk/job.ts";
import { OpenChunk } from "./chunk/decode_chunk.ts";
import { planRowMap, readRowMap, writeRowMap } from "./chunk/row_map.ts";
import { distinctRows } from "./chunk/rows.ts";
import type { Bound } from "./chunk/unit.ts";
import { elementBytes } from "./dtype.ts";
import { tablesAfter } from "./entropy/codebook.ts";
import type { SequencePlan } from "./entropy/plan.ts";
import type { CodedSequence, SequenceShape } from "./entropy/sequence.ts";
import { truncated, wrong } from "./errors.ts";
import { ANS, PACK } from "./format/chunk_header.ts";
import { fieldBytes, viewOf } from "./format/fields.ts";
import { xxh32 } from "./format/xxh32.ts";
import { type DtypeId, F16, F32, F64 } from "./kernels/kernels.ts";
import { hashRow } from "./kernels/plain_dedupe.ts";
import { f16Value } from "./kernels/plain_range.ts";
import type { Workspace } from "./kernels/workspace.ts";
import { closeUnit, planClose, readStep, restoreClose, stepPattern, writeClose } from "./close_rows.ts";
import { type Additions, MAX_REMEMBERED, type RowMemory } from "./row_memory.ts";
import { KEYS, type SentRows, suits } from "./sent_rows.ts";

/** Bytes before the row map. */
const HEAD_BYTES = 12;
/** Of the hash of rows. */
const SEED = 0x6d656d6f;
/** Kinds of distinct rows. */
const NEW = 0, KNOWN = 1, CLOSE = 2;

/** An encoded message. */
export interface EncodedMessage {
  /** Byte offset. */
  readonly at: number;
  /** A multiple of 4. */
  readonly bytes: number;
  /** What it adds to the memory. */
  readonly additions: Additions;
  /** Keys of changed rows, then of new ones. */
  readonly keys: Uint32Array<ArrayBuffer>;
  /** Whether some rows were there already. */
  readonly repeats: boolean;
  /** Of the chunk. */
  readonly sequences: ChunkSequences<SequencePlan>;
}

/** The most bytes that a message takes beyond a chunk of all its rows. */
export function maxKnownBytes(rows: number): number {
  return HEAD_BYTES + 4096 + 8 * rows;
}

/** Hash of a message that follows those of a memory. */
function hashOf(u8: Uint8Array, at: number, end: number, number: number, { state }: RowMemory): number {
  return xxh32(u8, at + 4, end, state + Math.imul(number, 0x9e3779b1) >>> 0);
}

/** What to encode: whole rows, whose bound does not depend on their range. */
export type RowsJob = ChunkJob & { readonly bound: Bound };

/** Elements as numbers, of bytes in memory. */
function numbersIn(dtype: DtypeId, { buffer, byteLength }: Uint8Array): Float32Array | Float64Array {
  if (dtype === F64) return new Float64Array(buffer, 0, byteLength >> 3);
  return dtype === F32
    ? new Float32Array(buffer, 0, byteLength >> 2)
    : Float32Array.from(new Uint16Array(buffer), f16Value);
}

/** Which distinct rows are there already. */
interface Found {
  readonly kinds: Uint8Array;
  /** Places of rows that are not new, by distinct row. */
  readonly slots: Uint32Array;
  readonly keys: Uint32Array;
}

function find(
  { kernels }: Workspace,
  { dtype, d, bound }: RowsJob,
  values: number,
  { unique, uniqueRows }: { readonly unique: number; readonly uniqueRows: number },
  memory: SentRows,
): Found {
  const { u32, f32, f64 } = kernels.memory, words = dtype === F64 ? 2 * d : d, numbers = dtype === F64 ? f64 : f32;
  const base = values >>> (dtype === F64 ? 3 : 2), rows = numbersIn(dtype, memory.bytes);
  const kinds = new Uint8Array(unique), slots = new Uint32Array(unique), keys = new Uint32Array(KEYS * unique);
  let known = 0;
  for (let u = 0; u < unique; u++) {
    const row = u32[(uniqueRows >>> 2) + u]!, at = base + row * d, own = keys.subarray(KEYS * u, KEYS * (u + 1));
    memory.keysOf(numbers, at, hashRow(u32, (values >>> 2) + row * words, words, SEED), own);
    const slot = known < MAX_REMEMBERED && memory.size > 0 ? memory.nearest(numbers, at, own, rows) : -1;
    if (slot < 0) continue;
    slots[u] = slot;
    kinds[u] = suits(numbers, at, d, rows, slot * d, bound) ? KNOWN : CLOSE;
    known++;
  }
  return { kinds, slots, keys };
}

/** Encodes rows in kernel memory as a message. */
export function encodeMessage(workspace: Workspace, job: RowsJob, memory: SentRows): EncodedMessage {
  const { kernels, arena } = workspace, { number, dtype, d, rows, src } = job;
  let values = src;
  if (dtype === F16) {
    values = arena.take(4 * rows * d);
    kernels.expandF16(src, rows * d, values);
  }
  const distinct = distinctRows(workspace, values, dtype === F64 ? 2 * d : d, rows), { unique } = distinct;
  const map = unique === rows
    ? undefined
    : planRowMap(workspace, distinct.rowToUnique, rows, unique, [ANS], memory.mapBook);
  const { kinds, slots, keys } = find(workspace, job, values, distinct, memory);
  const list = kernels.memory.u32.slice(distinct.uniqueRows >>> 2, (distinct.uniqueRows >>> 2) + unique);
  const of = (kind: number) => rowsOf(kinds, (other) => other === kind);
  const candidates = of(CLOSE), unit = candidates.length > 0 ? closeUnit(workspace, job) : undefined;
  const close = unit &&
    planClose(workspace, job, unit, candidates.map((u) => list[u]!), candidates.map((u) => slots[u]!), memory);
  // Rows that turn out not to be close enough are new.
  candidates.forEach((u, i) => kinds[u] = close?.taken[i] === 1 ? CLOSE : NEW);
  const fresh = of(NEW), placed = rowsOf(kinds, (kind) => kind !== NEW).map((u) => slots[u]!);
  const chunk = fresh.length === 0 ? undefined : encodeFresh(workspace, job, fresh.map((u) => list[u]!));
  const counts = { known: placed.length - (close?.rows ?? 0), close: close?.rows ?? 0, fresh: fresh.length };
  const kindBytes = fieldBytes(unique, kindBits(counts)), slotBytes = fieldBytes(placed.length, memory.slotBits);
  const at = arena.take(
    HEAD_BYTES + (map?.capacity ?? 0) + kindBytes + slotBytes + (close?.capacity ?? 0) + (chunk?.bytes ?? 0) + 16,
  );
  let end = at + HEAD_BYTES;
  if (map !== undefined) end += writeRowMap(workspace, map, rows, end);
  const names = kindNames(counts);
  end += packList(workspace, Array.from(kinds, (kind) => names.indexOf(kind)), kindBits(counts), end);
  end += packList(workspace, placed, memory.slotBits, end);
  if (close !== undefined && close.rows > 0) end += writeClose(workspace, close, end);
  const { u8 } = kernels.memory, view = viewOf(u8);
  view.setUint16(at + 4, unique - 1, true);
  view.setUint16(at + 6, counts.known, true);
  view.setUint16(at + 8, counts.close, true);
  view.setUint16(at + 10, (counts.close > 0 ? stepPattern(unit!) : 0) | (map?.coder === ANS ? 0x8000 : 0), true);
  if (chunk !== undefined) u8.copyWithin(end, chunk.at, chunk.at + chunk.bytes);
  end += chunk?.bytes ?? 0;
  const state = hashOf(u8, at, end, number, memory), changed = of(CLOSE);
  view.setUint32(at, state, true);
  return {
    at,
    bytes: end - at,
    additions: {
      state,
      slots: changed.map((u) => slots[u]!),
      changed: close?.restored ?? new Uint8Array(0),
      rows: chunk?.restored ?? new Uint8Array(0),
      mapBook: map?.sequence ? tablesAfter(memory.mapBook, map.sequence) : memory.mapBook,
      nearBook: close !== undefined && close.rows > 0 ? tablesAfter(memory.nearBook, close.sequence!) : memory.nearBook,
    },
    keys: keysAt(keys, [changed, fresh]),
    repeats: 8 * placed.length >= unique,
    sequences: chunk?.sequences ?? {},
  };
}

/** Numbers of the rows whose kind is wanted. */
function rowsOf(kinds: Uint8Array, wanted: (kind: number) => boolean): Uint32Array<ArrayBuffer> {
  const list = new Uint32Array(kinds.length);
  let count = 0;
  for (let u = 0; u < kinds.length; u++) if (wanted(kinds[u]!)) list[count++] = u;
  return list.slice(0, count);
}

/** Keys of some rows, one list after the other. */
function keysAt(keys: Uint32Array, lists: readonly Uint32Array[]): Uint32Array<ArrayBuffer> {
  const own = new Uint32Array(KEYS * lists.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const list of lists) {
    for (const u of list) {
      for (let k = 0; k < KEYS; k++) own[to++] = keys[KEYS * u + k]!;
    }
  }
  return own;
}

/** How many distinct rows are of which kind. */
interface Counts {
  readonly known: number;
  readonly close: number;
  readonly fresh: number;
}

/** Kinds that occur: they are numbered in this order. */
function kindNames({ known, close, fresh }: Counts): number[] {
  return [...fresh > 0 ? [NEW] : [], ...known > 0 ? [KNOWN] : [], ...close > 0 ? [CLOSE] : []];
}

function kindBits(counts: Counts): number {
  return kindNames(counts).length - 1;
}

function packList({ kernels, arena }: Workspace, list: ArrayLike<number>, bits: number, dst: number): number {
  const values = arena.take(4 * list.length), bytes = fieldBytes(list.length, bits);
  kernels.memory.u32.set(list, values >>> 2);
  if (bytes > 0) kernels.pack(values, list.length, 0, bits, dst);
  return bytes;
}

/** Encodes the rows that are new, and restores them as the other end will. */
function encodeFresh(workspace: Workspace, job: ChunkJob, list: Uint32Array) {
  const { kernels, arena } = workspace, { dtype, d, src, books } = job, rowBytes = d * elementBytes(dtype);
  const count = list.length, rows = arena.take(4 * count), gathered = arena.take(count * rowBytes);
  kernels.memory.u32.set(list, rows >>> 2);
  kernels.gatherRows(src, rowBytes, rows, count, gathered);
  const part = { ...job, number: 0, rows: count, elements: count * d, src: gathered, checksum: false };
  const chunk = encodeChunk(workspace, part), end = chunk.at + chunk.bytes;
  arena.take(16);
  const shape = { number: 0, dtype, d, rows: count, elements: count * d, checksummed: false };
  const from = new OpenChunk(workspace, shape, chunk.at, end, false, books).decode();
  return { ...chunk, restored: kernels.memory.u8.slice(from, from + count * rowBytes) };
}

/** What a message is known to be from outside. */
export interface MessageShape {
  /** Table and destination, and which message of its array it is, in one number. */
  readonly number: number;
  /** Of the elements. */
  readonly dtype: DtypeId;
  /** Elements per row. */
  readonly d: number;
  /** Rows. */
  readonly rows: number;
}

/** A message that was decoded. */
export interface DecodedMessage {
  /** Byte offset of the elements of all rows. */
  readonly from: number;
  /** What it adds to the memory. */
  readonly additions: Additions;
  /** Of the chunk. */
  readonly sequences: ChunkSequences<CodedSequence>;
}

/**
 * Decodes a message in kernel memory.
 *
 * @param at Byte offset, a multiple of 16.
 * @throws {CodecError} `TRUNCATED`, `CHECKSUM`, `CORRUPT`
 */
export function decodeMessage(
  workspace: Workspace,
  { number, dtype, d, rows }: MessageShape,
  at: number,
  end: number,
  memory: RowMemory,
  books: ChunkBooks,
): DecodedMessage {
  const { kernels, arena, sequences } = workspace, rowBytes = d * elementBytes(dtype);
  const view = viewOf(kernels.memory.u8), state = view.getUint32(at, true);
  const hash = hashOf(kernels.memory.u8, at, end, number, memory);
  if (state !== hash) throw wrong("the hash of a message and those before it", hash, state, "CHECKSUM");
  const unique = view.getUint16(at + 4, true) + 1, known = view.getUint16(at + 6, true);
  const close = view.getUint16(at + 8, true), step = view.getUint16(at + 10, true);
  const fresh = unique - known - close, counts: Counts = { known, close, fresh };
  if (unique > rows) throw wrong("the number of distinct rows", unique, `at most ${rows}`);
  if (fresh < 0) throw wrong("the number of known rows", known + close, `at most ${unique}`);
  let next = at + HEAD_BYTES, { mapBook, nearBook } = memory, numbers = 0;
  if (unique < rows) {
    const map = readRowMap(workspace, next, end, rows, unique, step & 0x8000 ? ANS : PACK, mapBook);
    next = map.end;
    numbers = map.rowToUnique;
    if (map.coded) mapBook = tablesAfter(mapBook, map.coded);
  }
  const names = kindNames(counts), bits = kindBits(counts), placed = known + close;
  const kindsAt = next,
    slotsAt = kindsAt + fieldBytes(unique, bits),
    after = slotsAt +
      fieldBytes(placed, memory.slotBits);
  if (after > end) throw truncated("a message");
  const kinds = unpackList(workspace, kindsAt, unique, bits).map((number) => names[number] ?? -1);
  const slots = unpackList(workspace, slotsAt, placed, memory.slotBits);
  checkKinds(kinds, counts, slots, memory.size);
  next = after;
  const own = placedSlots(kinds, slots, CLOSE);
  let changed: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  if (close > 0) {
    const shape: SequenceShape = { rows: close, rowLength: d, unsigned: false, coder: "ans" };
    const unit = readStep(step & 0x7fff, dtype), sequence = sequences.open(next, end - next, shape, nearBook);
    next = sequence.end;
    nearBook = tablesAfter(nearBook, sequence);
    changed = restoreClose(workspace, unit, sequence, own, memory);
  }
  let restored = 0, sequencesOfChunk: ChunkSequences<CodedSequence> = {};
  if (fresh > 0) {
    const bytes = end - next, chunk = arena.take(bytes + 16);
    kernels.memory.u8.copyWithin(chunk, next, end);
    const shape = { number: 0, dtype, d, rows: fresh, elements: fresh * d, checksummed: false };
    const open = new OpenChunk(workspace, shape, chunk, chunk + bytes, false, books);
    restored = open.decode();
    sequencesOfChunk = open.sequences;
  } else if (next < end) throw wrong("a message's last section", `followed by ${end - next} bytes`, "none");
  const stored = arena.take(unique * rowBytes), { u8 } = kernels.memory;
  for (let u = 0, old = 0, moved = 0, young = 0; u < unique; u++) {
    const to = stored + u * rowBytes, kind = kinds[u]!;
    if (kind === KNOWN) u8.set(memory.row(slots[old]!), to);
    else if (kind === CLOSE) u8.set(changed.subarray(moved * rowBytes, (moved + 1) * rowBytes), to), moved++;
    else u8.copyWithin(to, restored + young * rowBytes, restored + (young + 1) * rowBytes), young++;
    if (kind !== NEW) old++;
  }
  let from = stored;
  if (numbers !== 0) {
    from = arena.take(rows * rowBytes);
    kernels.gatherRows(stored, rowBytes, numbers, rows, from);
  }
  const added = kernels.memory.u8.slice(restored, restored + fresh * rowBytes);
  const additions = { state, slots: own, changed, rows: added, mapBook, nearBook };
  return { from, additions, sequences: sequencesOfChunk };
}

function unpackList({ kernels, arena }: Workspace, at: number, count: number, bits: number): Int32Array<ArrayBuffer> {
  const values = arena.take(4 * count);
  if (count > 0 && bits > 0) kernels.unpack(at, 0, count, 0, bits, values);
  else kernels.memory.i32.fill(0, values >>> 2, (values >>> 2) + count);
  return kernels.memory.i32.slice(values >>> 2, (values >>> 2) + count);
}

function checkKinds(kinds: Int32Array, { known, close, fresh }: Counts, slots: Int32Array, size: number): void {
  const met = [0, 0, 0];
  for (const kind of kinds) if (kind >= 0) met[kind]!++;
  if (met[NEW] !== fresh || met[KNOWN] !== known || met[CLOSE] !== close) {
    throw wrong("the number of rows of each kind", met.join(", "), [fresh, known, close].join(", "));
  }
  for (const slot of slots) if (slot >= size) throw wrong("the place of a row", slot, `less than ${size}`);
}

/** Places of rows of one kind. */
function placedSlots(kinds: Int32Array, slots: Int32Array, wanted: number): Int32Array<ArrayBuffer> {
  const own: number[] = [];
  let next = 0;
  for (const kind of kinds) {
    if (kind === wanted) own.push(slots[next]!);
    if (kind !== NEW) next++;
  }
  return Int32Array.from(own);
}
