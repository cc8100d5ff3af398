/** Runs of equal neighbours. */
export interface HostRuns {
  /** The key of each run. */
  readonly keys: Uint32Array;
  /** Where each run starts, and the number of keys at the end: one more than `keys`. */
  readonly starts: Uint32Array;
}

/** The definition of {@linkcode runLength}. */
export function runLengthReference(keys: ArrayLike<number>): HostRuns {
  const starts = Array.from(keys).flatMap((key, i) => i === 0 || keys[i - 1] !== key ? [i] : []);
  return { keys: Uint32Array.from(starts, (i) => keys[i]!), starts: Uint32Array.of(...starts, keys.length) };
}
