/**
 * What `--embedding robe:<ratio>,...` means: the shape of the array, and when it grows.
 *
 * @module
 */
import { robeLayout, type RobeLayoutOptions } from "@pocketrec/robe-array";
import type { EmbeddingSpec } from "./embedding_spec.ts";
import type { TrainConfig } from "./resolve.ts";

/** The array becomes `factor` times as large once this share of the planned steps is done. */
export interface ArrayGrowth {
  readonly factor: number;
  /** Between 0 and 1, both excluded. */
  readonly at: number;
}

/** A growth at a step of a run. */
export interface GrowthStep {
  readonly factor: number;
  /** The last step before the growth. */
  readonly afterStep: number;
}

/** A ROBE array for all tables. */
export interface RobePlan {
  /** The array as training begins. */
  readonly layout: Required<RobeLayoutOptions>;
  /** Growths in order. */
  readonly growth: readonly ArrayGrowth[];
  /** Elements in the end. */
  readonly finalSize: number;
}

/** Elements of an array that share one number of the row-wise rules. */
export const SEGMENT = 32;

/** Reads `4@0.3+2@0.6`: whole factors >= 2 at increasing shares. @returns `undefined` when it is not of that form. */
export function readGrowth(text: string): ArrayGrowth[] | undefined {
  const growth: ArrayGrowth[] = [];
  for (const part of text.split("+")) {
    const match = /^(\d{1,9})@(\d*\.?\d+)$/.exec(part);
    const factor = Number(match?.[1]), at = Number(match?.[2]);
    if (!(factor >= 2 && at > (growth.at(-1)?.at ?? 0) && at < 1)) return undefined;
    growth.push({ factor, at });
  }
  return growth;
}

/**
 * Shapes the array so that full bytes over its bytes, after all growth, is the ratio wanted, from above and as close as
 * the alignment allows.
 *
 * @param options.seed of the hashes.
 * @param options.optimizer a row-wise rule keeps one number per {@linkcode SEGMENT} elements.
 * @throws {RangeError} when the array would be too small or too large, or its options do not fit one another.
 */
export function planRobe(
  tables: readonly { readonly rows: number }[],
  dim: number,
  spec: EmbeddingSpec,
  { seed, optimizer }: Pick<TrainConfig, "seed" | "optimizer">,
): RobePlan {
  const { z, align: alignText, sign = "on", hash = "mix32", grow } = spec.options;
  const blockSize = z === undefined ? Math.min(32, dim) : Number(z);
  const align = alignText === undefined ? (blockSize % 4 === 0 ? 4 : 1) : Number(alignText) as 1 | 4 | 8;
  const growth = grow === undefined ? [] : readGrowth(grow)!;
  const factor = growth.reduce((product, step) => product * step.factor, 1);
  const elements = dim * tables.reduce((sum, { rows }) => sum + rows, 0);
  const ratio = spec.amount!;
  // Whole vectors of four whatever the alignment, and whole segments where their numbers are to be copied.
  const unit = growth.length > 0 && optimizer === "rowwise-adagrad" ? SEGMENT : Math.max(4, align);
  const size = unit * Math.floor(elements / ratio / factor / unit);
  const least = unit * Math.ceil(blockSize / unit);
  if (size < least) {
    const most = elements / factor / least;
    throw new RangeError(
      `Cannot compress these tables ${ratio} times by robe: want ` +
        (most >= 1 ? `at most ${Math.floor(most * 1000) / 1000}` : "larger tables") +
        `, as the array${factor > 1 ? ", before it grows," : ""} must hold a block of ${blockSize} elements`,
    );
  }
  const { affine: _affine, modulus: _modulus, ...layout } = robeLayout({
    size,
    blockSize,
    align,
    sign: sign === "on",
    hash: hash as "mix32" | "m31",
    seed,
  });
  const finalSize = size * factor;
  robeLayout({ ...layout, size: finalSize });
  return { layout, growth, finalSize };
}

/** The growths of a fit of `steps` steps that begins after step `from`; all are done before its last step. */
export function growthSteps(growth: readonly ArrayGrowth[], from: number, steps: number): GrowthStep[] {
  return growth.map(({ factor, at }) => ({
    factor,
    afterStep: from + Math.max(0, Math.min(steps - 1, Math.floor(at * steps))),
  }));
}

/** Elements that an array which began with `size` has in step `step`. */
export function sizeInStep(size: number, growth: readonly GrowthStep[], step: number): number {
  return growth.reduce((now, { factor, afterStep }) => (step > afterStep ? now * factor : now), size);
}
