/**
 * Lets signals and workers be heard in loops that never wait for anything.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/**
 * A function to await in every turn of a loop; about every `everyMs` milliseconds it lets the event loop turn.
 */
export function breathe(everyMs: number = 50): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < everyMs) return undefined;
    last = now;
    return new Promise((resolve) => setImmediate(resolve));
  };
}
