import { type RobeLayout, rowShape } from "../layout.ts";
import type { RobeTableInfo } from "./robe_table.ts";

/**
 * What works but not as well as it could, one line each.
 *
 * @param size elements of the array, `undefined` where they are not known yet
 */
export function warningsOf(layout: RobeLayout, size: number | undefined, table: RobeTableInfo): string[] {
  const { name, dim } = table, { blockSize: z, align } = layout;
  const warnings: string[] = [];
  if (dim % z !== 0 && z % dim !== 0) {
    const short = dim > z
      ? `the last block of a row has ${dim % z} elements`
      : `${z - rowShape(layout, dim).rowsPerBlock * dim} elements of each block stay unused`;
    warnings.push(
      `Table "${name}" has dim ${dim} with blockSize ${z}: ${short}; rows are cut best where one divides the other`,
    );
  }
  if (align > 1 && dim % align !== 0) {
    warnings.push(
      `Table "${name}" has dim ${dim} with align ${align}: its rows take the slower path; want dim a multiple of align`,
    );
  }
  if (size !== undefined && size < 4 * dim) {
    // Pairs of blocks of one row overlap in Z / M of all starts; (dim / Z)^2 / 2 pairs.
    const overlap = (dim / z) ** 2 * z / (2 * size);
    warnings.push(
      `Table "${name}" has dim ${dim} in an array of ${size} elements: a row is expected to overlap itself ${
        overlap.toPrecision(2)
      } times; want at least ${4 * dim} elements`,
    );
  }
  return warnings;
}
