/**
 * Damaged files: at random for fuzzing, or with checksums made good again so that damage reaches what lies behind them.
 *
 * @module
 */
import type { Mode } from "./chunk/mode.ts";
import { compress } from "./compress.ts";
import { lookups, normals, random } from "./_test_round_trip.ts";
import { decodeRows } from "./rows.ts";
import { decompress } from "./decompress.ts";
import { bytesOf } from "./dtype.ts";
import { CodecError } from "./errors.ts";
import { sealChunk } from "./format/chunk_header.ts";
import { xxh32 } from "./format/xxh32.ts";
import { inspect } from "./inspect.ts";

/** Index of the index in a file of one axis that is no stream. */
export const INDEX_AT = 52;

/** A copy with bytes from `at` on replaced. */
export function edit(file: Uint8Array, at: number, bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(file);
  copy.set(bytes, at);
  return copy;
}

/** Makes checksums of header and chunks good, as far as the file can still be walked. */
export function reseal(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(file), view = new DataView(copy.buffer);
  if (copy.length < 24) return copy;
  const length = view.getUint16(10, true), rowLength = view.getUint32(12, true), chunkRows = view.getUint32(16, true);
  if (copy[9] !== 1 || length < 52 || length > copy.length || !rowLength || !chunkRows) return copy;
  const elements = Number(view.getBigUint64(44, true));
  const chunks = Math.ceil(Math.ceil(elements / rowLength) / chunkRows), head = length + 4 * chunks;
  if (!(head + 4 <= copy.length)) return copy;
  view.setUint32(head, xxh32(copy, 0, head), true);
  for (let chunk = 0, at = head + 4; chunk < chunks; chunk++) {
    const bytes = view.getUint32(length + 4 * chunk, true);
    if (bytes < 16 || at + bytes > copy.length) break;
    if (copy[at + 1]! & 16) {
      view.setUint32(at + 12, 0, true);
      sealChunk(copy, at, at + bytes);
    }
    at += bytes;
  }
  return copy;
}

/** One random change of one of several kinds. */
export function mutate(file: Uint8Array, next: () => number): Uint8Array<ArrayBuffer> {
  const below = (n: number) => Math.floor(next() * n), at = below(file.length);
  switch (below(7)) {
    case 0:
      return edit(file, at, [file[at]! ^ 1 << below(8)]);
    case 1:
      return edit(file, at, [below(256)]);
    case 2:
      return edit(file, at, [[0, 255, 127, 128, 1][below(5)]!]);
    case 3:
      return new Uint8Array(file.subarray(0, at));
    case 4: {
      // A part is doubled, or taken out.
      const to = at + below(Math.min(64, file.length - at) + 1);
      const from = next() < 0.5 ? at : to;
      return new Uint8Array([...file.subarray(0, next() < 0.5 ? to : at), ...file.subarray(from)]);
    }
    case 5: {
      const copy = new Uint8Array(file), length = below(Math.min(32, file.length - at) + 1);
      copy.copyWithin(below(file.length - length + 1), at, at + length);
      return copy;
    }
    default: {
      let copy = new Uint8Array(file);
      for (let i = below(6); i >= 0; i--) copy = edit(copy, below(file.length), [below(256)]);
      return copy;
    }
  }
}

/** Small files of every mode, dtype and kind of bound. */
export function damageCorpus(): Uint8Array[] {
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

/** What became of damaged files. */
export interface FuzzReport {
  /** Refusals by code, `ok` for restored arrays, `same` for changes that changed nothing. */
  readonly outcomes: Record<string, number>;
  /** Longest time that one took, in milliseconds. */
  readonly slowestMs: number;
}

/**
 * Decodes damaged files.
 *
 * @param files Whole ones.
 * @param count How many damaged ones to make of them.
 * @param maxBytes What decoding may yield.
 * @throws Whatever decoding throws that is no {@linkcode CodecError}; and an error for damage that goes unnoticed
 */
export function fuzz(files: readonly Uint8Array[], count: number, seed: number, maxBytes: number): FuzzReport {
  const next = random(seed), outcomes: Record<string, number> = {};
  const whole = files.map((file) => bytesOf(decompress(file)));
  let slowestMs = 0;
  for (let i = 0; i < count; i++) {
    const which = Math.floor(next() * files.length), file = files[which]!, sealed = next() < 0.5;
    let damaged = mutate(file, next);
    if (next() < 0.3) damaged = mutate(damaged.length > 0 ? damaged : file, next);
    if (sealed) damaged = reseal(damaged);
    const begin = performance.now();
    let outcome = "ok";
    try {
      const restored = decompress(damaged, { maxBytes });
      if (equal(damaged, file)) outcome = "same";
      else if (!sealed && inspect(file).checksums && !equal(bytesOf(restored), whole[which]!)) {
        throw new Error(`damage ${i} of seed ${seed} goes unnoticed`);
      }
      if (restored.length > 0) decodeRows(damaged, [0], { maxBytes });
    } catch (error) {
      if (!(error instanceof CodecError)) throw new Error(`damage ${i} of seed ${seed}`, { cause: error });
      outcome = error.code;
    }
    slowestMs = Math.max(slowestMs, performance.now() - begin);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return { outcomes, slowestMs };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
