/**
 * Elementary functions with the same bits on every host. ECMAScript fixes only `+ - * /` and `Math.sqrt` bit by bit;
 * `Math.exp`, `log`, `pow`, `sin` and the like may differ between engines and their versions. Whatever must be
 * reproducible (initial weights, generated data, random numbers) uses these, which are built from the former alone.
 *
 * ```ts
 * import { exp, log1p } from "@pocketrec/compute/detmath";
 * const softplus = (s: number): number => Math.max(s, 0) + log1p(exp(-Math.abs(s)));
 * ```
 *
 * @module
 */
export { exp, expm1 } from "./exp.ts";
export { log, log1p, log2 } from "./log.ts";
export { normalQuantile } from "./normal.ts";
export { pow } from "./pow.ts";
export { cos, sin } from "./trig.ts";

/** Square root; IEEE 754 demands the correctly rounded one, so the host's is it. */
export function sqrt(x: number): number {
  return Math.sqrt(x);
}
