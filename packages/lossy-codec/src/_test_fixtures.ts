/**
 * Files of format version 1 that are kept, and what they were made of. `deno run -A src/_test_fixtures.ts` writes those that do
 * not exist; files that do are never changed, as streams in the world are not either.
 *
 * @module
 */
import { lookups, normals } from "./_test_round_trip.ts";
import { compress } from "./compress.ts";
import { compressionStream } from "./compression_stream.ts";
import { bytesOf, type FloatArray } from "./dtype.ts";
import { xxh32 } from "./format/xxh32.ts";
import { decompress } from "./decompress.ts";
import type { CompressOptions } from "./options.ts";

/** Makes a file. */
export interface Fixture {
  /** Name of the file, without ending. */
  readonly name: string;
  /** Its elements. */
  readonly x: FloatArray;
  /** How it is made. */
  readonly options: CompressOptions;
  /** Whether by a stream. */
  readonly streamed?: boolean;
}

const rows = lookups(1, 200, 16, 50), odd = rows.slice(0, 1003), smooth = new Float32Array(32 * 32);
for (const [i, value] of [NaN, Infinity, -0, 1e-42, -3e38].entries()) odd[97 * i + 5] = value;
for (let i = 0; i < smooth.length; i++) smooth[i] = (i % 32) * (i % 32) / 64 + Math.floor(i / 32) / 8;
const modes = [
  "raw",
  "pack",
  "huff",
  "ans",
  "dict+pack",
  "dict+huff",
  "dict+ans",
  "lorenzo+huff",
  "lorenzo+ans",
  "vlz",
] as const;

/** All of them. */
export const fixtures: readonly Fixture[] = [
  { name: "empty", x: new Float32Array(0), options: { bound: { abs: 1 } } },
  { name: "const", x: new Float32Array(1000).fill(2.5), options: { bound: { rel: 0.01 } } },
  { name: "auto", x: rows, options: { bound: { rel: 0.03 }, rowLength: 16, chunkRows: 64, shape: [2, 100, 16] } },
  { name: "lossless", x: odd, options: { bound: "lossless", rowLength: 16 } },
  { name: "no-checksum", x: rows, options: { bound: { abs: 0.1 }, rowLength: 16, checksum: false } },
  { name: "smooth", x: smooth, options: { bound: { abs: 0.01 }, rowLength: 32 } },
  { name: "many-rows", x: normals(2, 9000), options: { bound: { abs: 0.5 }, rowLength: 1 } },
  { name: "f64", x: Float64Array.from(odd), options: { bound: { abs: 1e-5 }, rowLength: 16 } },
  { name: "f64-pw-rel", x: Float64Array.from(odd), options: { bound: { pwRel: 1e-3 }, rowLength: 16 } },
  { name: "f16", x: new Uint16Array(new Float16Array(odd).buffer), options: { bound: { abs: 0.02 }, rowLength: 16 } },
  { name: "streamed", x: odd, options: { bound: { abs: 0.02 }, rowLength: 16, chunkRows: 20 }, streamed: true },
  ...modes.map((mode) => ({
    name: mode.replace("+", "-"),
    x: odd,
    options: { bound: { abs: 0.02 }, mode, rowLength: 16 },
  })),
  ...(["pack", "dict+ans"] as const).map((mode) => ({
    name: `pw-rel-${mode.replace("+", "-")}`,
    x: odd,
    options: { bound: { pwRel: 0.01 }, mode, rowLength: 16 },
  })),
];

/** The file that this build makes. */
export async function makeFixture({ x, options, streamed }: Fixture): Promise<Uint8Array> {
  if (!streamed) return compress(x, options);
  const parts = await Array.fromAsync(ReadableStream.from([x]).pipeThrough(compressionStream(options)));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Hash of the elements that a file restores to. */
export function restoredHash(file: Uint8Array): number {
  return xxh32(bytesOf(decompress(file)));
}

if (import.meta.main) {
  const folder = new URL("./testdata/v1/", import.meta.url), list = new URL("restored.json", folder);
  const hashes = JSON.parse(await Deno.readTextFile(list).catch(() => "{}")) as Record<string, number>;
  for (const fixture of fixtures) {
    const path = new URL(`${fixture.name}.prlc`, folder);
    if (await Deno.stat(path).catch(() => undefined)) continue;
    const file = await makeFixture(fixture);
    await Deno.writeFile(path, file);
    hashes[fixture.name] = restoredHash(file);
  }
  await Deno.writeTextFile(list, JSON.stringify(hashes, null, 2) + "\n");
}
