/**
 * Rows and columns grouped by scale, before classes are chosen.
 *
 * @module
 */

/** Levels that columns are put into. */
export const COLUMN_LEVELS = 4;

/** Most groups of rows: the choice of classes looks at every interval of groups. */
export const MAX_ROW_GROUPS = 8;

/**
 * Puts columns into four levels of like size by their sums of |q|; equal sums go by position.
 *
 * @returns Level of each column, 0 the least.
 */
export function columnLevels(sums: Uint32Array): Uint8Array<ArrayBuffer> {
  const order = Uint32Array.from(sums, (_, j) => j).sort((a, b) => sums[a]! - sums[b]! || a - b);
  const levels = new Uint8Array(sums.length);
  order.forEach((j, rank) => levels[j] = Math.floor(rank * COLUMN_LEVELS / sums.length));
  return levels;
}

/**
 * Merges neighbouring buckets, those of fewest rows first, until few enough are left.
 *
 * @param rowBuckets Bucket of each row, below 64; replaced by its group, counting from 0 in order of scale.
 * @returns Number of groups.
 */
export function mergeBuckets(rowBuckets: Uint8Array): number {
  const rows = new Uint32Array(64);
  for (const bucket of rowBuckets) rows[bucket]!++;
  const groups: { rows: number; buckets: number[] }[] = [];
  rows.forEach((n, bucket) => n > 0 && groups.push({ rows: n, buckets: [bucket] }));
  while (groups.length > MAX_ROW_GROUPS) {
    let best = 0;
    for (let i = 1; i + 1 < groups.length; i++) {
      if (groups[i]!.rows + groups[i + 1]!.rows < groups[best]!.rows + groups[best + 1]!.rows) best = i;
    }
    const [upper] = groups.splice(best + 1, 1);
    groups[best]!.rows += upper!.rows;
    groups[best]!.buckets.push(...upper!.buckets);
  }
  const groupOf = new Uint8Array(64);
  groups.forEach(({ buckets }, group) => buckets.forEach((bucket) => groupOf[bucket] = group));
  for (let r = 0; r < rowBuckets.length; r++) rowBuckets[r] = groupOf[rowBuckets[r]!]!;
  return groups.length;
}
