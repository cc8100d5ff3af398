/**
 * Damage by number: the same number and seed give the same damage anywhere.
 *
 * @module
 */
import { inspect } from "@pocketrec/lossy-codec";
import { mutate, reseal } from "../../../packages/lossy-codec/src/_test_damage.ts";
import { random } from "../../../packages/lossy-codec/src/_test_round_trip.ts";
import type { Whole } from "./corpus.ts";

/**
 * What is expected of decoding:
 *
 * - `guarded`: the stream has checksums, and is as damage left it. All damage has to be noticed.
 * - `resealed`: checksums were made good, so that damage gets past them. It has to be survived.
 * - `unguarded`: the stream has no checksums but that of its header, which is made good. It has to be survived.
 */
export type Expectation = "guarded" | "resealed" | "unguarded";

/** A damaged stream. */
export interface Damaged {
  readonly whole: Whole;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly expectation: Expectation;
}

/** Damage number `n`; half of all is `guarded`. */
export function damage(wholes: readonly Whole[], seed: number, n: number): Damaged {
  // Numbers side by side would give generators side by side.
  const next = random(Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca77)), expectation = TURNS[n % 4]!;
  const able = wholes.filter(({ checksums }) => checksums === (expectation !== "unguarded"));
  const pick = () => able[Math.floor(next() * able.length)]!, whole = pick();
  const kind = next();
  let bytes = kind < 0.05
    ? exchange(whole, next)
    : kind < 0.15
    ? graft(whole.bytes, pick().bytes, next)
    : mutate(whole.bytes, next);
  while (next() < 0.3) bytes = mutate(bytes.length > 0 ? bytes : whole.bytes, next);
  // Messages have no file header.
  if (expectation !== "guarded") bytes = whole.message ? bytes : reseal(bytes);
  return { whole, bytes, expectation };
}

/** All of them. */
export const EXPECTATIONS: readonly Expectation[] = ["guarded", "resealed", "unguarded"];
const TURNS: readonly Expectation[] = ["guarded", "resealed", "guarded", "unguarded"];

/** Two chunks change places, whole ones if they are equally long. */
function exchange({ bytes, message }: Whole, next: () => number): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice(), chunks = message ? [] : inspect(bytes).chunks;
  if (chunks.length < 2) return graft(bytes, bytes, next);
  const pick = () => chunks[Math.floor(next() * chunks.length)]!, a = pick(), b = pick();
  const length = Math.min(a.bytes, b.bytes);
  copy.set(bytes.subarray(a.offset, a.offset + length), b.offset);
  copy.set(bytes.subarray(b.offset, b.offset + length), a.offset);
  return copy;
}

/** Words of the same stream change places, or some come from another one: sound parts where they do not belong. */
function graft(bytes: Uint8Array, other: Uint8Array, next: () => number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes), word = (length: number) => 4 * Math.floor(next() * (length / 4));
  if (next() < 0.5) {
    const length = 4 + word(copy.length / 2), a = word(copy.length - length), b = word(copy.length - length);
    copy.set(bytes.subarray(a, a + length), b);
    copy.set(bytes.subarray(b, b + length), a);
    return copy;
  }
  const from = word(other.length), at = word(copy.length);
  copy.set(other.subarray(from, from + copy.length - at), at);
  return copy;
}
