/**
 * From runs to what is reported of each arm.
 *
 * @module
 */
import type { Difference, Resamples } from "../../stats/bootstrap.ts";
import { type Spread, spread } from "../../stats/spread.ts";
import type { Arm } from "./arms.ts";
import type { Run } from "./runs.ts";

/** Differences to another arm, seed by seed; a positive AUC difference and a negative loss difference are better. */
export interface Comparison {
  /** Name of the other arm. */
  readonly arm: string;
  readonly seeds: number;
  readonly auc: Difference;
  readonly logloss: Difference;
}

/** One arm over its seeds. */
export interface ArmResult extends Arm {
  readonly embeddingBytes: number;
  readonly compressionRatio: number;
  readonly auc: Spread;
  readonly logloss: Spread;
  /** Steps of the search until the best validation AUC, as shares of what full tables take. */
  readonly bestStep: Spread & { readonly timesFull?: number };
  readonly minusFull?: Comparison;
  /** To the hashed tables of the same ratio. */
  readonly minusHash?: Comparison;
  /** Steps until the validation AUC comes as near to the best of full tables, by seed; `null`: not within the run. */
  readonly stepsToFull?: readonly { readonly within: number; readonly steps: readonly (number | null)[] }[];
  readonly seeds: number;
}

/** The key of a run in {@linkcode Resamples}. */
export function runKey(arm: string, seed: number): string {
  return `${arm} #${seed}`;
}

/** Results of all arms that have runs. */
export function analyse(arms: readonly Arm[], runs: readonly Run[], resamples: Resamples): ArmResult[] {
  const of = (arm: Arm) => runs.filter((run) => run.arm === arm.name).sort((a, b) => a.seed - b.seed);
  const full = arms.find(({ name }) => name === "full");
  const fullRuns = full ? of(full) : [];
  return arms.flatMap((arm): ArmResult[] => {
    const own = of(arm);
    if (own.length === 0) return [];
    const compare = (other: Arm | undefined): Comparison | undefined => {
      const theirs = other && other !== arm ? of(other) : [];
      const seeds = own.map(({ seed }) => seed).filter((seed) => theirs.some((run) => run.seed === seed));
      if (!other || seeds.length === 0) return undefined;
      const keys = (name: string) => seeds.map((seed) => runKey(name, seed));
      const difference = (metric: "auc" | "logloss") => resamples.difference(metric, keys(arm.name), keys(other.name));
      return { arm: other.name, seeds: seeds.length, auc: difference("auc"), logloss: difference("logloss") };
    };
    const minusFull = compare(full);
    const hash = arms.find(({ name }) => name === `hash-${arm.ratio}`);
    const minusHash = arm.name.startsWith("robe") ? compare(hash) : undefined;
    const bestStep = spread(own.map((run) => run.bestStep));
    const fullSteps = spread(fullRuns.map((run) => run.bestStep)).mean;
    return [{
      ...arm,
      embeddingBytes: own[0]!.embeddingBytes,
      compressionRatio: own[0]!.compressionRatio,
      auc: spread(own.map((run) => run.auc)),
      logloss: spread(own.map((run) => run.logloss)),
      bestStep: { ...bestStep, ...(fullRuns.length > 0 ? { timesFull: bestStep.mean / fullSteps } : {}) },
      ...(minusFull ? { minusFull } : {}),
      ...(minusHash ? { minusHash } : {}),
      ...(arm.group === "steps" && fullRuns.length > 0 ? stepsToFull(own, fullRuns) : {}),
      seeds: own.length,
    }];
  });
}

function stepsToFull(own: readonly Run[], full: readonly Run[]): Pick<ArmResult, "stepsToFull"> {
  const best = spread(full.map((run) => run.validationAuc)).mean;
  return {
    stepsToFull: [0.01, 0.003, 0.001].map((within) => ({
      within,
      steps: own.map((run) => run.validation?.find(([, auc]) => auc >= best - within)?.[0] ?? null),
    })),
  };
}
