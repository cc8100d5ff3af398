import { quote } from "../errors.ts";
import { CATEGORIES, CATEGORY_NAMES, DENSE_FEATURES, DENSE_NAMES } from "../layout.ts";

/** What is wrong with a line; column and byte are 1-based, 0 where the line as a whole is meant. */
export interface LineFault {
  column: number;
  byte: number;
  reason: string;
}

const FEATURES = DENSE_FEATURES + CATEGORIES;

/**
 * Says what is wrong with one Criteo line, or `undefined` if nothing is. The fast parser accepts exactly the lines that
 * this function finds faultless; it comes here only with lines that it has refused.
 *
 * @param line the bytes without the line end @param labelled whether the first field is the label
 */
export function diagnoseLine(line: Uint8Array, labelled: boolean): LineFault | undefined {
  const text = Array.from(line, (byte) => String.fromCharCode(byte)).join("");
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    const column = text.slice(0, nul).split("\t").length;
    return {
      column,
      byte: nul + 1,
      reason: "Cannot read the line as it holds a NUL byte: the file is binary or damaged",
    };
  }
  const fields = text.split("\t");
  const want = FEATURES + (labelled ? 1 : 0);
  if (fields.length !== want) {
    const hint = labelled && fields.length === FEATURES
      ? ": the layout of the unlabelled test file, which serves for prediction only"
      : !labelled && fields.length === FEATURES + 1
      ? ": the line carries a label, the first one did not"
      : fields.length === 1 && fields[0]!.includes(",")
      ? ": comma-separated?"
      : "";
    return {
      column: 0,
      byte: 0,
      reason: `Cannot read the line as it has ${fields.length} fields${hint}; want ${want}`,
    };
  }
  let byte = 1;
  for (let i = 0; i < fields.length; byte += fields[i++]!.length + 1) {
    const reason = fieldFault(fields[i]!, i - (labelled ? 1 : 0));
    if (reason) return { column: i + 1, byte, reason };
  }
  return undefined;
}

function fieldFault(field: string, feature: number): string | undefined {
  if (feature < 0) {
    return field === "0" || field === "1" ? undefined : `Cannot read the label as it is not 0 or 1: ${quote(field)}`;
  }
  if (field === "") return undefined;
  if (feature < DENSE_FEATURES) {
    const name = DENSE_NAMES[feature];
    if (!/^-?[0-9]+$/.test(field)) return `Cannot read ${name} as it is not a decimal integer: ${quote(field)}`;
    const value = Number(field);
    return value >= -(2 ** 31) && value < 2 ** 31
      ? undefined
      : `Cannot read ${name} as it is out of range: ${quote(field)}; want -2147483648..2147483647`;
  }
  const name = CATEGORY_NAMES[feature - DENSE_FEATURES];
  if (!/^[0-9a-fA-F]+$/.test(field)) return `Cannot read ${name} as it is not hexadecimal: ${quote(field)}`;
  return field.length <= 8
    ? undefined
    : `Cannot read ${name} as it is too long: ${quote(field)}; want at most 8 hex digits`;
}
