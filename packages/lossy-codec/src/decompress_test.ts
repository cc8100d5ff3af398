import { assert, assertEquals, assertThrows } from "@std/assert";
import { edit, INDEX_AT, mutate, reseal } from "./_test_damage.ts";
import { lookups, normals, random } from "./_test_round_trip.ts";
import { compress } from "./compress.ts";
import { decompress, type DecompressOptions } from "./decompress.ts";
import { bytesOf } from "./dtype.ts";
import { CodecError, type CodecErrorCode } from "./errors.ts";
import { inspect } from "./inspect.ts";
import { decodeRows } from "./rows.ts";

const x = lookups(1, 200, 8, 60);
const file = compress(x, { bound: { abs: 0.02 }, rowLength: 8 });
/** Where the one chunk begins. */
const CHUNK = INDEX_AT + 8;

function refuses(
  bytes: Uint8Array,
  codes: CodecErrorCode | readonly CodecErrorCode[],
  text = "",
  o?: DecompressOptions,
) {
  const error = assertThrows(() => decompress(bytes, o), CodecError, text);
  assert([codes].flat().includes(error.code), `${error.code}: ${error.message}`);
  assert(!error.message.includes("\n"));
}

/** A file with its chunk changed from `at` on, checksums made good. */
function withChunk(at: number, bytes: readonly number[], of: Uint8Array = file): Uint8Array {
  return reseal(edit(of, CHUNK + at, bytes));
}

function u32(value: number): number[] {
  return [value, value >>> 8, value >>> 16, value >>> 24].map((byte) => byte & 255);
}

function u64(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, i) => Number(value >> BigInt(8 * i) & 255n));
}

/** A header of `elements` in rows of `rowLength`, with an index, and bytes behind. */
function forged(elements: bigint, rowLength: number, chunkRows: number, chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = [
    ...file.subarray(0, 12),
    ...u32(rowLength),
    ...u32(chunkRows),
    ...file.subarray(20, 44),
    ...u64(elements),
    ...chunks.flatMap((chunk) => u32(chunk.length)),
    ...u32(0),
    ...chunks.flatMap((chunk) => [...chunk]),
  ];
  return reseal(new Uint8Array(bytes));
}

/** The chunk of a file that has one. */
function chunkOf(bytes: Uint8Array): Uint8Array {
  const { chunks: [chunk] } = inspect(bytes);
  return bytes.slice(chunk!.offset, chunk!.offset + chunk!.bytes);
}

Deno.test("decompress: truncated at every byte", () => {
  for (let length = 0; length < file.length; length++) {
    refuses(file.subarray(0, length), length < 4 ? "TRUNCATED" : ["TRUNCATED", "CHECKSUM"]);
  }
});

Deno.test("decompress: every single bit flipped", () => {
  for (let bit = 0; bit < 8 * file.length; bit++) {
    const damaged = edit(file, bit >> 3, [file[bit >> 3]! ^ 1 << (bit & 7)]);
    assertThrows(() => decompress(damaged), CodecError, "", `bit ${bit}`);
  }
});

Deno.test("decompress: random bytes, also behind a valid magic and a valid header", () => {
  const next = random(3);
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(next() * 300) }, () => next() * 256);
    if (i % 3 > 0) bytes.set(file.subarray(0, i % 3 === 1 ? 5 : 60).subarray(0, bytes.length));
    assertThrows(() => decompress(reseal(bytes), { maxBytes: 2 ** 20 }), CodecError);
  }
});

Deno.test("decompress: versions, dtypes and kinds of bound that are none", () => {
  refuses(edit(file, 0, [0x50, 0x52, 0x4c, 0x44]), "BAD_MAGIC", 'want "PRLC"');
  refuses(edit(file, 4, [2]), "VERSION", "version 2");
  refuses(reseal(edit(file, 6, [16])), "VERSION");
  assertEquals(decompress(reseal(edit(file, 5, [9]))), decompress(file), "a later minor version is read");
  for (const dtype of [0, 4, 0x82]) refuses(reseal(edit(file, 7, [dtype])), "DTYPE");
  refuses(reseal(edit(file, 8, [4])), "CORRUPT");
  for (const ndim of [0, 9, 255]) refuses(edit(file, 9, [ndim]), "CORRUPT");
});

Deno.test("decompress: a header whose length lies", () => {
  for (const length of [0, 44, 51, 53]) refuses(edit(file, 10, [length, 0]), "CORRUPT", "the length of the header");
  refuses(edit(file, 10, [0xfc, 0xff]), "TRUNCATED");
  refuses(edit(file, 10, [56, 0]), ["CHECKSUM", "CORRUPT"]);
});

Deno.test("decompress: what a later minor version adds to the header is passed over", () => {
  const longer = new Uint8Array([...file.subarray(0, INDEX_AT), 1, 2, 3, 4, ...file.subarray(INDEX_AT)]);
  longer.set([1], 5);
  longer.set([INDEX_AT + 4], 10);
  assertEquals(decompress(reseal(longer)), decompress(file));
});

Deno.test("decompress: shapes beyond the limit, before anything is allocated", () => {
  for (const elements of [2n ** 63n, 2n ** 64n - 1n, 2n ** 53n]) refuses(forged(elements, 8, 64, []), "LIMIT", "2^53");
  for (const elements of [2n ** 52n, 2n ** 29n + 1n]) {
    refuses(forged(elements, 8, 64, []), "LIMIT", "at most 2147483648");
  }
  refuses(file, "LIMIT", "6400 bytes: want at most 6399", { maxBytes: 6399 });
  assertEquals(decompress(file, { maxBytes: 6400 }).length, 1600);
  const two = compress(x, { bound: { abs: 0.02 }, rowLength: 8, shape: [200, 8] });
  refuses(edit(two, 44, [...u64(2n ** 40n), ...u64(2n ** 40n)]), "LIMIT");
  refuses(edit(two, 44, [...u64(2n ** 52n), ...u64(2n ** 52n)]), "LIMIT");
  refuses(edit(two, 44, [...u64(2n ** 52n), ...u64(0n)]), ["CHECKSUM", "CORRUPT"]);
});

Deno.test("decompress: rows and chunks beyond the limits of the format", () => {
  for (const rowLength of [0, 2 ** 24 + 1, 2 ** 32 - 1]) {
    refuses(reseal(edit(file, 12, u32(rowLength))), "CORRUPT", "rows");
  }
  for (const chunkRows of [0, 65537, 2 ** 31]) refuses(reseal(edit(file, 16, u32(chunkRows))), "CORRUPT", "per chunk");
  refuses(forged(5n, 6, 64, [chunkOf(file)]), "CORRUPT", "rows is 6: want at most the 5 elements");
});

Deno.test("decompress: sizes of chunks that are zero, odd, or beyond the file", () => {
  for (const size of [0, 4, 12, 17]) refuses(reseal(edit(file, INDEX_AT, u32(size))), "CORRUPT", `a chunk is ${size}`);
  for (const size of [2 ** 32 - 4, file.length]) refuses(reseal(edit(file, INDEX_AT, u32(size))), "TRUNCATED");
  refuses(reseal(edit(file, INDEX_AT, u32(16))), "CORRUPT", "followed by");
  // An index as long as the number of chunks that a header claims.
  refuses(forged(2n ** 28n, 1, 1, []), "TRUNCATED", "the index");
});

Deno.test("decompress: trailing bytes, and two files in one", () => {
  refuses(new Uint8Array([...file, 0]), "CORRUPT", "followed by 1 bytes");
  refuses(new Uint8Array([...file, ...file]), "CORRUPT", `${file.length} bytes`);
});

Deno.test("decompress: numbers of stored and escaped rows that cannot be", () => {
  const { uniqueRows, mode } = inspect(file).chunks[0]!;
  assertEquals(mode, "dict+ans");
  for (const unique of [200, 65535]) refuses(withChunk(6, [unique & 255, unique >> 8]), "CORRUPT", "stored rows");
  for (const unique of [0, uniqueRows - 2, uniqueRows]) refuses(withChunk(6, [unique, 0]), ["CORRUPT", "TRUNCATED"]);
  for (const rows of [0, 198, 255]) refuses(withChunk(4, [rows, 0]), "CORRUPT");
  for (const escaped of [1, 30, uniqueRows]) refuses(withChunk(8, [escaped, 0]), ["CORRUPT", "TRUNCATED"]);
  refuses(withChunk(0, [6]), "CORRUPT", "coder is 6");
  for (const flags of [17 + 32, 17 + 4, 1, 17 + 128]) refuses(withChunk(1, [flags]), "CORRUPT");
});

Deno.test("decompress: steps that are zero, negative, NaN, infinite or tiny", () => {
  for (const step of [[0, 0], [0x80, 0xbf], [0xc0, 0x7f], [0x80, 0x7f], [0, 0x0d]]) {
    refuses(withChunk(2, step), "CORRUPT", "a chunk's step");
  }
});

Deno.test("decompress: a row map that points at rows not seen yet", () => {
  const packed = compress(x, { bound: { abs: 0.02 }, rowLength: 8, mode: "dict+pack" });
  for (const byte of [1, 2, 255]) refuses(withChunk(16, [byte], packed), "CORRUPT", "row map");
  refuses(withChunk(16, Array(100).fill(0), packed), "CORRUPT", "row map");
  // As many new rows as before, but the first that repeats one repeats the last that there is.
  const { uniqueRows } = inspect(packed).chunks[0]!, bits = 32 - Math.clz32(uniqueRows), map = packed.slice(CHUNK + 16);
  const bitOf = (at: number) => map[at >> 3]! >> (at & 7) & 1;
  const valueOf = (row: number) =>
    Array.from({ length: bits }, (_, i) => bitOf(row * bits + i) << i).reduce((x, y) => x | y);
  const repeat = Array.from({ length: 200 }, (_, row) => row).find((row) => valueOf(row) > 0)!;
  for (let i = 0; i < bits; i++) {
    const at = repeat * bits + i;
    map[at >> 3]! &= ~(1 << (at & 7));
    map[at >> 3]! |= (uniqueRows >> i & 1) << (at & 7);
  }
  refuses(withChunk(16, [...map], packed), "CORRUPT", `row ${repeat} of a row map is ${uniqueRows - 1}`);
});

Deno.test("decompress: an escape bitmap with other rows than the head counts", () => {
  const y = x.slice();
  y[3] = NaN;
  const escaping = compress(y, { bound: { abs: 0.02 }, rowLength: 8, mode: "pack" });
  assertEquals(inspect(escaping).chunks[0]!.escapedRows, 1);
  for (const bits of [[0], [3], [2, 1]]) refuses(withChunk(16, bits, escaping), "CORRUPT", "escape");
  refuses(withChunk(16 + 27, [1], escaping), "CORRUPT", "an escaped row");
});

Deno.test("decompress: fields of more than 32 bits, and codes that end early", () => {
  const packed = compress(x, { bound: { abs: 0.02 }, rowLength: 8, mode: "pack" });
  refuses(withChunk(10, [33], packed), "CORRUPT", "bits of codes is 33");
  refuses(withChunk(10, [32], packed), "TRUNCATED", "a chunk's codes");
  refuses(withChunk(10, [1], packed), "CORRUPT", "followed by");
});

Deno.test("decompress: codes beyond those that the step allows", () => {
  const packed = compress(x, { bound: { abs: 0.02 }, rowLength: 8, mode: "pack" });
  refuses(withChunk(16, u32(2 ** 31 - 1), packed), "CORRUPT", "beyond those of its step");
});

Deno.test("decompress: Huffman lengths that make too many codes or too few, and bits past the end", () => {
  const huff = compress(normals(3, 2000), { bound: { abs: 0.02 }, rowLength: 50, mode: "huff" });
  const next = random(4), codes = new Set<string>();
  for (let at = 16; at < 60; at++) {
    for (let i = 0; i < 12; i++) {
      const damaged = withChunk(at, [next() * 256], huff);
      try {
        decompress(damaged);
        codes.add("ok");
      } catch (error) {
        assert(error instanceof CodecError, `${error}`);
        codes.add(error.code);
      }
    }
  }
  assert(codes.has("CORRUPT") || codes.has("TRUNCATED"));
});

Deno.test("decompress: a VLZ match before its block, of itself, or beyond its end", () => {
  const row = normals(5, 16), rows = new Float32Array(64 * 16);
  for (let i = 0; i < 64; i++) rows.set(row, 16 * i);
  rows[17] = 9;
  const vlz = compress(rows, { bound: { abs: 0.1 }, rowLength: 16, mode: "vlz" });
  const tokens = new DataView(vlz.buffer).getUint32(CHUNK + 16, true), flags = 20, data = flags + Math.ceil(tokens / 8);
  // Two literals, then a match of one row two rows before.
  assertEquals([vlz[CHUNK + flags]! & 7, vlz[CHUNK + data + 32], vlz[CHUNK + data + 33]], [4, 1, 2]);
  for (const match of [[0, 1], [1, 0], [1, 3], [3, 2], [1, 255]]) {
    refuses(withChunk(data + 32, match, vlz), "CORRUPT", "the distance of");
  }
  refuses(withChunk(data + 32, [255, 255], vlz), "CORRUPT", "a block's rows is 257: want 64");
  for (const count of [0, tokens - 1, 2049, 2 ** 31]) refuses(withChunk(16, u32(count), vlz), ["CORRUPT", "TRUNCATED"]);
});

Deno.test("decompress: a wrong checksum over whatever bytes is memory-safe with verify off", () => {
  const next = random(6);
  for (const mode of ["auto", "huff", "pack", "vlz", "lorenzo"] as const) {
    const whole = compress(x, { bound: { abs: 0.02 }, rowLength: 8, mode });
    for (let i = 0; i < 300; i++) {
      const damaged = new Uint8Array(whole);
      for (let k = 0; k < 4; k++) {
        damaged[CHUNK + 16 + Math.floor(next() * (whole.length - CHUNK - 16))]! ^= 1 + next() * 255;
      }
      assertEquals(assertThrows(() => decompress(damaged), CodecError).code, "CHECKSUM");
      try {
        assertEquals(decompress(damaged, { verify: false }).length, 1600);
      } catch (error) {
        assert(error instanceof CodecError, `${error}`);
      }
    }
  }
});

Deno.test("decompress: a bomb is refused by what it declares, and costs no more than it yields", () => {
  const chunk = chunkOf(compress(new Float32Array(2 ** 24), { bound: { abs: 1 }, rowLength: 256, chunkRows: 65536 }));
  const bomb = forged(2n ** 24n * 300n, 256, 65536, Array(300).fill(chunk));
  assert(bomb.length < 8000);
  refuses(bomb, "LIMIT", "20132659200 bytes");
  // Rows of it, beyond 2^32 elements, are there for the asking.
  assertEquals(decodeRows(bomb, [19_660_799]), new Float32Array(256));
  assertEquals(inspect(bomb).elements, 5033164800);
});

Deno.test("decompress: into an array of another type, or too short", () => {
  refuses(file, "DTYPE", "f32 into an array of f64", { out: new Float64Array(1600) });
  refuses(file, "LIMIT", "1600 elements into an array of 1599", { out: new Float32Array(1599) });
  const out = new Float32Array(1700).fill(7), restored = decompress(file, { out });
  assertEquals([restored.buffer === out.buffer, restored.length, out[1600]], [true, 1600, 7]);
  assertThrows(() => decompress(file, { maxBytes: NaN }), RangeError, "NaN bytes");
});

Deno.test("decompress: both kernels judge damaged files alike", () => {
  const next = random(7);
  const outcome = (bytes: Uint8Array, kernels: "auto" | "plain") => {
    try {
      return bytesOf(decompress(bytes, { kernels, maxBytes: 2 ** 22 }));
    } catch (error) {
      assert(error instanceof CodecError, `${error}`);
      return error.code;
    }
  };
  for (const mode of ["auto", "huff", "pack", "vlz", "lorenzo"] as const) {
    for (const bound of [{ abs: 0.02 }, { pwRel: 0.05 }] as const) {
      const whole = compress(x, { bound, rowLength: 8, mode });
      for (let i = 0; i < 200; i++) {
        const damaged = reseal(mutate(whole, next));
        assertEquals(outcome(damaged, "auto"), outcome(damaged, "plain"));
      }
    }
  }
});

Deno.test("decodeRows: rows that are none are refused, and the limit is that of the rows asked for", () => {
  for (const row of [-1, 200, 1.5, NaN, 2 ** 40]) {
    assertThrows(() => decodeRows(file, [3, row]), RangeError, "position 1");
  }
  const error = assertThrows(() => decodeRows(file, [1, 2], { maxBytes: 63 }), CodecError, "2 rows of 32 bytes");
  assertEquals(error.code, "LIMIT");
  assertEquals(decodeRows(file, [], { maxBytes: 0 }).length, 0);
});
