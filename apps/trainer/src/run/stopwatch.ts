/**
 * Where the time of a run goes.
 *
 * @module
 */

/** Steps kept for median and percentile: enough for both, little memory in runs of millions of steps. */
const KEPT_STEPS = 20_000;

/** Adds up milliseconds by phase. One phase runs at a time. */
export class Stopwatch {
  readonly #totals: Record<string, number>;
  readonly #now: () => number;
  readonly #steps: number[] = [];
  #stepCount = 0;
  #phase: string;
  #since: number;

  /**
   * @param totals milliseconds to go on from; updated in place.
   * @param phase the phase that runs from now on.
   */
  constructor(totals: Record<string, number>, phase: string, now: () => number = () => performance.now()) {
    this.#totals = totals;
    this.#phase = phase;
    this.#now = now;
    this.#since = now();
  }

  /** Ends the running phase and begins another. @returns the name of the one that ended. */
  enter(phase: string): string {
    const before = this.#phase;
    this.flush();
    this.#phase = phase;
    return before;
  }

  /** Brings the totals up to date. */
  flush(): void {
    const now = this.#now();
    this.#totals[this.#phase] = (this.#totals[this.#phase] ?? 0) + (now - this.#since);
    this.#since = now;
  }

  /** Notes the time of one step, waiting for data included. */
  step(ms: number): void {
    // A later step takes a pseudo-random earlier one's place, so that the kept ones stay spread over the run.
    const slot = this.#stepCount < KEPT_STEPS ? this.#stepCount : (this.#stepCount * 7919) % KEPT_STEPS;
    this.#steps[slot] = ms;
    this.#stepCount++;
  }

  /** Median and 95th percentile of the noted steps, in milliseconds; 0 without any. */
  stepMs(): { median: number; p95: number } {
    const sorted = Float64Array.from(this.#steps).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { median: at(0.5), p95: at(0.95) };
  }

  /** The time now, in milliseconds. */
  now(): number {
    return this.#now();
  }
}
