/** Learning rate over the steps: linear warm-up, then constant, then polynomial decay of power 2, then frozen. */
export interface LrSchedule {
  /** Steps of linear warm-up. Default 0. */
  readonly warmupSteps?: number;
  /** First step of the decay; at least `warmupSteps`. Default: `warmupSteps`. */
  readonly decayStart?: number;
  /** Steps of decay; 0, the default, is none. */
  readonly decaySteps?: number;
}

/** The decay never goes below this. */
const LOWEST_RATE = 1e-7;

/**
 * The learning rate of a step, by the policy of facebookresearch/dlrm (`LRPolicyScheduler`): with `W` warm-up steps,
 * decay start `D` and `N` decay steps
 *
 * - `s < W`: `base * s / W`
 * - `D <= s < D + N`: `max(1e-7, base * ((N - (s - D)) / N)^2)`
 * - otherwise, with `N > 0`, the rate of the last step that was one of the above; with `N = 0`, `base`.
 *
 * Upstream crashes where there is no such step (`N > 0`, `W = 0`, `s < D`); here the rate is `base`.
 *
 * @param base the rate that the warm-up ends at
 * @param step 1 for the first
 * @throws {RangeError} where the schedule is impossible, or the step is not a whole number >= 1
 */
export function learningRate(base: number, step: number, schedule: LrSchedule = {}): number {
  const { warmupSteps: warmup, decayStart: start, decaySteps: decay } = checkSchedule(schedule);
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(`Cannot find the learning rate of step ${step}: want a whole number >= 1`);
  }
  const decayed = (s: number) => {
    const left = (decay - (s - start)) / decay;
    return Math.max(LOWEST_RATE, base * (left * left));
  };
  if (step < warmup) return base * step / warmup;
  if (decay === 0) return base;
  if (step >= start + decay) return decayed(start + decay - 1);
  if (step >= start) return decayed(step);
  return warmup > 1 ? base * (warmup - 1) / warmup : base;
}

/**
 * Fills in the defaults of a schedule.
 *
 * @throws {RangeError} where a number is negative or fractional, or the decay starts before the warm-up ends
 */
export function checkSchedule(schedule: LrSchedule): Required<LrSchedule> {
  const warmupSteps = schedule.warmupSteps ?? 0;
  const decayStart = schedule.decayStart ?? warmupSteps;
  const decaySteps = schedule.decaySteps ?? 0;
  for (const [name, value] of Object.entries({ warmupSteps, decayStart, decaySteps })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`Cannot schedule the learning rate with ${name} ${value}: want a whole number >= 0`);
    }
  }
  if (decaySteps > 0 && decayStart < warmupSteps) {
    throw new RangeError(
      `Cannot schedule the learning rate with decayStart ${decayStart}: want at least warmupSteps ${warmupSteps}`,
    );
  }
  return { warmupSteps, decayStart, decaySteps };
}
