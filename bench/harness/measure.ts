/**
 * Interleaved timing: every subject of a comparison is sampled once per round, in alternating order, so that a machine
 * that warms up, throttles or gets busy does so for all of them.
 *
 * @module
 */

/** One side of a comparison. */
export interface Subject {
  /** What the table calls it; a peer's name and version. */
  readonly name: string;
  /**
   * Does the work `repeats` times and waits until it is done. May return the seconds that it measured itself (a child
   * process does, so that the pipe is not part of the figure); else the harness measures around the call.
   */
  readonly run: (repeats: number) => number | void | Promise<number | void>;
}

/** How seconds per repeat become the figure of a row. */
export interface Measure {
  /** What is measured, e.g. `"time"`. */
  readonly metric: string;
  /** Unit of the figure. */
  readonly unit: string;
  /** Which direction is better; decides how the ratio is formed. */
  readonly better: "lower" | "higher";
  /** Converts. */
  readonly value: (secondsPerRepeat: number) => number;
}

/** Milliseconds per repeat. */
export const milliseconds: Measure = { metric: "time", unit: "ms", better: "lower", value: (s) => s * 1e3 };

/** Microseconds per repeat. */
export const microseconds: Measure = { metric: "time", unit: "us", better: "lower", value: (s) => s * 1e6 };

/** Items per second where one repeat does `items` of them, e.g. `perSecond("samples", 2048)`. */
export function perSecond(items: string, count: number): Measure {
  return { metric: "rate", unit: `${items}/s`, better: "higher", value: (s) => count / s };
}

/** Nanoseconds per item where one repeat does `count` of them. */
export function nanosecondsPer(item: string, count: number): Measure {
  return { metric: "time", unit: `ns/${item}`, better: "lower", value: (s) => s * 1e9 / count };
}

/** GFLOP/s where one repeat does `operations` floating-point operations. */
export function gigaflops(operations: number): Measure {
  return { metric: "rate", unit: "GFLOP/s", better: "higher", value: (s) => operations / s / 1e9 };
}

/** GB/s where one repeat moves `bytes`. */
export function gigabytes(bytes: number): Measure {
  return { metric: "rate", unit: "GB/s", better: "higher", value: (s) => bytes / s / 1e9 };
}

/** Median and quartile distance of a sample. */
export interface Summary {
  readonly median: number;
  /** Third minus first quartile. */
  readonly iqr: number;
}

/** Linear-interpolated quantile of ascending values. */
export function quantile(ascending: readonly number[], q: number): number {
  if (ascending.length === 0) throw new RangeError("Cannot take a quantile of no values");
  const at = q * (ascending.length - 1), low = Math.floor(at);
  const a = ascending[low]!, b = ascending[Math.min(low + 1, ascending.length - 1)]!;
  return a + (b - a) * (at - low);
}

/** Summarises values in any order. */
export function summarize(values: readonly number[]): Summary {
  const ascending = [...values].sort((a, b) => a - b);
  return { median: quantile(ascending, 0.5), iqr: quantile(ascending, 0.75) - quantile(ascending, 0.25) };
}

/** How long and how often to sample. */
export interface Sampling {
  /** Rounds; each samples every subject once. */
  readonly rounds: number;
  /** A sample repeats the work until it lasts about this long. */
  readonly sampleMs: number;
  /** Rounds end early, though not before three, once a comparison has taken this long. */
  readonly budgetMs: number;
  /** Pause before a sample: a peer's thread pool spins for a while after its last job and would slow the next subject. */
  readonly settleMs: number;
  /** How long a subject runs before anything is measured, for much code that the engine compiles bit by bit; default 0. */
  readonly warmUpMs?: number;
}

async function sample(subject: Subject, repeats: number): Promise<number> {
  const start = performance.now();
  const own = await subject.run(repeats);
  return own ?? (performance.now() - start) / 1e3;
}

/** Warms a subject up and finds how many repeats last about `sampleMs`. */
async function calibrate(subject: Subject, { sampleMs, warmUpMs = 0 }: Sampling): Promise<number> {
  const start = performance.now();
  do await sample(subject, 1); // pipelines, JIT, page faults
   while (performance.now() - start < warmUpMs);
  let repeats = 1;
  while (true) {
    const seconds = await sample(subject, repeats);
    if (seconds * 1e3 >= sampleMs / 2 || repeats >= 1 << 24) {
      return Math.max(1, Math.round(repeats * sampleMs / 1e3 / Math.max(seconds, 1e-9)));
    }
    // The estimate of a short run is rough: approach in steps.
    repeats *= Math.max(2, Math.min(10, Math.floor(sampleMs / 1e3 / Math.max(seconds, 1e-9))));
  }
}

/** Samples all subjects, interleaved; returns the seconds per repeat of each. */
export async function interleave(subjects: readonly Subject[], sampling: Sampling): Promise<number[][]> {
  const repeats: number[] = [];
  for (const subject of subjects) repeats.push(await calibrate(subject, sampling));
  const seconds = subjects.map((): number[] => []);
  const start = performance.now();
  for (let round = 0; round < sampling.rounds; round++) {
    if (round >= 3 && performance.now() - start > sampling.budgetMs) break;
    for (let i = 0; i < subjects.length; i++) {
      const at = round % 2 === 0 ? i : subjects.length - 1 - i; // A B, B A: nobody always runs after the same other
      if (subjects.length > 1) await new Promise((resolve) => setTimeout(resolve, sampling.settleMs));
      seconds[at]!.push(await sample(subjects[at]!, repeats[at]!) / repeats[at]!);
    }
  }
  return seconds;
}
