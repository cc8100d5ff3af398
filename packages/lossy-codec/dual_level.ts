/**
 * The dual-level adaptive strategy of arXiv 2407.04272 for training recommenders over a network: how large an error the
 * exchanged embedding vectors may have, table by table and iteration by iteration.
 *
 * Sample some batches and count what a bound would merge ({@linkcode countRows}, {@linkcode homogenizationIndex}); put
 * every table into a class ({@linkcode tableClass}); let the bounds fall as training goes on
 * ({@linkcode decayFactor}); all of that in one value, {@linkcode DualLevelPolicy}. {@linkcode chooseModeBySamples} fixes
 * how each table is encoded, {@linkcode answerTo} tightens where quality falls. {@linkcode quantiseInPlace} shows what a
 * bound does to values, for trials in one process.
 *
 * @module
 */
export {
  addCounts,
  countRows,
  homogenizationIndex,
  noCounts,
  type RowCounts,
} from "./src/dual_level/homogenization.ts";
export {
  type ClassBounds,
  type ClassThresholds,
  DEFAULT_CLASS_BOUNDS,
  DEFAULT_CLASS_THRESHOLDS,
  HOMOGENIZATION_BOUND,
  observedTableClass,
  type ObservedThresholds,
  TABLE_CLASSES,
  type TableClass,
  tableClass,
  type TableFacts,
} from "./src/dual_level/table_classes.ts";
export { quantiseInPlace } from "./src/dual_level/round_trip.ts";
export { checkDecay, type Decay, DECAY_KINDS, decayFactor, type DecayKind, NO_DECAY } from "./src/dual_level/decay.ts";
export { DualLevelPolicy, type PolicyJson, type PolicyParts, type PolicyTable } from "./src/dual_level/policy.ts";
export { answerTo, type ClosedLoopOptions, type ShadowScores } from "./src/dual_level/closed_loop.ts";
export {
  chooseMode,
  chooseModeBySamples,
  type ModeChoice,
  type ModeChoiceOptions,
  modelledSpeedup,
  type ModeSpeed,
  PUBLISHED_LINK,
  PUBLISHED_SPEEDS,
} from "./src/dual_level/mode_choice.ts";
