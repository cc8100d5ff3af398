/**
 * Lets signals and workers be heard in loops that never wait for anything.
 *
 * @module
 */

/**
 * A function to await in every turn of a loop; about every `everyMs` milliseconds it lets the event loop turn. It takes a
 * timer, not an immediate: only when the runtime really waits does it look for signals.
 */
export function breathe(everyMs: number = 100): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < everyMs) return undefined;
    last = now;
    return new Promise((resolve) => setTimeout(resolve, 0));
  };
}
