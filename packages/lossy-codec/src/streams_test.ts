import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assertBound, lookups, normals, random } from "./_test_round_trip.ts";
import { compress } from "./compress.ts";
import { compressionStream, type CompressionStreamOptions } from "./compression_stream.ts";
import { decompress, type DecompressOptions } from "./decompress.ts";
import { decompressionStream } from "./decompression_stream.ts";
import type { FloatArray } from "./dtype.ts";
import { CodecError } from "./errors.ts";
import { inspect } from "./inspect.ts";
import { decodeRows } from "./rows.ts";

const options: CompressionStreamOptions = { bound: { abs: 0.01 }, rowLength: 8, chunkRows: 32 };

async function collect<T>(stream: ReadableStream<T>): Promise<T[]> {
  return await Array.fromAsync(stream);
}

async function pack(parts: Iterable<FloatArray>, o: CompressionStreamOptions = options): Promise<Uint8Array> {
  const bytes = await collect(ReadableStream.from(parts).pipeThrough(compressionStream(o)));
  return new Uint8Array(await new Blob(bytes).arrayBuffer());
}

async function unpack(parts: Iterable<Uint8Array>, o: DecompressOptions = {}): Promise<Float32Array> {
  const arrays = await collect(ReadableStream.from(parts).pipeThrough(decompressionStream(o)));
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

/** Cuts into pieces of random lengths. */
function cut<T extends FloatArray | Uint8Array>(x: T, seed: number, most: number): T[] {
  const next = random(seed), parts: T[] = [];
  for (let at = 0; at < x.length;) {
    const length = Math.floor(next() * most);
    parts.push(x.slice(at, at + length) as T);
    at += length;
  }
  return parts;
}

Deno.test("compressionStream: the bytes do not depend on how elements are cut", async () => {
  for (const n of [0, 1, 7, 255, 256, 257, 1000, 2048]) {
    const x = lookups(n, Math.ceil(n / 8), 8, 50).subarray(0, n), whole = await pack([x]);
    for (const most of [2, 30, 700]) assertEquals(await pack(cut(x, most, most)), whole);
    const info = inspect(whole), y = decompress(whole);
    assertEquals([info.streamed, info.elements, info.chunks.length], [true, n, Math.ceil(n / 256)]);
    assertBound(x, y, info);
    assertEquals(await unpack([whole]), y);
  }
});

Deno.test("compressionStream: of f16 and f64, empty with a dtype, lossless and pwRel", async () => {
  const x = normals(1, 999);
  for (const bound of ["lossless", { pwRel: 0.01 }, { abs: 0.1 }] as const) {
    for (const array of [Float64Array.from(x), new Float16Array(x)]) {
      const file = await pack(cut(array, 2, 200), { ...options, bound });
      assertBound(array, decompress(file), inspect(file));
    }
  }
  assertEquals(inspect(await pack([], { ...options, dtype: "f64" })).dtype, "f64");
});

Deno.test("compressionStream: a bound relative to the range, and a change of dtype, are refused", async () => {
  assertEquals(assertThrows(() => compressionStream({ bound: { rel: 0.1 } }), CodecError).code, "BOUND");
  const error = await assertRejects(
    () => pack([new Float32Array(1), new Float64Array(1)]),
    CodecError,
    "f64 in a stream of f32",
  );
  assertEquals(error.code, "DTYPE");
});

Deno.test("decompressionStream: files split at every boundary", async () => {
  const x = lookups(2, 70, 8, 30).subarray(0, 553);
  for (const file of [compress(x, { ...options, shape: [7, 79] }), await pack([x])]) {
    const wanted = decompress(file) as Float32Array;
    for (let at = 0; at <= file.length; at++) {
      assertEquals(await unpack([file.slice(0, at), file.slice(at)]), wanted, `split at ${at}`);
    }
    assertEquals(await unpack(Array.from(file, (byte) => Uint8Array.of(byte))), wanted);
    assertEquals(await unpack(cut(file, 3, 40)), wanted);
    for (let size = 2; size < 100; size++) {
      const parts = Array.from(
        { length: Math.ceil(file.length / size) },
        (_, i) => file.slice(i * size, (i + 1) * size),
      );
      assertEquals(await unpack(parts), wanted, `pieces of ${size}`);
    }
    assertEquals(
      decodeRows(file, [69, 0, 40]).subarray(8, 24),
      Float32Array.from([...wanted.subarray(0, 8), ...wanted.subarray(320, 328)]),
    );
  }
});

Deno.test("decompressionStream: the sender may use its memory again", async () => {
  const file = compress(normals(3, 5000), options), buffer = new Uint8Array(100);
  const pieces = function* () {
    for (let at = 0; at < file.length; at += 100) {
      buffer.set(file.subarray(at, at + 100));
      yield buffer.subarray(0, Math.min(100, file.length - at));
    }
  };
  assertEquals(await unpack(pieces()), decompress(file));
});

Deno.test("decompressionStream: truncated at every byte, and with bytes behind", async () => {
  for (const file of [compress(normals(4, 500), options), await pack([normals(4, 500)])]) {
    for (let length = 0; length < file.length; length += length < 100 ? 1 : 37) {
      const error = await assertRejects(() => unpack([file.slice(0, length)]), CodecError, "", `${length}`);
      assert(error.code === "TRUNCATED", `${length}: ${error.message}`);
    }
    const error = await assertRejects(() => unpack([file, Uint8Array.of(0)]), CodecError, "followed by 1 bytes");
    assertEquals(error.code, "CORRUPT");
  }
});

Deno.test("streams: every flipped bit of a streamed file is found by both readers", async () => {
  const file = await pack([lookups(5, 50, 8, 20)]);
  for (let bit = 0; bit < 8 * file.length; bit += 3) {
    const damaged = file.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    assertThrows(() => decompress(damaged), CodecError, "", `bit ${bit}`);
    await assertRejects(() => unpack([damaged]), CodecError, "", `bit ${bit}`);
  }
});

Deno.test("decompressionStream: no more than maxBytes, and nothing beyond is decoded", async () => {
  const x = normals(6, 1000);
  for (const file of [compress(x, options), await pack([x])]) {
    assertEquals((await unpack([file], { maxBytes: 4000 })).length, 1000);
    for (const maxBytes of [0, 1023, 1024, 3999]) {
      const error = await assertRejects(() => unpack([file], { maxBytes }), CodecError);
      assertEquals(error.code, "LIMIT");
    }
  }
  assertThrows(() => decompressionStream({ maxBytes: -1 }), RangeError, "-1 bytes");
});

Deno.test("decompressionStream: what is no file is refused by its first bytes", async () => {
  const file = compress(normals(7, 10), options);
  for (
    const [at, byte, code] of [[0, 0, "BAD_MAGIC"], [4, 7, "VERSION"], [7, 9, "DTYPE"], [12, 0, "CORRUPT"]] as const
  ) {
    const damaged = file.slice(0, 44);
    damaged[at] = byte;
    // No end follows: the stream does not wait for bytes that never come.
    const endless = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(damaged) });
    const error = await assertRejects(() => collect(endless.pipeThrough(decompressionStream())), CodecError);
    assertEquals(error.code, code);
  }
});
