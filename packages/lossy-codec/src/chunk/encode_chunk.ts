/**
 * Encodes one chunk: rows are told apart, quantised, told apart again by their codes, and stored the cheapest way.
 *
 * @module
 */
import type { Codebook } from "../entropy/plan.ts";
import { codebookAfter } from "../entropy/codebook.ts";
import type { GivenTable } from "../entropy/given_table.ts";
import { elementBytes } from "../dtype.ts";
import {
  ANS,
  CHUNK_HEADER_BYTES,
  type ChunkHeader,
  chunkHeaderBytes,
  type Coder,
  CONST,
  PACK,
  RAW,
  sealChunk,
  writeChunkHeader,
} from "../format/chunk_header.ts";
import { type DtypeId, F16, F64 } from "../kernels/kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { type Codes, codesIn, type CodesPlan, looksSmooth, planCodes, planGiven, writeCodes } from "./codes_plan.ts";
import { type Allowed, costOf, type Link, type Mode, MODES } from "./mode.ts";
import { planRowMap, type RowMapPlan, writeRowMap } from "./row_map.ts";
import { type Distinct, distinctRows, everyRow, repeatedRows, type Stored, storedRows } from "./rows.ts";
import { type Bound, chooseUnit, type Unit } from "./unit.ts";

/** Tables that later chunks of the same origin may refer to. */
export interface ChunkBooks {
  /** Of the codes. */
  readonly codes: Codebook | undefined;
  /** Of the row map. */
  readonly map: Codebook | undefined;
}

/** What to encode, and how. */
export interface ChunkJob {
  /** Of the elements. */
  readonly dtype: DtypeId;
  /** Elements per row. */
  readonly d: number;
  /** 1 to 65,536. */
  readonly rows: number;
  /** Elements, in the last row maybe fewer than `d`. */
  readonly elements: number;
  /** Byte offset of `rows * d` elements; those that the last row lacks are copies of the last one. */
  readonly src: number;
  /** What values may be off. */
  readonly bound: Bound;
  /** Ways to store that may be used. */
  readonly mode: Mode;
  /** What speed matters, if it does. */
  readonly link: Link | undefined;
  /** Whether to add a checksum. */
  readonly checksum: boolean;
  /** Tables to refer to; without them, the chunk stands alone. */
  readonly books?: ChunkBooks | undefined;
  /** Nothing to choose: see {@linkcode Fixed}. */
  readonly fixed?: Fixed | undefined;
}

/**
 * A device that encodes many chunks at once does not weigh tables. With this, a chunk is CONST where it can be, else the smallest
 * of three: codes with the given table (if the mode has it, and it has all of their tokens), packed codes (unless the mode is
 * `"raw"`), and RAW without a row map. Row maps are packed. Of equal sizes, the first is taken. Modes are `"raw"`, and `"pack"`,
 * `"huff"` and `"ans"` with or without `"dict+"`.
 */
export interface Fixed {
  /** The table of the codes, for `"huff"` and `"ans"`. */
  readonly table?: GivenTable | undefined;
}

/** An encoded chunk. */
export interface EncodedChunk {
  /** Byte offset. */
  readonly at: number;
  /** A multiple of 4. */
  readonly bytes: number;
  /** Greatest |x - x^|. */
  readonly maxError: number;
  /** How it is stored. */
  readonly coder: Coder;
  /** Tables after this chunk. */
  readonly books: ChunkBooks;
}

/** A way to store the chunk. */
interface Candidate {
  readonly bytes: number;
  readonly coder: Coder;
  readonly stored: Stored;
  readonly lorenzo: 0 | 1 | 2;
  readonly map: RowMapPlan | undefined;
  readonly codes: CodesPlan | undefined;
}

/** Most bytes that a chunk takes. */
export function maxChunkBytes(dtype: DtypeId, elements: number): number {
  return chunkHeaderBytes(RAW, false, dtype) + 4 * Math.ceil(elements * elementBytes(dtype) / 4);
}

/**
 * Encodes a chunk in kernel memory. The caller copies the bytes away and releases the arena.
 *
 * @throws {RangeError} The host refuses the memory
 */
export function encodeChunk(workspace: Workspace, job: ChunkJob): EncodedChunk {
  return new ChunkEncoder(workspace, job).encode();
}

/** Codes of rows, and which rows have none. */
interface Quantised {
  readonly codes: number;
  readonly escapes: number;
  readonly escaped: number;
  readonly least: number;
  readonly greatest: number;
}

class ChunkEncoder {
  readonly #workspace: Workspace;
  readonly #job: ChunkJob;
  readonly #allowed: Allowed;
  /** Bytes of all rows, with the elements that the last one lacks. */
  readonly #rawBytes: number;
  readonly #rowBytes: number;
  /** Byte offset of the elements as the kernels take them: f16 expanded to f32. */
  readonly #values: number;
  #unit: Unit | undefined;
  #maxError = 0;

  constructor(workspace: Workspace, job: ChunkJob) {
    this.#workspace = workspace;
    this.#job = job;
    this.#allowed = MODES[job.mode];
    this.#rowBytes = job.d * elementBytes(job.dtype);
    this.#rawBytes = job.rows * this.#rowBytes;
    this.#values = job.src;
    if (job.dtype === F16) {
      this.#values = workspace.arena.take(4 * job.rows * job.d);
      workspace.kernels.expandF16(job.src, job.rows * job.d, this.#values);
    }
  }

  encode(): EncodedChunk {
    const { dtype, d, rows, mode, link } = this.#job;
    const words = dtype === F64 ? 2 * d : d;
    const distinct = this.#allowed.dict === "never"
      ? everyRow(this.#workspace, rows)
      : distinctRows(this.#workspace, this.#values, words, rows);
    const same = this.#sameElement(distinct);
    if (same && mode !== "raw" && mode !== "vlz") return this.#writeConst(undefined);
    const candidates: Candidate[] = [];
    this.#unit = mode === "raw" ? undefined : this.#chooseUnit();
    if (this.#unit !== undefined) {
      const quantised = this.#quantise(distinct, this.#unit);
      if (quantised.constant && mode !== "vlz") return this.#writeConst(quantised.codes);
      if (this.#job.fixed !== undefined) return this.#encodeFixed(distinct, quantised, this.#job.fixed);
      candidates.push(...this.#codedCandidates(distinct, quantised));
    }
    if (this.#job.fixed !== undefined) return this.#write(this.#flatRaw());
    const cost = ({ coder, bytes }: Candidate) => costOf(coder, bytes, this.#rawBytes, link);
    candidates.sort((a, b) => cost(a) - cost(b));
    const raw = this.#rawCandidate(distinct, candidates[0]);
    const best = candidates[0];
    if (best !== undefined) {
      const better = mode === "auto" ? cost(best) <= cost(raw) : best.bytes <= raw.bytes;
      // Sizes are estimates: what they chose may turn out longer than the elements themselves.
      const written = better ? this.#write(best) : undefined;
      if (written !== undefined && written.bytes <= maxChunkBytes(dtype, this.#job.elements)) return written;
    }
    this.#maxError = 0;
    const written = this.#write(raw);
    const most = maxChunkBytes(dtype, this.#job.elements);
    return written.bytes <= most ? written : this.#write(this.#rawCandidate(everyRow(this.#workspace, rows)));
  }

  #encodeFixed(
    distinct: Distinct,
    { codes, escapes, escaped, least, greatest }: Quantised,
    { table }: Fixed,
  ): EncodedChunk {
    const { dtype, rows, d, elements } = this.#job, raw = this.#flatRaw();
    if (escaped === distinct.unique) return this.#write(raw);
    const stored = storedRows(this.#workspace, distinct, rows, d, codes, escapes, this.#allowed.dict !== "never");
    const all: Codes = { at: stored.codes, rows: stored.coded, d, least, greatest };
    const packed = this.#codedCandidateOf(stored, planCodes(this.#workspace, all, [PACK], 0, undefined)!, [PACK]);
    const packedBytes = CHUNK_HEADER_BYTES + 4 * Math.ceil(packed.bytes / 4), rawBytes = maxChunkBytes(dtype, elements);
    const plan = table && planGiven(this.#workspace, all, table);
    if (plan !== undefined) {
      const written = this.#write(this.#codedCandidateOf(stored, plan, [PACK]));
      if (written.bytes <= Math.min(packedBytes, rawBytes)) return written;
    }
    if (packedBytes <= rawBytes) return this.#write(packed);
    this.#maxError = 0;
    return this.#write(raw);
  }

  /** Whether all elements are one, bit by bit. */
  #sameElement({ unique }: Distinct): boolean {
    const { dtype, d, rows, src } = this.#job;
    if (unique > 1 && rows > 1 && this.#allowed.dict !== "never") return false;
    const { u16, u32 } = this.#workspace.kernels.memory;
    const size = elementBytes(dtype), view = size === 2 ? u16 : u32, words = size === 8 ? 2 : 1;
    const begin = size === 2 ? src >>> 1 : src >>> 2, end = begin + (unique === 1 ? d : rows * d) * words;
    for (let i = begin + words; i < end; i++) if (view[i] !== view[i - words]) return false;
    return true;
  }

  #chooseUnit(): Unit | undefined {
    const { dtype, d, rows, bound } = this.#job;
    if (bound.kind === "lossless") return undefined;
    const { kernels, arena } = this.#workspace, result = arena.take(32);
    kernels.range(dtype, this.#values, rows * d, result);
    const [, , bad, greatest] = kernels.memory.f64.subarray(result >>> 3, (result >>> 3) + 4);
    return bad === rows * d ? undefined : chooseUnit(dtype, bound, greatest!);
  }

  #quantise({ unique, uniqueRows }: Distinct, unit: Unit) {
    const { dtype, d } = this.#job, { kernels, arena } = this.#workspace;
    const codes = arena.take(4 * unique * d), escapes = arena.take(unique), result = arena.take(32);
    if (unit.kind === "step") {
      const { step, maxCode, errorBound } = unit;
      kernels.quantise(dtype, this.#values, uniqueRows, unique, d, step, maxCode, errorBound, codes, escapes, result);
    } else {
      const { keepBits, top } = unit;
      kernels.roundMantissa(dtype, this.#values, uniqueRows, unique, d, keepBits, top, codes, escapes, result);
    }
    const [maxError, escaped, least, greatest] = kernels.memory.f64.slice(result >>> 3, (result >>> 3) + 4);
    this.#maxError = maxError!;
    const constant = escaped === 0 && least === greatest;
    return { codes, escapes, escaped: escaped!, least: least!, greatest: greatest!, constant };
  }

  #codedCandidates(
    distinct: Distinct,
    { codes, escapes, escaped, least, greatest }: Quantised,
  ): Candidate[] {
    if (escaped === distinct.unique) return [];
    const { rows, d } = this.#job, { dict, lorenzo } = this.#allowed;
    const stored = storedRows(this.#workspace, distinct, rows, d, codes, escapes, dict !== "never");
    const all: Codes = { at: stored.codes, rows: stored.coded, d, least, greatest };
    const repeats = stored.unique < rows;
    const candidates: (Candidate | undefined)[] = [];
    if (lorenzo !== "always") candidates.push(this.#codedCandidate(stored, all, 0));
    if (dict !== "maybe") {
      if (lorenzo === "always") candidates.push(...this.#lorenzoCandidates(stored, all));
      return candidates.filter((candidate) => candidate !== undefined);
    }
    // Rows that repeat now and then, or are short, may be cheaper to store again than to point at.
    if (repeats && (2 * stored.unique > rows || d <= 8)) {
      const flat = repeatedRows(this.#workspace, stored, rows, d);
      const flatCodes = { ...all, at: flat.codes, rows: flat.coded };
      candidates.push(this.#codedCandidate(flat, flatCodes, 0));
      if (looksSmooth(this.#workspace, flatCodes)) candidates.push(...this.#lorenzoCandidates(flat, flatCodes));
    } else if (!repeats && looksSmooth(this.#workspace, all)) candidates.push(...this.#lorenzoCandidates(stored, all));
    return candidates.filter((candidate) => candidate !== undefined);
  }

  #lorenzoCandidates(stored: Stored, codes: Codes): (Candidate | undefined)[] {
    const { kernels, arena } = this.#workspace, bytes = 4 * codes.rows * codes.d;
    return ([1, 2] as const).map((order) => {
      const residuals = arena.take(bytes);
      kernels.memory.u8.copyWithin(residuals, codes.at, codes.at + bytes);
      kernels.lorenzo(residuals, codes.rows, codes.d, order);
      return this.#codedCandidate(stored, codesIn(this.#workspace, residuals, codes.rows, codes.d), order);
    });
  }

  #codedCandidate(stored: Stored, codes: Codes, lorenzo: 0 | 1 | 2): Candidate | undefined {
    const { link, books } = this.#job, { coders } = this.#allowed;
    const able = lorenzo === 0 ? coders : coders.filter((coder) => coder !== PACK);
    const plan = planCodes(this.#workspace, codes, able, this.#rawBytes, link, books?.codes);
    if (plan === undefined) return undefined;
    // By size alone, the map's coder is its own choice; where speed counts, it is as fast as the codes'.
    return this.#codedCandidateOf(stored, plan, link === undefined ? coders : [plan.coder], lorenzo);
  }

  #codedCandidateOf(stored: Stored, plan: CodesPlan, coders: readonly Coder[], lorenzo: 0 | 1 | 2 = 0): Candidate {
    const map = this.#planMap(stored, coders), escaped = stored.unique - stored.coded;
    const bitmap = escaped === 0 ? 0 : 4 * Math.ceil(stored.unique / 32);
    const bytes = (map?.bytes ?? 0) + bitmap + plan.bytes + escaped * this.#rowBytes;
    return { bytes, coder: plan.coder, stored, lorenzo, map, codes: plan };
  }

  #planMap({ unique, rowToUnique }: Pick<Stored, "unique" | "rowToUnique">, coders: readonly Coder[]) {
    const { rows, books } = this.#job;
    if (unique === rows) return undefined;
    return planRowMap(this.#workspace, rowToUnique, rows, unique, coders, books?.map);
  }

  /** The elements as they are, equal rows once unless `best` is smaller than even that. */
  #rawCandidate(distinct: Distinct, best?: Candidate): Candidate {
    const { rows } = this.#job, { unique } = distinct;
    const least = unique * this.#rowBytes;
    const flat = unique === rows || (best !== undefined && best.bytes < least);
    const kept = flat ? everyRow(this.#workspace, rows) : distinct;
    const candidate = this.#rawCandidateOf(kept, this.#planMap(kept, [ANS]));
    return candidate.bytes <= this.#rawBytes ? candidate : this.#rawCandidate(everyRow(this.#workspace, rows));
  }

  #rawCandidateOf(kept: Distinct, map?: RowMapPlan): Candidate {
    const bytes = (map?.bytes ?? 0) + kept.unique * this.#rowBytes;
    const stored = { ...kept, codes: 0, coded: 0, escapes: 0, escapedRows: kept.uniqueRows };
    return { bytes, coder: RAW, stored, lorenzo: 0, map, codes: undefined };
  }

  #flatRaw(): Candidate {
    return this.#rawCandidateOf(everyRow(this.#workspace, this.#job.rows));
  }

  #write({ coder, stored, lorenzo, map, codes }: Candidate): EncodedChunk {
    const { kernels, arena } = this.#workspace, { dtype, checksum, books } = this.#job;
    const raw = stored.unique - stored.coded, unit = coder === RAW ? undefined : this.#unit;
    const header: ChunkHeader = {
      coder,
      dict: map !== undefined,
      lorenzo,
      relative: unit?.kind === "mantissa",
      checksummed: checksum,
      step: unit?.kind === "step" ? unit.step : 0,
      keepBits: unit?.kind === "mantissa" ? unit.keepBits : 0,
      top: unit?.kind === "mantissa" ? unit.top : 0,
      rows: this.#job.rows,
      uniqueRows: stored.unique,
      escapedRows: coder === RAW ? 0 : raw,
      parameter: (codes?.bits ?? 0) | (map?.coder ?? 0) << 8,
    };
    const bitmapBytes = header.escapedRows === 0 ? 0 : 4 * Math.ceil(stored.unique / 32);
    const capacity = 32 + (map?.capacity ?? 0) + bitmapBytes + (codes?.capacity ?? 0) + raw * this.#rowBytes;
    const at = arena.take(capacity);
    writeChunkHeader(header, dtype, kernels.memory.u8, at);
    let end = at + chunkHeaderBytes(coder, header.relative, dtype);
    if (map !== undefined) end += writeRowMap(this.#workspace, map, this.#job.rows, end);
    if (bitmapBytes > 0) end += this.#writeBitmap(stored, end);
    if (codes !== undefined) end += writeCodes(this.#workspace, codes, end);
    if (raw > 0) end += this.#writeRaw(stored, end);
    if (checksum) sealChunk(kernels.memory.u8, at, end);
    return {
      at,
      bytes: end - at,
      maxError: this.#maxError,
      coder,
      books: {
        codes: codes?.sequence ? codebookAfter(books?.codes, codes.sequence) : books?.codes,
        map: map?.sequence ? codebookAfter(books?.map, map.sequence) : books?.map,
      },
    };
  }

  #writeBitmap({ unique, escapes }: Stored, dst: number): number {
    const { u8 } = this.#workspace.kernels.memory, bytes = 4 * Math.ceil(unique / 32);
    u8.fill(0, dst, dst + bytes);
    for (let u = 0; u < unique; u++) u8[dst + (u >>> 3)]! |= u8[escapes + u]! << (u & 7);
    return bytes;
  }

  /** Elements of escaped rows, without those that a short last row lacks if it is the last of them. */
  #writeRaw(stored: Stored, dst: number): number {
    const { kernels } = this.#workspace, { dtype, src, rows, d, elements } = this.#job;
    const raw = stored.unique - stored.coded;
    let bytes = raw * this.#rowBytes;
    // Rows may begin at any multiple of 2 here, but the destination is a multiple of 4.
    kernels.gatherRows(src, this.#rowBytes, stored.escapedRows, raw, dst);
    const { u8, u32 } = kernels.memory;
    const last = u32[(stored.rowToUnique >>> 2) + rows - 1]!;
    if (last === stored.unique - 1 && (stored.coded === 0 || u8[stored.escapes + last] === 1)) {
      bytes -= (rows * d - elements) * elementBytes(dtype);
    }
    const padded = 4 * Math.ceil(bytes / 4);
    u8.fill(0, dst + bytes, dst + padded);
    return padded;
  }

  /** One element for all: of the array, or of code `codes[0]`. */
  #writeConst(codes: number | undefined): EncodedChunk {
    const { kernels, arena } = this.#workspace, { dtype, src, rows, checksum, books } = this.#job;
    const size = elementBytes(dtype), padded = 4 * Math.ceil(size / 4);
    const at = arena.take(CONST_BYTES), element = arena.take(16);
    kernels.memory.u8.fill(0, element, element + 16);
    if (codes === undefined) kernels.memory.u8.copyWithin(element, src, src + size);
    else restore(this.#workspace, dtype, this.#unit!, codes, 1, element);
    const header: ChunkHeader = {
      coder: CONST,
      dict: false,
      lorenzo: 0,
      relative: false,
      checksummed: checksum,
      step: 0,
      keepBits: 0,
      top: 0,
      rows,
      uniqueRows: 1,
      escapedRows: 0,
      parameter: 0,
    };
    const { u8 } = kernels.memory;
    writeChunkHeader(header, dtype, u8, at);
    const payload = at + chunkHeaderBytes(CONST, false, dtype), end = payload + padded;
    u8.copyWithin(payload, element, element + padded);
    if (checksum) sealChunk(u8, at, end);
    return { at, bytes: end - at, maxError: this.#maxError, coder: CONST, books: books ?? NO_BOOKS };
  }
}

const CONST_BYTES = 32;
/** No table yet. */
export const NO_BOOKS: ChunkBooks = { codes: undefined, map: undefined };

/**
 * Turns codes back into elements.
 *
 * @returns Whether all codes were in range.
 */
export function restore(
  { kernels }: Workspace,
  dtype: DtypeId,
  unit: Unit,
  codes: number,
  count: number,
  dst: number,
): boolean {
  const bad = unit.kind === "step"
    ? kernels.dequantise(dtype, codes, count, unit.step, unit.maxCode, dst)
    : kernels.restoreMantissa(dtype, codes, count, unit.keepBits, unit.top, dst);
  return bad === 0;
}
