/**
 * `report.json`: the outcome of a run for machines. The fields are a contract; see DESIGN in the repository's docs.
 *
 * @module
 */
import type { CtrInfo } from "@pocketrec/datasets";

/** What `report.json` holds. */
export interface Report {
  /** The command line, as typed. */
  readonly command: string;
  /** `early-stop` is a finished run too; `interrupted` ones can be resumed and have no test scores yet. */
  readonly outcome: "finished" | "early-stop" | "interrupted";
  readonly versions: Readonly<Record<string, string>>;
  readonly device: string;
  readonly seed: number;
  readonly data: Pick<CtrInfo, "rows" | "train" | "valid" | "test" | "ctr" | "bayesAuc" | "bayesLogloss">;
  readonly model: {
    /** Trainable numbers, embeddings included. */
    readonly parameters: number;
    readonly embeddingBytes: number;
    readonly fullEmbeddingBytes: number;
    /** `fullEmbeddingBytes / embeddingBytes`. */
    readonly compressionRatio: number;
  };
  /** Scores of the best model on the test part; `null` when interrupted or without test rows. */
  readonly test: Scores | null;
  /** The best evaluation on the validation part; `null` without one. Its AUC is `null` when all labels are equal. */
  readonly best: { readonly auc: number | null; readonly step: number } | null;
  readonly speed: {
    /** Training rows per second, evaluations and checkpoints not counted. */
    readonly samplesPerSecond: number;
    readonly stepMs: { readonly median: number; readonly p95: number };
    /** Milliseconds of the whole run by what they were spent on; together about `wallSeconds`. */
    readonly phasesMs: Readonly<Record<string, number>>;
  };
  /** What went through the codec, both ways together; absent without one. */
  readonly comm?: {
    /** Bytes as float32 over encoded bytes, of the steps that were encoded to see it. */
    readonly ratio: number;
    /** Largest difference between a value and what came out for it. */
    readonly maxError: number;
    /** All steps at that ratio. */
    readonly bytes: number;
    /** Time in the codec. */
    readonly ms: number;
  };
  /** All parts of an interrupted and resumed run together. */
  readonly wallSeconds: number;
}

/** Scores on held-out rows. AUC is `null` when all labels are equal. */
export interface Scores {
  readonly auc: number | null;
  readonly logloss: number;
  readonly accuracy: number;
}

/** The text of `report.json`. */
export function formatReport(report: Report): string {
  return JSON.stringify(report, null, 2) + "\n";
}
