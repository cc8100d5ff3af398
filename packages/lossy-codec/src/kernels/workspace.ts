/**
 * Kernels with an arena over their memory, kept between calls.
 *
 * @module
 */
import { SEQUENCE_AREA_BYTES, SequenceCoder } from "../entropy/sequence.ts";
import { Arena } from "./arena.ts";
import { type KernelChoice, openKernels } from "./choose.ts";
import type { Kernels } from "./kernels.ts";

/** Larger memories are not kept. */
const KEEP_BYTES = 2 ** 26;
const idle: Partial<Record<KernelChoice, Workspace>> = {};

/** What encoding and decoding work in. */
export class Workspace {
  /** The kernels. */
  readonly kernels: Kernels;
  /** Ranges of their memory. */
  readonly arena: Arena;
  /** Entropy coding on these kernels. */
  readonly sequences: SequenceCoder;
  readonly #mark: number;

  /** Opens kernels of its own. */
  constructor(choice: KernelChoice) {
    this.kernels = openKernels(choice);
    this.arena = new Arena(this.kernels.memory);
    this.sequences = new SequenceCoder(this.kernels, this.arena.take(SEQUENCE_AREA_BYTES));
    this.#mark = this.arena.mark;
  }

  /** Frees all ranges taken by callers. */
  release(): void {
    this.arena.release(this.#mark);
  }

  /** Calls `work` and frees what it took, whether it returns or throws. */
  scoped<R>(work: () => R): R {
    const mark = this.arena.mark;
    try {
      return work();
    } finally {
      this.arena.release(mark);
    }
  }
}

/** Calls `work` with a workspace, which is kept for the next call. */
export function withWorkspace<R>(choice: KernelChoice, work: (workspace: Workspace) => R): R {
  const workspace = idle[choice] ?? new Workspace(choice);
  // Taken away meanwhile: a getter or an iterator of the caller may call the codec again.
  delete idle[choice];
  try {
    return work(workspace);
  } finally {
    workspace.release();
    if (workspace.kernels.memory.u8.length <= KEEP_BYTES) idle[choice] = workspace;
  }
}
