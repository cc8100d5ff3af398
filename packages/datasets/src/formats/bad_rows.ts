import type { DataFormatError } from "../errors.ts";

/** What happens to a row that cannot be read: the first one ends the reading, or all are left out and counted. */
export type BadRowPolicy = "fail" | "skip";

/** Which input a reader takes: with labels, without, or whatever the first row shows. */
export type LabelMode = "required" | "absent" | "auto";

/** Rows refused so far under a policy. */
export class BadRows {
  /** Number of rows left out. */
  count = 0;
  /** The first ten of them. */
  readonly examples: DataFormatError[] = [];
  readonly #skip: boolean;

  /** Begins a count. @param policy what to do with a bad row */
  constructor(policy: BadRowPolicy = "fail") {
    this.#skip = policy === "skip";
  }

  /** Notes a bad row. @throws the error itself under "fail" */
  refuse(error: DataFormatError): void {
    if (!this.#skip) throw error;
    if (this.count++ < 10) this.examples.push(error);
  }
}
