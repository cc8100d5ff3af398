/**
 * SHA-256 of the bits of the synthetic log's first million rows (seed 1), against what is recorded here; the same for
 * the 20,000 rows that the tests check. `synthetic_bits.py` gives the same from its own code.
 *
 *     deno run bench/datasets/synthetic_bits.ts
 *
 * @module
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { CriteoLikeGenerator } from "@pocketrec/datasets";

const RECORDED: Readonly<Record<number, readonly string[]>> = {
  20_000: [
    "c7b0d56f2c7a5f1d5690ddbb6e81a2fba079218db7d71b0a689c4151819eafb8",
    "e9a2e61a150619d8f075b5b3bd968e66936c36c1389cb052419c0dc0b0d78cbf",
    "a57ba5593ba913fddb1dca50a93294b5bcde1beae3ba9aa451766751314c570b",
  ],
  1_000_000: [
    "4068942b4a764d9edd56ffb096a19671d677a7e4d3e24d9828ba073ac3fe9f50",
    "d2e31b4fefac80b543852cba151773154478412e55f75a3c1c4d05c5d26ddb9c",
    "bf0396c1d13fcdd7d17a22e03a7b1967577dbf00f53438b7dd81e7eb85cfe8fd",
  ],
};
const STEP = 10_000;
const NAMES = ["dense", "ids", "labels"] as const;

const generator = new CriteoLikeGenerator(1);
const hashes = NAMES.map(() => createHash("sha256"));
const batch = {
  rows: STEP,
  dense: new Float32Array(STEP * 13),
  ids: new Uint32Array(STEP * 26),
  labels: new Float32Array(STEP),
};
const start = performance.now();
for (let row = 0; row < 1_000_000;) {
  for (let at = 0; at < STEP; at++) generator.write(row++, batch, at);
  NAMES.forEach((name, i) => hashes[i]!.update(new Uint8Array(batch[name].buffer)));
  const recorded = RECORDED[row];
  if (!recorded) continue;
  console.log(`${row} rows`);
  NAMES.forEach((name, i) => {
    const digest = hashes[i]!.copy().digest("hex"), isEqual = digest === recorded[i];
    console.log(`${name.padEnd(6)} ${digest}${isEqual ? "" : "  NOT as recorded"}`);
    if (!isEqual) process.exitCode = 1;
  });
}
console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
