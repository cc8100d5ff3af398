/** Sizes on embedding vectors of a trained model; ignored where the shared data folder is absent. @module */
import { assert } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { roundTrip } from "./_test_sequences.ts";

const path = fileURLToPath(
  new URL("../../../../../shared/data/arrays/sc24_emb_table1_iter20_2048x64.f32", import.meta.url),
);
const d = 64;

/** Codes of the rows that are distinct after quantisation. */
function uniqueCodes(relative: number): Int32Array {
  const values = new Float32Array(readFileSync(path).buffer);
  const range = values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  const codes = Int32Array.from(values, (x) => Math.round(x / (2 * relative * range)));
  const unique = new Map<string, Int32Array>();
  for (let at = 0; at < codes.length; at += d) {
    const row = codes.subarray(at, at + d);
    unique.set(row.join(), row);
  }
  return Int32Array.from([...unique.values()].flatMap((row) => [...row]));
}

Deno.test({
  name: "bits per value of the distinct rows of a trained table, everything included",
  ignore: !existsSync(path),
  fn: () => {
    // Beside: Huffman; the entropy of all values together is 2.86, 1.39 and 0.90.
    for (const [relative, ans, huffman] of [[0.01, 2.66, 2.91], [0.03, 1.21, 1.58], [0.05, 0.78, 1.30]] as const) {
      const values = uniqueCodes(relative);
      for (const [coder, most] of [["ans", ans], ["huffman", huffman]] as const) {
        const bits = roundTrip({ values, rowLength: d }, coder).bytes.length * 8 / values.length;
        assert(bits <= most, `${coder} at ${relative}: ${bits}; want ${most} or less`);
      }
    }
  },
});
