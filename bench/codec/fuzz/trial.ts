/**
 * Decodes damaged streams and judges what comes of it.
 *
 * @module
 */
import { takeAllocated } from "./allocations.ts";
import { CodecError, decodeRows, decompress, inspect, type KernelChoice } from "@pocketrec/lossy-codec";
import { decompressionStream } from "@pocketrec/lossy-codec/streams";
import { bytesOf, restoreMessage, type Whole } from "./corpus.ts";
import type { Damaged, Expectation } from "./damage.ts";

/** What decoding may yield. */
export const MAX_BYTES: number = 2 ** 22;

/**
 * Memory that decoding may ask for: some, and in proportion to what it may yield and got. The arrays of a chunk are codes,
 * distinct rows and their restored elements, and memory grows by doubling.
 */
export function allowedBytes(input: number): number {
  return 2 ** 23 + 16 * (MAX_BYTES + input);
}

/** What is refused for its size may have taken no more than this. */
const REFUSED_BYTES = 2 ** 20;
/** Longer than any of these streams may take, on a machine that is busy with other things. */
const SLOW_MS = 10_000;

/** What went wrong. */
export interface Finding {
  readonly n: number;
  readonly stream: string;
  readonly expectation: Expectation;
  readonly kind:
    | "wrong error"
    | "silent error"
    | "slow"
    | "too much memory"
    | "kernels differ"
    | "ways differ"
    | "ended";
  readonly detail: string;
}

/** Outcome of one way to decode: an error's code, or elements. */
type Outcome = { readonly code: string } | { readonly elements: Uint8Array };

/** What all trials so far came to. */
export class Tally {
  /** By expectation: error codes, `restored` for elements that are not those of the whole stream, `same` for those. */
  readonly outcomes: Record<Expectation, Record<string, number>> = { guarded: {}, resealed: {}, unguarded: {} };
  readonly findings: Finding[] = [];
  slowestMs = 0;
  mostAllocated = 0;

  /** Decodes damage number `n` in up to three ways. */
  async trial(n: number, damaged: Damaged): Promise<void> {
    const { whole, bytes, expectation } = damaged;
    const find = (kind: Finding["kind"], detail: string) =>
      void this.findings.push({ n, stream: whole.name, expectation, kind, detail });
    const kernels: KernelChoice = n % 8 < 4 ? "auto" : "plain";
    const outcome = this.#watched(find, bytes, () => restored(whole, bytes, kernels));
    if (!outcome) return;
    this.#count(expectation, whole, outcome, bytes);
    if (expectation === "guarded" && "elements" in outcome && !equal(outcome.elements, whole.elements)) {
      find("silent error", `${outcome.elements.length} bytes other than the whole stream's`);
    }
    // The numbers of expectations repeat by 4, those of kernels by 8.
    const way = Math.floor(n / 8) % 3;
    if (way === 0) {
      const other = this.#watched(find, bytes, () => restored(whole, bytes, kernels === "auto" ? "plain" : "auto"));
      if (other && !agree(outcome, other)) find("kernels differ", `${text(outcome)} and ${text(other)}`);
    } else if (whole.message) return;
    else if (way === 1) this.#rows(find, damaged, outcome);
    else await this.#stream(find, damaged, outcome);
  }

  #count(expectation: Expectation, whole: Whole, outcome: Outcome, bytes: Uint8Array): void {
    const own = this.outcomes[expectation];
    const key = "code" in outcome
      ? outcome.code
      : equal(bytes, whole.bytes)
      ? "unchanged"
      : equal(outcome.elements, whole.elements)
      ? "same"
      : "restored";
    own[key] = (own[key] ?? 0) + 1;
  }

  /** Runs a decoder and watches time, memory and the class of errors. */
  #watched(
    find: (kind: Finding["kind"], detail: string) => void,
    bytes: Uint8Array,
    work: () => Uint8Array,
  ): Outcome | undefined {
    takeAllocated();
    const begin = performance.now();
    let outcome: Outcome | undefined;
    try {
      outcome = { elements: work() };
    } catch (error) {
      if (error instanceof CodecError) outcome = { code: error.code };
      else find("wrong error", String(error));
    }
    const ms = performance.now() - begin, allocated = takeAllocated();
    this.slowestMs = Math.max(this.slowestMs, ms);
    this.mostAllocated = Math.max(this.mostAllocated, allocated);
    if (ms > SLOW_MS) find("slow", `${ms.toFixed(0)} ms`);
    const limited = outcome !== undefined && "code" in outcome && outcome.code === "LIMIT";
    const allowed = limited ? REFUSED_BYTES : allowedBytes(bytes.length);
    if (allocated > allowed) find("too much memory", `${allocated} bytes for ${bytes.length}: want ${allowed} or less`);
    return outcome;
  }

  /** First and last row on their own: they may be sound where others are not. */
  #rows(
    find: (kind: Finding["kind"], detail: string) => void,
    { whole, bytes, expectation }: Damaged,
    all: Outcome,
  ): void {
    let last = -1, rowBytes = 0;
    const rows = this.#watched(find, bytes, () => {
      const { elements, rowLength, dtype } = inspect(bytes), size = { f16: 2, f32: 4, f64: 8 }[dtype];
      last = Math.ceil(elements / rowLength) - 1;
      rowBytes = rowLength * size;
      return last < 0 ? new Uint8Array(0) : bytesOf(decodeRows(bytes, [0, last], { maxBytes: MAX_BYTES }));
    });
    if (!rows) return;
    if ("code" in rows) {
      if ("elements" in all) find("ways differ", `all rows restored, some ${rows.code}`);
      return;
    }
    const expected = "elements" in all ? all.elements : expectation === "guarded" ? whole.elements : undefined;
    if (!expected) return;
    const first = rows.elements.subarray(0, Math.min(rowBytes, expected.length));
    const end = expected.subarray(last * rowBytes), tail = rows.elements.subarray(rowBytes, rowBytes + end.length);
    if (last >= 0 && !(equal(first, expected.subarray(0, first.length)) && equal(tail, end))) {
      find("elements" in all ? "ways differ" : "silent error", `row 0 or ${last}`);
    }
  }

  /** In pieces. */
  async #stream(
    find: (kind: Finding["kind"], detail: string) => void,
    { whole, bytes, expectation }: Damaged,
    all: Outcome,
  ): Promise<void> {
    takeAllocated();
    const begin = performance.now(), pieces: Uint8Array[] = [], step = 1 + bytes.length % 97;
    let outcome: Outcome | undefined;
    try {
      const source = ReadableStream.from(cut(bytes, step));
      for await (const piece of source.pipeThrough(decompressionStream({ maxBytes: MAX_BYTES }))) {
        pieces.push(bytesOf(piece).slice());
      }
      outcome = { elements: joined(pieces) };
    } catch (error) {
      if (error instanceof CodecError) outcome = { code: error.code };
      else find("wrong error", `in pieces: ${error}`);
    }
    this.slowestMs = Math.max(this.slowestMs, performance.now() - begin);
    const allocated = takeAllocated();
    if (allocated > 2 * allowedBytes(bytes.length)) find("too much memory", `${allocated} bytes in pieces`);
    if (!outcome) return;
    if ("elements" in outcome && expectation === "guarded" && !equal(outcome.elements, whole.elements)) {
      find("silent error", "in pieces");
    }
    // Which fault is met first depends on how much is there; but whether there is one does not.
    const both = "elements" in all && "elements" in outcome ? equal(all.elements, outcome.elements) : undefined;
    if (both === false || "elements" in all !== "elements" in outcome) {
      find("ways differ", `${text(all)} as a whole, ${text(outcome)} in pieces`);
    }
  }
}

function restored(whole: Whole, bytes: Uint8Array<ArrayBuffer>, kernels: KernelChoice): Uint8Array {
  if (whole.message) return restoreMessage(whole, bytes, kernels);
  return bytesOf(decompress(bytes, { maxBytes: MAX_BYTES, kernels }));
}

function agree(a: Outcome, b: Outcome): boolean {
  if ("code" in a) return "code" in b && a.code === b.code;
  return "elements" in b && equal(a.elements, b.elements);
}

function text(outcome: Outcome): string {
  return "code" in outcome ? outcome.code : `${outcome.elements.length} bytes`;
}

function* cut(bytes: Uint8Array<ArrayBuffer>, step: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.slice(at, at + step);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
