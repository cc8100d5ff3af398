import { assert } from "@std/assert";
import { fuzz } from "./_test_damage.ts";
import { lookups, normals } from "./_test_round_trip.ts";
import { compress } from "./compress.ts";
import type { Mode } from "./chunk/mode.ts";

/** Small files of every mode, dtype and kind of bound. */
function corpus(): Uint8Array[] {
  const rows = lookups(1, 120, 8, 30), escaping = new Float32Array(rows);
  for (const at of [3, 77, 400, 959]) escaping[at] = NaN;
  const modes: Mode[] = ["auto", "raw", "pack", "huff", "ans", "dict+pack", "dict+huff", "dict+ans", "lorenzo", "vlz"];
  const files: Uint8Array[] = [];
  for (const mode of modes) {
    for (const bound of [{ abs: 0.05 }, { pwRel: 0.1 }] as const) {
      const options = { bound, mode, rowLength: 8, chunkRows: 64 };
      files.push(compress(rows, options), compress(escaping.subarray(0, 957), options));
    }
    files.push(compress(rows, { bound: { abs: 0.001 }, mode, rowLength: 8, checksum: false }));
    files.push(compress(Float64Array.from(rows), { bound: { abs: 1e-6 }, mode, rowLength: 16 }));
    files.push(compress(new Float16Array(rows), { bound: { rel: 0.01 }, mode, rowLength: 4 }));
  }
  files.push(
    compress(rows, { bound: "lossless", rowLength: 8 }),
    compress(new Float32Array(5000), { bound: { abs: 1 } }),
  );
  files.push(compress(normals(2, 3000), { bound: { rel: 0.001 }, rowLength: 50 }));
  return files;
}

Deno.test("10,000 damaged files: refused with a code or restored, never silently other, in time and memory bounds", () => {
  const { outcomes, slowestMs } = fuzz(corpus(), 10_000, 1, 2 ** 24);
  assert(slowestMs < 5000, `one took ${slowestMs} ms`);
  // The damage reaches all parts of the decoder.
  for (const code of ["BAD_MAGIC", "TRUNCATED", "CHECKSUM", "LIMIT", "CORRUPT", "ok"]) {
    assert((outcomes[code] ?? 0) > 10, `only ${outcomes[code]} of ${code} in ${JSON.stringify(outcomes)}`);
  }
});
