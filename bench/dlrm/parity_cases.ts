/**
 * The models that are compared with PyTorch's.
 *
 * @module
 */
import { type DlrmConfig, resolveConfig, type TableScheme } from "@pocketrec/dlrm-model";

/** A model, its batches and its rates. */
export interface ParityCase {
  /** Name in the table. */
  readonly name: string;
  /** Shape. */
  readonly config: DlrmConfig;
  /** How each table is stored. */
  readonly schemes: readonly TableScheme[];
  /** Samples per step. */
  readonly batch: number;
  /** Batches; the runs of `runs` take all. */
  readonly steps: number;
  /** Optimisers to run over all steps. */
  readonly runs: readonly ("sgd" | "adagrad")[];
  /** Whether software GPUs take it too. */
  readonly small: boolean;
}

/** Learning rate of each optimiser. */
export const RATES = { sgd: 0.1, adagrad: 0.02, "rowwise-adagrad": 0.02, adam: 0.001 } as const;

const named = (rows: readonly number[]) => rows.map((count, i) => ({ name: `C${i + 1}`, rows: count }));

/** Criteo Kaggle's shape, tables capped at 2,000 rows: what is summed does not depend on the rows that nobody meets. */
const KAGGLE: DlrmConfig = {
  denseFeatures: 13,
  // deno-fmt-ignore
  tables: named([1460, 583, 2000, 2000, 305, 24, 2000, 633, 3, 2000, 2000, 2000, 2000, 27, 2000, 2000, 10, 2000, 2000, 4, 2000, 18, 15, 2000, 105, 2000]),
  dim: 16,
  bottom: [13, 512, 256, 64, 16],
  top: [512, 256, 1],
};

const SMALL: DlrmConfig = {
  denseFeatures: 13,
  tables: named([1460, 3, 305, 24, 100, 633]),
  dim: 16,
  bottom: [13, 64, 16],
  top: [48, 1],
  crossLayers: 2,
  crossRank: 8,
};

const full = (config: DlrmConfig): TableScheme[] => config.tables.map(() => ({ kind: "full" }));

const FEW = { batch: 64, steps: 1, runs: [], small: true } as const;

/** All of them. */
export const PARITY_CASES: readonly ParityCase[] = [
  {
    name: "kaggle",
    config: KAGGLE,
    schemes: full(KAGGLE),
    batch: 128,
    steps: 100,
    runs: ["sgd", "adagrad"],
    small: false,
  },
  {
    name: "small",
    config: SMALL,
    schemes: full(SMALL),
    batch: 64,
    steps: 100,
    runs: ["sgd", "adagrad"],
    small: true,
  },
  { name: "small, self", config: { ...SMALL, interactionItself: true }, schemes: full(SMALL), ...FEW },
  { name: "small, cat", config: { ...SMALL, interaction: "cat" }, schemes: full(SMALL), ...FEW },
  { name: "small, dcn", config: { ...SMALL, interaction: "dcn" }, schemes: full(SMALL), ...FEW },
  {
    name: "small, hash",
    config: SMALL,
    schemes: full(SMALL).map((scheme, t) => SMALL.tables[t]!.rows > 50 ? { kind: "hash", rows: 37 } : scheme),
    ...FEW,
  },
  {
    name: "small, QR",
    config: SMALL,
    schemes: full(SMALL).map((scheme, t) => SMALL.tables[t]!.rows > 50 ? { kind: "qr", divisor: 11 } : scheme),
    ...FEW,
  },
];

/** The case as `parity.py` reads it. */
export function describeCase({ config, schemes, batch, steps, runs }: ParityCase, seed: number): object {
  const { bottom, topWidths, dim, interaction, interactionItself, crossLayers, crossRank } = resolveConfig(config);
  const rows = config.tables.map((table) => table.rows);
  const shape = { rows, dim, bottom, topWidths, interaction, interactionItself, crossLayers, crossRank };
  return { ...shape, schemes, batch, steps, runs, seed, rates: RATES };
}
