/**
 * The bounds of a run: a policy, and where it is adaptive the sampling that puts tables into classes.
 *
 * @module
 */
import {
  addCounts,
  countRows,
  DualLevelPolicy,
  HOMOGENIZATION_BOUND,
  homogenizationIndex,
  NO_DECAY,
  noCounts,
  type RowCounts,
  tableClass,
} from "@pocketrec/lossy-codec/dual-level";
import type { LossySpec } from "../config/codec_spec.ts";
import { RunError } from "../errors.ts";

/** A table of the model. */
export interface TableOfModel {
  readonly name: string;
  readonly rows: number;
}

/** The steps that a policy is for. */
export interface StepSpan {
  /** The last step before the first one. */
  readonly fromStep: number;
  /** How many there are. */
  readonly steps: number;
}

/** What a checkpoint holds of a {@linkcode CodecPolicy}. */
interface Saved {
  readonly policy: unknown;
  /** By table; empty where nothing is sampled. */
  readonly counts: readonly RowCounts[];
}

/** Bounds by table and step. Steps count as in the run; the policy's iterations from the beginning of the fit. */
export class CodecPolicy {
  readonly #tables: readonly TableOfModel[];
  readonly #span: StepSpan;
  /** Iterations from which on, and batches by which, tables are put into classes. */
  readonly #sampling: { readonly from: number; readonly batches: number } | undefined;
  #policy: DualLevelPolicy;
  #counts: readonly RowCounts[];

  constructor({ bounds, decay, adaptive }: LossySpec, tables: readonly TableOfModel[], span: StepSpan) {
    this.#tables = tables;
    this.#span = span;
    const share = (part: number) => Math.round(part * span.steps);
    this.#sampling = adaptive && { from: share(adaptive.warmup), batches: adaptive.samples };
    const { kind, initial, phase } = decay;
    this.#policy = new DualLevelPolicy({
      bounds,
      tables: tables.map(({ name, rows }) => ({ name, class: adaptive ? tableClass({ rows }) : "base" })),
      decay: kind === "none" ? NO_DECAY : { kind, initial, iterations: Math.max(1, share(phase)) },
    });
    this.#counts = adaptive ? tables.map(() => noCounts(1)) : [];
  }

  /** The relative bound of a table in a step. */
  bound(table: number, step: number): number {
    return this.#policy.bound(table, this.#iteration(step));
  }

  /** Whether {@linkcode CodecPolicy.sample} wants the look-ups of a step. */
  samplesIn(step: number): boolean {
    const { from, batches } = this.#sampling ?? { from: Infinity, batches: 0 };
    return this.#iteration(step) >= from && (this.#counts[0]?.batches ?? Infinity) < batches;
  }

  /** Takes the vectors of one table in a batch, uncompressed, all tables in turn. The last batch settles the classes. */
  sample(table: number, vectors: Float32Array, dim: number): void {
    const counts = addCounts(this.#counts[table]!, countRows(vectors, dim, [HOMOGENIZATION_BOUND]));
    this.#counts = this.#counts.with(table, counts);
    if (table < this.#tables.length - 1 || counts.batches < this.#sampling!.batches) return;
    this.#policy = this.#policy.with({
      tables: this.#tables.map(({ name, rows }, t) => ({
        name,
        class: tableClass({ rows, homogenization: homogenizationIndex(this.#counts[t]!) }),
      })),
    });
  }

  /** The policy as it is now. */
  get policy(): DualLevelPolicy {
    return this.#policy;
  }

  /** Text for a checkpoint. */
  save(): string {
    return JSON.stringify({ policy: this.#policy, counts: this.#counts } satisfies Saved) + "\n";
  }

  /**
   * Takes over what {@linkcode CodecPolicy.save} gave.
   *
   * @throws {RunError} where it is of other tables or another version
   */
  load(text: string): void {
    let policy: DualLevelPolicy, counts: readonly RowCounts[];
    try {
      const saved = JSON.parse(text) as Saved;
      policy = DualLevelPolicy.fromJSON(saved.policy);
      counts = saved.counts;
    } catch (error) {
      throw new RunError(`Cannot restore the codec's policy: ${(error as Error).message}`, { cause: error });
    }
    if (policy.tables.length !== this.#tables.length || counts.length !== this.#counts.length) {
      throw new RunError(
        `Cannot restore the codec's policy of ${policy.tables.length} tables: the model has ${this.#tables.length}`,
      );
    }
    [this.#policy, this.#counts] = [policy, counts];
  }

  #iteration(step: number): number {
    return step - 1 - this.#span.fromStep;
  }
}
