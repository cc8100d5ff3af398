import type { CtrDataset, CtrSplit } from "../dataset.ts";
import { GatherSplit } from "../gather_split.ts";
import { type RowRange, temporalSplit } from "../splits.ts";
import { bayesScores } from "./bayes.ts";
import { CriteoLikeGenerator } from "./generator.ts";

/** Rows of `synthetic` without a number. */
export const DEFAULT_SYNTHETIC_ROWS = 500_000;

/** Version of the generator: the same version gives the same rows for ever. */
const GENERATOR_VERSION = 1;

/** Options of {@linkcode openSynthetic}. */
export interface SyntheticOptions {
  /** Number of rows, 10..2^32. Default {@linkcode DEFAULT_SYNTHETIC_ROWS}. */
  rows?: number;
  /** Default 1. */
  seed?: number;
  /** Share of the last rows for the test part. Default 0.2. */
  testSplit?: number;
  /** Share of the remaining last rows for the validation part. Default 0.1. */
  validSplit?: number;
}

/**
 * The learnable synthetic click log as a data set. Rows are generated as they are walked, so memory does not depend on
 * their number; the Bayes scores are those of the true probabilities on exactly the rows of the test part.
 *
 * @throws {RangeError} on impossible numbers
 */
export async function openSynthetic(options: SyntheticOptions = {}): Promise<CtrDataset> {
  const { rows = DEFAULT_SYNTHETIC_ROWS, seed = 1, testSplit = 0.2, validSplit = 0.1 } = options;
  if (!(Number.isSafeInteger(rows) && rows >= 10 && rows <= 2 ** 32)) {
    throw new RangeError(`Cannot generate data as the number of rows must be in 10..2^32: got ${rows}`);
  }
  const ranges = temporalSplit(rows, { testSplit, validSplit });
  const generator = new CriteoLikeGenerator(seed);
  const part = ({ from, to }: RowRange): CtrSplit =>
    new GatherSplit(to - from, generator.schema, (row, batch, at) => generator.write(from + row, batch, at));
  const sizes = { train: ranges.train.to, valid: ranges.valid.to - ranges.train.to, test: rows - ranges.test.from };
  const bayes = bayesScores(sizes.test, (row) => generator.outcome(ranges.test.from + row));
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(`criteo-like v${GENERATOR_VERSION} seed ${seed} rows ${rows}`),
  );
  return {
    schema: generator.schema,
    train: part(ranges.train),
    valid: part(ranges.valid),
    test: part(ranges.test),
    info: {
      rows,
      ...sizes,
      ctr: bayes.ctr,
      bayesAuc: bayes.auc,
      bayesLogloss: bayes.logloss,
      contentHash: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""),
      source: `synthetic:${rows}`,
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
