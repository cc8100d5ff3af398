/**
 * A process that decodes damaged streams: `worker.ts <seed> <first> <end> <every>`. It writes a line of JSON each `every`
 * numbers, so that its parent knows where it ended, and the tally at last. It needs no permissions.
 *
 * @module
 */
import { Tally } from "./trial.ts";
import { corpus } from "./corpus.ts";
import { damage } from "./damage.ts";

const [seed, first, end, every] = Deno.args.map(Number) as [number, number, number, number];
const wholes = await corpus(), tally = new Tally();
for (let n = first; n < end; n++) {
  if ((n - first) % every === 0) console.log(JSON.stringify({ at: n }));
  await tally.trial(n, damage(wholes, seed, n));
}
console.log(JSON.stringify({ streams: wholes.length, tally }));
