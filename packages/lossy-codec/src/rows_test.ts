import { assertEquals } from "@std/assert";
import { lookups, normals, random } from "./_test_round_trip.ts";
import { compress } from "./compress.ts";
import { decompress } from "./decompress.ts";
import type { Mode } from "./chunk/mode.ts";
import { decodeRows } from "./rows.ts";

Deno.test("decodeRows: any rows of any mode, in any order, with repeats", () => {
  const x = lookups(1, 3000, 24, 700), next = random(2);
  for (const at of [5, 24 * 99 + 3, 24 * 2999]) x[at] = NaN;
  const modes: Mode[] = ["auto", "raw", "pack", "huff", "ans", "dict+pack", "dict+huff", "dict+ans", "lorenzo", "vlz"];
  for (const mode of modes) {
    for (const checksum of [true, false]) {
      const file = compress(x, { bound: { rel: 0.01 }, rowLength: 24, chunkRows: 1000, mode, checksum });
      const all = decompress(file);
      for (const count of [1, 3, 50, 2000]) {
        const rows = Array.from({ length: count }, () => Math.floor(next() * 3000)), picked = decodeRows(file, rows);
        const wanted = new Float32Array(24 * count);
        rows.forEach((row, i) => wanted.set(all.subarray(24 * row, 24 * row + 24) as Float32Array, 24 * i));
        assertEquals(picked, wanted, mode);
      }
    }
  }
});

Deno.test("decodeRows: rows longer than a group of codes", () => {
  const x = normals(3, 10 * 9000);
  for (const mode of ["pack", "huff", "ans"] as const) {
    const file = compress(x, { bound: { rel: 0.01 }, rowLength: 9000, mode });
    const all = decompress(file);
    for (const row of [0, 4, 9]) assertEquals(decodeRows(file, [row]), all.subarray(9000 * row, 9000 * (row + 1)));
  }
});

Deno.test("decodeRows: reads nothing of other chunks", () => {
  const file = compress(normals(4, 64 * 96), { bound: { rel: 0.01 }, chunkRows: 32 }), all = decompress(file);
  file.fill(0xaa, file.length - 100);
  assertEquals(decodeRows(file, [31, 0]).subarray(0, 64), all.subarray(31 * 64, 32 * 64));
});

Deno.test("decodeRows: what a short last row lacks is 0", () => {
  const x = normals(5, 130), out = new Float32Array(200).fill(9);
  const file = compress(x, { bound: "lossless", rowLength: 64 });
  const picked = decodeRows(file, Uint8Array.of(2, 0), { out });
  assertEquals(picked.length, 128);
  assertEquals([...picked.subarray(0, 4)], [x[128], x[129], 0, 0]);
  assertEquals(picked.subarray(64), x.subarray(0, 64));
  assertEquals([out[127], out[128]], [x[63], 9]);
});
