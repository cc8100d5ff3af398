/**
 * A thread that checks blocks: gets a part, answers with its tally.
 *
 * @module
 */
import type { ErrorBound } from "@pocketrec/lossy-codec";
import { addTally, checkBlock, emptyTally, type Tally } from "./check.ts";
import type { Selection } from "./patterns.ts";

/** Blocks of one bound and order. */
export interface Part {
  readonly bound: ErrorBound;
  readonly selection: Selection;
  readonly first: number;
  readonly end: number;
}

/** What came of a part. */
export type Answer = { readonly tally: Tally } | { readonly error: string };

const thread = globalThis as unknown as {
  onmessage: (event: { readonly data: Part }) => void;
  postMessage(answer: Answer): void;
};
thread.onmessage = ({ data: { bound, selection, first, end } }) => {
  const tally = emptyTally();
  try {
    for (let block = first; block < end; block++) addTally(tally, checkBlock(bound, selection, block));
    thread.postMessage({ tally });
  } catch (error) {
    thread.postMessage({ error: `${JSON.stringify({ bound, selection, first, end })}: ${error}` });
  }
};
