/**
 * Finds the known name nearest to a mistyped one.
 *
 * @module
 */

/** Insertions, deletions, substitutions and swaps of neighbours that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [], last = Array.from({ length: b.length + 1 }, (_, j) => j);
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
 * The one of `known` nearest to `name`; `undefined` if even that differs in more than about 40 % of its letters. A name that
 * begins with the whole of `name` is near.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined, least = Infinity;
  for (const candidate of known) {
    const cost = name.length >= 3 && candidate.startsWith(name) ? 1 : editDistance(name.toLowerCase(), candidate);
    if (cost < least) [best, least] = [candidate, cost];
  }
  return least <= Math.max(1, Math.ceil(0.4 * Math.max(name.length, best?.length ?? 0))) ? best : undefined;
}

/** Such as `: did you mean --rel?`, or nothing. */
export function suggestion(name: string, known: Iterable<string>, prefix = ""): string {
  const near = nearestName(name, known);
  return near === undefined ? "" : `: did you mean ${prefix}${near}?`;
}
