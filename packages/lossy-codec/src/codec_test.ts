import { assert, assertEquals, assertThrows } from "@std/assert";
import { lookups, normals, random } from "./_test_round_trip.ts";
import { Decoder, Encoder } from "./codec.ts";
import { compress } from "./compress.ts";
import { decompress } from "./decompress.ts";
import { CodecError } from "./errors.ts";
import { MESSAGE_HEADER_BYTES, readMessageHeader } from "./format/message.ts";
import { inspect } from "./inspect.ts";

const options = { bound: { rel: 0.03 }, rowLength: 16 } as const;

/** One array through an encoder and a decoder; returns the bytes of the messages. */
function send(
  encoder: Encoder,
  decoder: Decoder,
  x: Float32Array,
  context: { table?: number; destination?: number } = {},
  bound = 0.03,
): number {
  const dst = new Uint8Array(encoder.maxEncodedBytes(x.length)), bytes = encoder.encode(x, dst, context);
  const y = new Float32Array(x.length);
  assertEquals(decoder.decode(dst, y, context), bytes);
  assertEquals(y, decompress(compress(x, { ...options, bound: { rel: bound } })), "not what a file gives");
  return bytes;
}

Deno.test("Encoder: messages of many tables and destinations, which come to share tables", () => {
  const encoder = new Encoder(options),
    decoder = new Decoder(options),
    plain = new Decoder({ ...options, kernels: "plain" });
  const sizes: number[] = [];
  for (let step = 0; step < 12; step++) {
    for (let table = 0; table < 3; table++) {
      for (let destination = 0; destination < 2; destination++) {
        const x = lookups(100 * table + destination + 10 * step, 256, 16, 40 * 4 ** table);
        const dst = new Uint8Array(encoder.maxEncodedBytes(x.length));
        const bytes = encoder.encode(x, dst, { table, destination });
        assertEquals(readMessageHeader(dst), { table, destination, bytes: bytes - MESSAGE_HEADER_BYTES });
        const y = new Float32Array(x.length), z = new Float32Array(x.length);
        assertEquals(decoder.decode(dst, y, { table, destination }), bytes);
        plain.decode(dst, z, { table, destination });
        assertEquals(y, z);
        assertEquals(y, decompress(compress(x, options)));
        if (table === 2 && destination === 0) sizes.push(bytes);
      }
    }
  }
  const alone = new Encoder({ ...options, shareTables: false });
  const first = alone.encode(lookups(200, 256, 16, 640), new Uint8Array(100_000));
  assertEquals(first, sizes[0]);
  assert(sizes.slice(1).reduce((sum, bytes) => sum + bytes, 0) / 11 < sizes[0]! - 20, `${sizes}`);
});

Deno.test("Encoder: new tables are sent when data changes", () => {
  const encoder = new Encoder(options), decoder = new Decoder(options), next = random(1);
  for (let step = 0; step < 20; step++) {
    const x = normals(step, 256 * 16).map((value) => step < 10 ? value : Math.sign(value) * next() ** 8);
    const bytes = send(encoder, decoder, Float32Array.from(x));
    const alone = send(new Encoder(options), new Decoder(options), Float32Array.from(x));
    assert(bytes <= alone + 8, `${bytes} bytes where a message alone has ${alone}`);
  }
});

Deno.test("Encoder: without shared tables, messages may be lost and come in any order", () => {
  const encoder = new Encoder({ ...options, shareTables: false }),
    messages: { x: Float32Array; bytes: Uint8Array }[] = [];
  for (let step = 0; step < 6; step++) {
    const x = lookups(step, 128, 16, 300), bytes = new Uint8Array(encoder.maxEncodedBytes(x.length));
    messages.push({ x, bytes: bytes.subarray(0, encoder.encode(x, bytes)) });
  }
  const decoder = new Decoder(options);
  for (const { x, bytes } of [messages[4]!, messages[1]!, messages[5]!, messages[1]!]) {
    const y = new Float32Array(x.length);
    decoder.decode(bytes, y);
    assertEquals(y, decompress(compress(x, options)));
  }
});

Deno.test("Decoder: a message whose tables were lost is refused, and reset() of both ends mends it", () => {
  const encoder = new Encoder(options),
    decoder = new Decoder(options),
    x = normals(3, 512 * 16),
    y = new Float32Array(x.length);
  const dst = new Uint8Array(encoder.maxEncodedBytes(x.length));
  encoder.encode(x, dst);
  encoder.encode(x, dst);
  const error = assertThrows(() => decoder.decode(dst, y), CodecError, "an earlier message");
  assertEquals(error.code, "CORRUPT");
  encoder.reset();
  decoder.reset();
  send(encoder, decoder, x);
});

Deno.test("Encoder: too short a destination changes nothing", () => {
  const encoder = new Encoder(options), decoder = new Decoder(options), x = lookups(4, 256, 16, 500);
  send(encoder, decoder, x);
  for (const length of [0, 7, 8, 100]) {
    assertThrows(() => encoder.encode(normals(5, 4096), new Uint8Array(length)), RangeError, "Cannot encode into");
  }
  send(encoder, decoder, x);
});

Deno.test("Decoder: damaged messages leave its tables as they were", () => {
  const encoder = new Encoder(options), decoder = new Decoder(options), next = random(6);
  for (let step = 0; step < 30; step++) {
    const x = lookups(step, 128, 16, 200), dst = new Uint8Array(encoder.maxEncodedBytes(x.length));
    const bytes = encoder.encode(x, dst), y = new Float32Array(x.length);
    for (let i = 0; i < 20; i++) {
      const damaged = dst.slice(0, bytes);
      damaged[Math.floor(next() * bytes)]! ^= 1 << Math.floor(next() * 8);
      assertThrows(() => decoder.decode(damaged, y), CodecError);
      assertThrows(() => decoder.decode(dst.subarray(0, Math.floor(next() * bytes)), y), CodecError);
    }
    decoder.decode(dst, y);
    assertEquals(y, decompress(compress(x, options)));
  }
});

Deno.test("Encoder: short and empty arrays, short last rows, several messages, other dtypes, bounds and row lengths", () => {
  const encoder = new Encoder(options), decoder = new Decoder(options);
  assertEquals(send(encoder, decoder, new Float32Array(0)), 0);
  for (const n of [1, 15, 17, 1000]) send(encoder, decoder, normals(n, n));
  const long = new Encoder({ bound: { abs: 0.1 }, rowLength: 1 }), x = normals(7, 150_000);
  const dst = new Uint8Array(long.maxEncodedBytes(x.length)), bytes = long.encode(x, dst);
  const y = new Float32Array(x.length);
  assertEquals(new Decoder({ rowLength: 1 }).decode(dst, y), bytes);
  assertEquals(y, decompress(compress(x, { bound: { abs: 0.1 }, rowLength: 1 })));
  assertEquals([long.errorBound, encoder.errorBound], [0.1, undefined]);
  for (const z of [Float64Array.from(x.subarray(0, 999)), new Float16Array(x.subarray(0, 999))]) {
    const context = { table: 9, rowLength: 33 }, bound = { abs: 0.01 }, restored = z.slice();
    const length = encoder.encode(z, dst, { ...context, bound });
    assertEquals(decoder.decode(dst, restored.fill(0), context), length);
    assertEquals(restored, decompress(compress(z, { bound, rowLength: 33 })) as typeof z);
    decoder.reset();
    encoder.reset();
  }
});

Deno.test("Encoder and Decoder: what cannot be is refused by name", () => {
  const encoder = new Encoder(options), decoder = new Decoder(options), x = normals(8, 160), dst = new Uint8Array(2000);
  assertThrows(() => new Encoder({ bound: { abs: -1 } }), CodecError, "abs: -1");
  assertThrows(() => encoder.encode(x, dst, { table: 65536 }), RangeError, "table 65536");
  assertThrows(() => encoder.encode(x, dst, { destination: -1 }), RangeError, "destination -1");
  encoder.encode(x, dst, { table: 3, destination: 1 });
  const error = assertThrows(() => decoder.decode(dst, x.slice(), { table: 3 }), CodecError, "of table 3 for 1");
  assertEquals(error.code, "CORRUPT");
  assertThrows(
    () => decoder.decode(dst, new Float32Array(176), { table: 3, destination: 1 }),
    CodecError,
    "rows is 10: want 11",
  );
  assertThrows(() => decoder.decode(dst, x, { rowLength: 0 }), RangeError, "rowLength 0");
  assertEquals(inspect(compress(x, options)).chunks.length, 1);
});
