/**
 * From runs to what is reported of each arm.
 *
 * @module
 */
import type { Difference, Resamples } from "../../stats/bootstrap.ts";
import { type Spread, spread } from "../../stats/spread.ts";
import { type Arm, FULL } from "./arms.ts";
import type { Run, SettledClasses } from "./runs.ts";

/** The change of AUC that is allowed. */
export const TOLERANCE = 2e-4;

/** One arm over its seeds. */
export interface ArmResult extends Arm {
  readonly seeds: number;
  readonly auc: Spread;
  readonly logloss: Spread;
  /** To full precision, over the seeds that both have. */
  readonly minusFull?: { readonly auc: Difference; readonly logloss: Difference; readonly accuracy: number };
  /** Where the interval of the AUC's difference, over rows and seeds, lies by {@linkcode TOLERANCE}. */
  readonly verdict?: "within" | "worse" | "better" | "open";
  /** Bytes as float32 over encoded bytes, of all seeds together. */
  readonly ratio?: number;
  /** Largest error of any value. */
  readonly maxError?: number;
  /** Of the first seed. */
  readonly classes?: SettledClasses;
}

/** The key of a run in {@linkcode Resamples}. */
export function runKey(arm: string, seed: number): string {
  return `${arm} #${seed}`;
}

/** Results of all arms that have runs. */
export function analyse(arms: readonly Arm[], runs: readonly Run[], resamples: Resamples): ArmResult[] {
  const of = ({ name }: Arm) => runs.filter((run) => run.arm === name).sort((a, b) => a.seed - b.seed);
  const full = of(FULL);
  return arms.flatMap((arm): ArmResult[] => {
    const own = of(arm);
    if (own.length === 0) return [];
    const minusFull = arm === FULL ? undefined : compare(own, full, resamples);
    const sized = own.flatMap(({ comm }) => comm ?? []);
    const bytes = sized.reduce((sum, comm) => sum + comm.bytes, 0);
    const classes = own[0]!.classes;
    return [{
      ...arm,
      seeds: own.length,
      auc: spread(own.map((run) => run.auc)),
      logloss: spread(own.map((run) => run.logloss)),
      ...(minusFull ? { minusFull, verdict: verdictOf(minusFull.auc) } : {}),
      ...(bytes > 0
        ? {
          ratio: sized.reduce((sum, comm) => sum + comm.ratio * comm.bytes, 0) / bytes,
          maxError: Math.max(...sized.map((comm) => comm.maxError)),
        }
        : {}),
      ...(classes ? { classes } : {}),
    }];
  });
}

function compare(own: readonly Run[], full: readonly Run[], resamples: Resamples): ArmResult["minusFull"] {
  const pairs = own.flatMap((run) => {
    const other = full.find(({ seed }) => seed === run.seed);
    return other ? [[run, other] as const] : [];
  });
  if (pairs.length === 0) return undefined;
  const keys = (side: 0 | 1) => pairs.map((pair) => runKey(pair[side].arm, pair[side].seed));
  return {
    auc: resamples.difference("auc", keys(0), keys(1)),
    logloss: resamples.difference("logloss", keys(0), keys(1)),
    accuracy: pairs.reduce((sum, [a, b]) => sum + a.accuracy - b.accuracy, 0) / pairs.length,
  };
}

/** `open` where the interval reaches across a limit. */
export function verdictOf({ rowsAndSeeds: [low, high] }: Difference): NonNullable<ArmResult["verdict"]> {
  if (low >= -TOLERANCE && high <= TOLERANCE) return "within";
  if (high < -TOLERANCE) return "worse";
  return low > TOLERANCE ? "better" : "open";
}
