/**
 * Finds the known name nearest to a mistyped one.
 *
 * @module
 */

/**
 * The optimal-string-alignment form of the Damerau-Levenshtein distance: insertions, deletions, substitutions and swaps
 * of neighbours each cost one.
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The member of `known` nearest to `name`, or `undefined` when even that one differs in more than about 40 % of its
 * letters. A name that begins with the whole of `name` counts as near, so `--eval` finds `--eval-every`.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestCost = Infinity;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    const cost = wanted.length >= 3 && lower.startsWith(wanted) ? 1 : editDistance(wanted, lower);
    if (cost < bestCost) [best, bestCost] = [candidate, cost];
  }
  const allowed = Math.max(1, Math.ceil(0.4 * Math.max(name.length, best?.length ?? 0)));
  return bestCost <= allowed ? best : undefined;
}
