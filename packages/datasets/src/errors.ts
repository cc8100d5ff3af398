/** Where a {@linkcode DataFormatError} was met; numbers are 1-based, 0 where they do not apply. */
export interface DataPosition {
  /** Name of the file or stream, as the caller gave it. */
  readonly file: string;
  /** Line of the text file, or row of a binary one; 0 for the file as a whole. */
  readonly line?: number;
  /** Field of the line (1 = label in a labelled file); 0 for the line as a whole. */
  readonly column?: number;
  /** Byte of the line at which the field begins; 0 for the line as a whole. */
  readonly byte?: number;
}

/**
 * Input data that does not follow its format: damaged, truncated, or not what its name promises. The message is one line
 * and begins with `file:line:column`.
 */
export class DataFormatError extends Error {
  /** Always "DataFormatError". */
  override readonly name: string = "DataFormatError";
  /** Name of the file or stream. */
  readonly file: string;
  /** 1-based line (or row) number; 0 if the error concerns the whole file. */
  readonly line: number;
  /** 1-based field number; 0 if the error concerns the whole line. */
  readonly column: number;
  /** 1-based byte of the line at which the field begins; 0 if the error concerns the whole line. */
  readonly byte: number;
  /** The message without the position. */
  readonly reason: string;

  /** An error at a place. @param position where it was met @param reason "Cannot <action> as <reason>: <value met>; want <value wanted>" */
  constructor(position: DataPosition, reason: string, options?: ErrorOptions) {
    const { file, line = 0, column = 0, byte = 0 } = position;
    super(`${file}${line ? `:${line}${column ? `:${column}` : ""}` : ""}: ${reason}`, options);
    this.file = file;
    this.line = line;
    this.column = column;
    this.byte = byte;
    this.reason = reason;
  }
}

/** Quotes a value met in the data for an error message: control bytes escaped, at most 40 characters. */
export function quote(value: string): string {
  const text = JSON.stringify(value.length > 40 ? value.slice(0, 40) + "..." : value);
  return text;
}
