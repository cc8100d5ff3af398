/**
 * Encodes one chunk: rows are told apart, quantised, told apart again by their codes, and stored the cheapest way.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { elementBytes } from "../dtype.ts";
import { ANS, type Coder, PACK, RAW } from "../format/chunk_header.ts";
import { F16, F32, F64 } from "../kernels/kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { type Codes, codesIn, type CodesPlan, looksSmooth, planCodes } from "./codes_plan.ts";
import {
  type Candidate,
  type ChunkJob,
  type ChunkMeans,
  type EncodedChunk,
  maxChunkBytes,
  type Quantised,
} from "./job.ts";
import { type Allowed, costOf, MODES } from "./mode.ts";
import { planRowMap, type RowMapPlan } from "./row_map.ts";
import { type Distinct, distinctRows, everyRow, repeatedRows, type Stored, storedRows } from "./rows.ts";
import { type Bound, boundOfRange, chooseUnit, LOSSLESS, type Unit } from "./unit.ts";
import { restore, writeCandidate, writeConst, type WrittenChunk } from "./write_chunk.ts";

/**
 * Encodes a chunk in kernel memory. The caller copies the bytes away and releases the arena.
 *
 * @throws {CodecError} `LIMIT`: the host refuses the memory
 */
export function encodeChunk(workspace: Workspace, job: ChunkJob): EncodedChunk {
  return new ChunkEncoder(workspace, job).encode();
}

class ChunkEncoder implements ChunkMeans {
  readonly #workspace: Workspace;
  readonly #job: ChunkJob;
  readonly #allowed: Allowed;
  /** Bytes of all rows, with the elements that the last one lacks. */
  readonly #rawBytes: number;
  readonly #rowBytes: number;
  /** Byte offset of the elements as the kernels take them: f16 expanded to f32. */
  readonly #values: number;
  #unit: Unit | undefined;
  #bound: Bound;
  #maxError = 0;

  constructor(workspace: Workspace, job: ChunkJob) {
    this.#workspace = workspace;
    this.#job = job;
    this.#allowed = MODES[job.mode];
    this.#rowBytes = job.d * elementBytes(job.dtype);
    this.#rawBytes = job.rows * this.#rowBytes;
    this.#values = job.src;
    this.#bound = job.bound.kind === "rel" ? LOSSLESS : job.bound as Bound;
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
    const unit = this.#chooseUnit();
    if (mode !== "raw") this.#unit = unit;
    const quantised = this.#unit && this.#quantise(distinct, this.#unit);
    const constant = quantised?.escaped === 0 && quantised.least === quantised.greatest;
    if (constant && mode !== "vlz") return this.#writeConst(quantised.codes);
    if (this.#job.choose) return this.#job.choose(this, distinct, quantised);
    if (quantised) candidates.push(...this.#codedCandidates(distinct, quantised));
    const cost = ({ coder, bytes }: Candidate) => costOf(coder, bytes, this.#rawBytes, link);
    candidates.sort((a, b) => cost(a) - cost(b));
    const [best] = candidates,
      raw = this.#rawCandidate(distinct, best),
      most = maxChunkBytes(dtype, this.#job.elements);
    if (best !== undefined) {
      const better = mode === "auto" ? cost(best) <= cost(raw) : best.bytes <= raw.bytes;
      // Sizes are estimates: what they chose may turn out longer than the elements themselves.
      const written = better ? this.write(best) : undefined;
      if (written !== undefined && written.bytes <= most) return written;
    }
    const written = this.write(raw);
    return written.bytes <= most ? written : this.write();
  }

  /** Whether all elements are one, bit by bit. */
  #sameElement({ unique }: Distinct): boolean {
    const { dtype, d, rows, src } = this.#job;
    if (unique > 1 && rows > 1 && this.#allowed.dict !== "never") return false;
    const { u8 } = this.#workspace.kernels.memory, size = elementBytes(dtype);
    const end = src + (unique === 1 ? 1 : rows) * d * size;
    for (let i = src + size; i < end; i++) if (u8[i] !== u8[i - size]) return false;
    return true;
  }

  /** Least and greatest finite value, number of values not finite, greatest magnitude. */
  #range(): readonly [least: number, greatest: number, bad: number, magnitude: number] {
    const { dtype, d, rows } = this.#job, { kernels, arena } = this.#workspace, result = arena.take(32);
    kernels.range(dtype, this.#values, rows * d, result);
    const [least, greatest, bad, magnitude] = kernels.memory.f64.slice(result >>> 3, (result >>> 3) + 4);
    return [least!, greatest!, bad!, magnitude!];
  }

  #chooseUnit(): Unit | undefined {
    const { dtype, d, rows, bound, magnitude } = this.#job;
    if (bound.kind === "abs" && dtype === F64) return chooseUnit(dtype, bound, 0);
    if (bound.kind === "abs" && dtype === F32 && magnitude !== undefined) {
      // The step never grows with the magnitude: where it is the same for none and for that, it is for all between.
      const [most, least] = [chooseUnit(dtype, bound, magnitude), chooseUnit(dtype, bound, 0)];
      if (most?.kind !== "step" || least?.kind !== "step" || most.step === least.step) return most;
    }
    if (bound.kind === "lossless") return undefined;
    const [least, greatest, bad, most] = this.#range();
    if (bound.kind === "rel") this.#bound = boundOfRange(bound.error, least, greatest);
    return bad === rows * d ? undefined : chooseUnit(dtype, this.#bound, most);
  }

  #quantise({ unique, uniqueRows }: Distinct, unit: Unit): Quantised {
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
    return { codes, escapes, escaped: escaped!, least: least!, greatest: greatest! };
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
    return this.codedCandidate(stored, plan, link === undefined ? coders : [plan.coder], lorenzo);
  }

  /** What codes of stored rows come to, with the map of these. */
  codedCandidate(stored: Stored, plan: CodesPlan, coders: readonly Coder[], lorenzo: 0 | 1 | 2 = 0): Candidate {
    const map = this.#planMap(stored, coders), escaped = stored.unique - stored.coded;
    const bitmap = escaped === 0 ? 0 : fieldBytes(stored.unique, 1);
    const bytes = (map?.bytes ?? 0) + bitmap + plan.bytes + escaped * this.#rowBytes;
    return { bytes, coder: plan.coder, stored, lorenzo, map, codes: plan };
  }

  #planMap({ unique, rowToUnique }: Pick<Stored, "unique" | "rowToUnique">, coders: readonly Coder[]) {
    const { rows, books } = this.#job;
    if (unique === rows) return undefined;
    return planRowMap(this.#workspace, rowToUnique, rows, unique, coders, books?.map);
  }

  /** The elements as they are, equal rows once unless `best` is smaller than even that. */
  #rawCandidate(distinct: Distinct, best: Candidate | undefined): Candidate {
    const least = distinct.unique * this.#rowBytes;
    const map = best !== undefined && best.bytes < least ? undefined : this.#planMap(distinct, [ANS]);
    if (map !== undefined && map.bytes + least <= this.#rawBytes) return rawCandidate(distinct, map.bytes + least, map);
    return this.#flat();
  }

  #flat(): Candidate {
    return rawCandidate(everyRow(this.#workspace, this.#job.rows), this.#rawBytes, undefined);
  }

  write(candidate: Candidate = this.#flat()): EncodedChunk {
    return this.#finish(writeCandidate(this.#workspace, this.#job, candidate, this.#unit));
  }

  /** One element for all: of the array, or of code `codes[0]`. */
  #writeConst(codes: number | undefined): EncodedChunk {
    let element = this.#job.src;
    if (codes !== undefined) {
      element = this.#workspace.arena.take(16);
      restore(this.#workspace, this.#job.dtype, this.#unit!, codes, 1, element);
    }
    return this.#finish(writeConst(this.#workspace, this.#job, element));
  }

  #finish(written: WrittenChunk): EncodedChunk {
    return { ...written, bound: this.#bound, maxError: written.coder === RAW ? 0 : this.#maxError };
  }
}

function rawCandidate(kept: Distinct, bytes: number, map: RowMapPlan | undefined): Candidate {
  const stored = { ...kept, codes: 0, coded: 0, escapes: 0, escapedRows: kept.uniqueRows };
  return { bytes, coder: RAW, stored, lorenzo: 0, map, codes: undefined };
}
