/**
 * How large an array is made.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** The size of an array: exact, as an upper bound in bytes, or as a part of what full tables would take. */
export type RobeSize =
  /** M: elements, a multiple of `align`. */
  | { readonly floats: number }
  /** Upper bound of the array's own bytes; rounded down to whole groups of `max(4, align)` elements. */
  | { readonly bytes: number }
  /** Elements of all full tables divided by elements of the array. */
  | { readonly compressionRatio: number };

/** What of a layout decides which sizes fit. */
export interface SizeShape {
  /** Z. */
  readonly blockSize: number;
  /** Multiples at which blocks start. */
  readonly align: number;
}

/**
 * Elements of an array that replaces full tables of `fullElements` elements at a compression ratio: rounded down to whole
 * groups of `max(4, align)`, and at least one block.
 *
 * @throws {ConfigError} where the ratio is not positive
 */
export function sizeForRatio(fullElements: number, ratio: number, shape: SizeShape): number {
  if (!(ratio > 0) || ratio === Infinity) {
    throw new ConfigError(`Cannot size a ROBE array by compression ratio ${ratio}: want a number above 0`);
  }
  const step = Math.max(4, shape.align);
  return Math.max(Math.floor(fullElements / ratio / step), Math.ceil(shape.blockSize / step)) * step;
}

/**
 * Elements of an array of the wanted size.
 *
 * @param bytesPerElement 4, or 2 for f16
 * @param fullElements elements of all tables; asked for only where the size is a ratio
 * @throws {ConfigError} where the size is no size or smaller than a block
 */
export function resolveSize(
  size: RobeSize,
  shape: SizeShape,
  bytesPerElement: number,
  fullElements: () => number,
): number {
  if ("compressionRatio" in size) return sizeForRatio(fullElements(), size.compressionRatio, shape);
  if ("floats" in size) return size.floats;
  const { bytes } = size;
  if (!(bytes > 0) || bytes === Infinity) {
    throw new ConfigError(`Cannot size a ROBE array by ${bytes} bytes: want a number above 0`);
  }
  const step = Math.max(4, shape.align);
  const elements = Math.floor(bytes / bytesPerElement / step) * step;
  if (elements < shape.blockSize) {
    throw new ConfigError(
      `Cannot fit a block of ${shape.blockSize} elements into ${bytes} bytes: want at least ${
        Math.ceil(shape.blockSize / step) * step * bytesPerElement
      }`,
    );
  }
  return elements;
}
