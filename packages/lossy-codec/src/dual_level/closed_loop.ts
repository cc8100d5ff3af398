/**
 * A policy that answers to what it costs: bounds are halved where quality falls.
 *
 * @module
 */
import type { DualLevelPolicy } from "./policy.ts";

/** Two scores of one model on the same validation rows. */
export interface ShadowScores {
  /** With the exchange compressed as the policy says. */
  readonly compressed: number;
  /** Without any compression. */
  readonly shadow: number;
}

/** When to halve. */
export interface ClosedLoopOptions {
  /** The largest loss of AUC that is no reason to. Default 2e-4. */
  readonly tolerance?: number;
  /** Halvings at most. Default 4: bounds a 16th of what they were. */
  readonly most?: number;
}

/**
 * The policy after a look at the validation rows: the same one, or one whose bounds are halved from the next iteration on.
 *
 * @param iteration the last one done
 */
export function answerTo(
  { compressed, shadow }: ShadowScores,
  policy: DualLevelPolicy,
  iteration: number,
  { tolerance = 2e-4, most = 4 }: ClosedLoopOptions = {},
): DualLevelPolicy {
  // A score that is no number says nothing.
  if (!(shadow - compressed > tolerance) || policy.halvings.length >= most) return policy;
  return policy.with({ halvings: [...policy.halvings, iteration + 1] });
}
