/**
 * `metrics.csv`: the history of a run. It holds no times, so the file of a resumed run equals that of an uninterrupted
 * one byte for byte, and two runs can be compared with `diff`.
 *
 * @module
 */
import { removeQuietly, replaceFile, writeError } from "../files.ts";
import type { MetricRow, MetricSink } from "./metric_row.ts";

const COLUMNS = ["step", "epoch", "samples", "split", "lr", "loss", "auc", "accuracy"] as const;

/** The heading line. */
export const CSV_HEADER: string = COLUMNS.join(",") + "\n";

/** A row as a line of text; absent values are empty fields. */
export function csvLine(row: MetricRow): string {
  return COLUMNS.map((column) => row[column] ?? "").join(",") + "\n";
}

/** Appends rows to a file that begins with the history so far. */
export class CsvSink implements MetricSink {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #length: number;

  /**
   * @param history rows up to the step that the run starts from; the file is rewritten to hold exactly these.
   * @throws {RunError} when the file cannot be written.
   */
  constructor(path: string, history: readonly MetricRow[]) {
    this.#path = path;
    const text = CSV_HEADER + history.map(csvLine).join("");
    replaceFile(path, text);
    this.#file = Deno.openSync(path, { append: true });
    this.#length = new TextEncoder().encode(text).length;
  }

  /** @throws {RunError} when the disk is full; no half line stays. */
  write(row: MetricRow): void {
    const line = new TextEncoder().encode(csvLine(row));
    try {
      for (let at = 0; at < line.length;) at += this.#file.writeSync(line.subarray(at));
      this.#length += line.length;
    } catch (error) {
      try {
        this.#file.truncateSync(this.#length);
      } catch {
        removeQuietly(this.#path);
      }
      throw writeError(this.#path, error);
    }
  }

  close(): void {
    this.#file.close();
  }
}
