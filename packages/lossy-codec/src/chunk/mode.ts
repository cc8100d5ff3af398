/**
 * Modes, and the choice among ways to store a chunk.
 *
 * @module
 */
import { ANS, type Coder, HUFF, PACK, RAW, VLZ } from "../format/chunk_header.ts";

/**
 * How chunks are stored: `"auto"`, the smallest way or the fastest over a given link; or one way where it can hold the chunk.
 * `dict` stores each distinct row once, `lorenzo` differences of neighbours; `pack` takes equal bits for every code,
 * `huff` and `ans` entropy-code them; `vlz` is the vector LZ of the SC'24 paper, for comparison; `raw` stores elements as
 * they are. A chunk is raw where its mode would take more bytes, or could not keep the bound.
 */
export type Mode =
  | "auto"
  | "raw"
  | "pack"
  | "huff"
  | "ans"
  | "dict"
  | "dict+pack"
  | "dict+huff"
  | "dict+ans"
  | "lorenzo"
  | "lorenzo+huff"
  | "lorenzo+ans"
  | "vlz";

/** Speed of one way to store codes, in gigabytes of elements per second. */
export interface Throughput {
  /** Of encoding. */
  readonly encode: number;
  /** Of decoding. */
  readonly decode: number;
}

/**
 * What `"auto"` weighs when speed matters: the time of sending a chunk, `bytes / bandwidth`, against those of its encoding and
 * decoding (arXiv 2407.04272). The figures are given and never measured, so that equal options give equal bytes anywhere.
 */
export interface Link {
  /** Of the link, in gigabytes per second. */
  readonly gigabytesPerSecond: number;
  /** Of the ways to store codes; those left out have the defaults. */
  readonly throughput?: Partial<Record<"raw" | "pack" | "huff" | "ans", Throughput>>;
}

/** Figures of one core of a server of 2023, rounded. */
const DEFAULT_THROUGHPUT: Readonly<Record<"raw" | "pack" | "huff" | "ans", Throughput>> = {
  raw: { encode: 4, decode: 6 },
  pack: { encode: 2, decode: 4 },
  huff: { encode: 1, decode: 1.5 },
  ans: { encode: 1, decode: 2 },
};

/** What a mode allows. */
export interface Allowed {
  /** Storing distinct rows once: never, where it pays, or wherever rows repeat. */
  readonly dict: "never" | "maybe" | "always";
  /** Lorenzo residuals: likewise. */
  readonly lorenzo: "never" | "maybe" | "always";
  /** Coders. */
  readonly coders: readonly Coder[];
}

const ENTROPY = [HUFF, ANS] as const, ANY = [PACK, HUFF, ANS] as const;
const plain = (coders: readonly Coder[]): Allowed => ({ dict: "never", lorenzo: "never", coders });
const dict = (coders: readonly Coder[]): Allowed => ({ dict: "always", lorenzo: "never", coders });
const lorenzo = (coders: readonly Coder[]): Allowed => ({ dict: "never", lorenzo: "always", coders });

/** What each mode allows. */
export const MODES: Readonly<Record<Mode, Allowed>> = {
  auto: { dict: "maybe", lorenzo: "maybe", coders: ANY },
  raw: plain([]),
  pack: plain([PACK]),
  huff: plain([HUFF]),
  ans: plain([ANS]),
  dict: dict(ANY),
  "dict+pack": dict([PACK]),
  "dict+huff": dict([HUFF]),
  "dict+ans": dict([ANS]),
  lorenzo: lorenzo(ENTROPY),
  "lorenzo+huff": lorenzo([HUFF]),
  "lorenzo+ans": lorenzo([ANS]),
  vlz: plain([VLZ]),
};

/**
 * What storing costs: bytes, or with a link the time per byte of elements in units of sending one.
 *
 * @param bytes Stored.
 * @param elements Bytes of the elements.
 */
export function costOf(coder: Coder, bytes: number, elements: number, link: Link | undefined): number {
  if (link === undefined) return bytes;
  const name = coder === RAW ? "raw" : coder === PACK ? "pack" : coder === HUFF ? "huff" : "ans";
  const { encode, decode } = link.throughput?.[name] ?? DEFAULT_THROUGHPUT[name];
  return bytes / elements + link.gigabytesPerSecond * (1 / encode + 1 / decode);
}
