import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MessagesByTheBook } from "./_test_reference_messages.ts";
import { within } from "./_test_bound.ts";
import { lookups, normals, random, valuesOf } from "./_test_round_trip.ts";
import { Decoder, Encoder, type EncoderOptions, type MessageContext } from "./codec.ts";
import { bytesOf, dtypeId, dtypeName, dtypeOf, type FloatArray } from "./dtype.ts";
import { CodecError } from "./errors.ts";
import { viewOf } from "./format/fields.ts";
import { xxh32 } from "./format/xxh32.ts";
import type { ErrorBound } from "./options.ts";

/** Two encoders with different kernels, their decoders, and the decoder made from FORMAT.md. */
class Link {
  readonly #options: EncoderOptions & { readonly rowLength: number };
  readonly encoder: Encoder;
  readonly plain: Encoder;
  readonly decoder: Decoder;
  readonly #reference: MessagesByTheBook;

  constructor(options: EncoderOptions & { readonly rowLength: number }, dtype: "f16" | "f32" | "f64" = "f32") {
    this.#options = options;
    this.encoder = new Encoder(options);
    this.plain = new Encoder({ ...options, kernels: "plain" });
    this.decoder = new Decoder(options);
    this.#reference = new MessagesByTheBook(dtypeId(dtype), options.rowLength, options.rememberRows!);
  }

  /** Sends an array of one message and checks everything; returns the message. */
  send(x: FloatArray, bound: ErrorBound = this.#options.bound): Uint8Array {
    const most = this.encoder.maxEncodedBytes(x.length, dtypeName(dtypeOf(x))), dst = new Uint8Array(most);
    const message = dst.slice(0, this.encoder.encode(x, dst, { bound }));
    assertEquals(dst.slice(0, this.plain.encode(x, dst, { bound })), message, "kernels differ");
    const y = x.slice().fill(0);
    assertEquals(this.decoder.decode(message, y), message.length);
    assertBound(x, y, bound);
    assertEquals(this.#reference.decode(message, x.length), bytesOf(y).slice(), "not what the page says");
    return message;
  }
}

function assertBound(x: FloatArray, y: FloatArray, bound: ErrorBound): void {
  const a = valuesOf(x), b = valuesOf(y), finite = Array.from(a).filter(Number.isFinite);
  const range = finite.length === 0 ? 0 : Math.max(...finite) - Math.min(...finite), size = x.BYTES_PER_ELEMENT;
  for (let i = 0; i < a.length; i++) {
    const most = bound === "lossless" || !Number.isFinite(a[i]!)
      ? 0
      : "abs" in bound
      ? bound.abs
      : "rel" in bound
      ? bound.rel * range
      : bound.pwRel * Math.abs(a[i]!);
    if (most > 0) assert(within(a[i]!, b[i]!, most), `${a[i]} at ${i} becomes ${b[i]}`);
    else if (bound !== "lossless" && a[i] === 0) assertEquals(b[i], 0);
    else {assertEquals(
        bytesOf(y).slice(i * size, (i + 1) * size),
        bytesOf(x).slice(i * size, (i + 1) * size),
        `at ${i}`,
      );}
  }
}

/** Slices of look-ups in one table. */
function slices(table: Float32Array, d: number, count: number, rows: number, seed: number): Float32Array[] {
  const next = random(seed), ids = table.length / d;
  return Array.from({ length: count }, () => {
    const x = new Float32Array(rows * d);
    for (let row = 0; row < rows; row++) {
      const id = Math.floor(ids * next() ** 2);
      x.set(table.subarray(id * d, (id + 1) * d), row * d);
    }
    return x;
  });
}

const options = { bound: { rel: 0.03 }, rowLength: 32, rememberRows: 256 } as const;

function bytesAlone(all: readonly Float32Array[]): number {
  const encoder = new Encoder({ ...options, rememberRows: 0 });
  return all.reduce((sum, x) => sum + encoder.encode(x, new Uint8Array(encoder.maxEncodedBytes(x.length))), 0);
}

Deno.test("Encoder: rows that come again unchanged are pointed at", () => {
  const all = slices(normals(1, 100 * 32), 32, 20, 64, 2), link = new Link(options);
  const bytes = all.reduce((sum, x) => sum + link.send(x).length, 0);
  assert(bytes < bytesAlone(all) / 2, `${bytes} bytes beside ${bytesAlone(all)}`);
});

Deno.test("Encoder: rows that come again a bit changed are sent as differences", () => {
  const table = normals(3, 100 * 32), next = random(4), all: Float32Array[] = [], link = new Link(options);
  let bytes = 0;
  for (let step = 0; step < 20; step++) {
    const [x] = slices(table, 32, 1, 64, step);
    all.push(x!);
    bytes += link.send(x!).length;
    for (let i = 0; i < table.length; i++) table[i]! += 0.04 * (next() - 0.5);
  }
  assert(bytes < bytesAlone(all) / 1.5, `${bytes} bytes beside ${bytesAlone(all)}`);
});

Deno.test("Encoder: rows that never come again take hardly more bytes", () => {
  const all = Array.from({ length: 8 }, (_, seed) => normals(seed, 128 * 32)), link = new Link(options);
  const bytes = all.reduce((sum, x) => sum + link.send(x).length, 0);
  assert(bytes < 1.03 * bytesAlone(all), `${bytes} bytes beside ${bytesAlone(all)}`);
});

const element = fc.oneof(
  { arbitrary: fc.integer({ min: -40, max: 40 }).map((n) => n / 8), weight: 6 },
  { arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, 3e38, 1e-40, 60000), weight: 1 },
);

Deno.test("Encoder and Decoder: any rows, dtypes, bounds and memories", () => {
  const bounds = fc.constantFrom<ErrorBound>({ abs: 0.3 }, { rel: 0.02 }, { rel: 0.1 }, { pwRel: 0.1 }, "lossless");
  fc.assert(
    fc.property(
      fc.constantFrom<"f16" | "f32" | "f64">("f32", "f32", "f16", "f64"),
      fc.constantFrom(1, 2, 5, 16, 40),
      fc.constantFrom(1, 3, 20, 65535),
      bounds,
      fc.array(fc.array(element, { minLength: 16, maxLength: 16 }), { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 0, max: 1000 }),
      (dtype, rowLength, rememberRows, bound, seeds, seed) => {
        const link = new Link({ bound, rowLength, rememberRows }, dtype), next = random(seed);
        for (let message = 0; message < 5; message++) {
          const drift = message % 2 === 0 ? 0 : 0.2, elements: number[] = [];
          for (let row = 0; row < 1 + Math.floor(next() * 12); row++) {
            const of = seeds[Math.floor(next() * seeds.length)]!;
            for (let j = 0; j < rowLength; j++) elements.push(of[j % of.length]! + (next() < 0.3 ? drift : 0));
          }
          elements.length -= Math.floor(next() * Math.min(rowLength, elements.length));
          link.send(
            dtype === "f64"
              ? Float64Array.from(elements)
              : dtype === "f32"
              ? Float32Array.from(elements)
              : new Float16Array(elements),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("Decoder: lost, damaged and foreign messages are refused, and reset() of both ends mends it", () => {
  const encoder = new Encoder(options), decoder = new Decoder(options), y = new Float32Array(64 * 32);
  const all = slices(normals(5, 50 * 32), 32, 12, 64, 6), dst = new Uint8Array(encoder.maxEncodedBytes(y.length));
  const next = random(7);
  for (const x of all.slice(0, 10)) {
    const bytes = encoder.encode(x, dst);
    assertThrows(() => encoder.encode(normals(8, 2048), new Uint8Array(50)), RangeError, "Cannot encode into");
    for (let i = 0; i < 20; i++) {
      const damaged = dst.slice(0, bytes);
      damaged[Math.floor(next() * bytes)]! ^= 1 << Math.floor(next() * 8);
      assertThrows(() => decoder.decode(damaged, y), CodecError);
      assertThrows(() => decoder.decode(dst.subarray(0, Math.floor(next() * bytes)), y), CodecError);
    }
    assertEquals(decoder.decode(dst, y), bytes);
    assertBound(x, y, options.bound);
    assertEquals(assertThrows(() => decoder.decode(dst, y), CodecError).code, "CHECKSUM");
  }
  encoder.encode(all[10]!, dst);
  encoder.encode(all[11]!, dst);
  assertEquals(assertThrows(() => decoder.decode(dst, y), CodecError, "those before it").code, "CHECKSUM");
  encoder.reset();
  decoder.reset();
  encoder.encode(all[0]!, dst);
  decoder.decode(dst, y);
  assertThrows(() => new Decoder({ ...options, rememberRows: 0 }).decode(dst, y), CodecError);
});

Deno.test("Decoder: messages that remember rows and change places, within an array or between tables, are refused", () => {
  const options = { bound: { abs: 0.1 }, rowLength: 1, rememberRows: 10 }, x = normals(9, 2 * 65536), y = x.slice();
  const encoder = new Encoder(options), dst = new Uint8Array(encoder.maxEncodedBytes(x.length));
  const messages = dst.slice(0, encoder.encode(x, dst)), first = 8 + viewOf(messages).getUint32(4, true);
  const refuses = (bytes: Uint8Array, table: number) => {
    const error = assertThrows(() => new Decoder(options).decode(bytes, y, { table }), CodecError);
    assertEquals(error.code, "CHECKSUM");
  };
  assertEquals(new Decoder(options).decode(messages, y), messages.length);
  refuses(new Uint8Array([...messages.subarray(first), ...messages.subarray(0, first)]), 0);
  const foreign = messages.slice();
  for (const at of [0, first]) viewOf(foreign).setUint16(at, 1, true);
  refuses(foreign, 1);
});

Deno.test("Decoder: messages forged to match their hash are refused or decoded, and bring no other fault", () => {
  const next = random(9), table = normals(10, 30 * 32);
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const encoder = new Encoder(options), decoder = new Decoder(options), y = new Float32Array(24 * 32);
    const [first, second] = slices(table, 32, 2, 24, round), dst = new Uint8Array(encoder.maxEncodedBytes(y.length));
    encoder.encode(first!, dst);
    decoder.decode(dst, y);
    const state = viewOf(dst).getUint32(8, true), bytes = encoder.encode(second!.map((v) => v + 0.05 * next()), dst);
    const forged = dst.slice(0, bytes);
    for (let i = 0; i < 3; i++) forged[12 + Math.floor(next() * Math.min(40, bytes - 12))] = Math.floor(256 * next());
    viewOf(forged).setUint32(8, xxh32(forged, 12, bytes, state), true);
    try {
      decoder.decode(forged, y);
    } catch (error) {
      assert(error instanceof CodecError, `${error}`);
      refused++;
    }
  }
  assert(refused > 200, `${refused} of 400`);
});

Deno.test("Encoder: memories of other tables, row lengths and dtypes are apart; arrays of several messages", () => {
  const encoder = new Encoder(options), decoder = new Decoder(options), dst = new Uint8Array(2_000_000);
  const contexts: MessageContext[] = [{}, { table: 1 }, { destination: 1 }, { rowLength: 16 }, {}];
  for (let step = 0; step < 3; step++) {
    for (const context of contexts) {
      for (const x of [lookups(1, 64, 32, 20), Float64Array.from(lookups(2, 64, 16, 20))]) {
        const y = x.slice().fill(0);
        assertEquals(encoder.encode(x, dst, context), decoder.decode(dst, y, context));
        assertBound(x, y, options.bound);
      }
    }
  }
  const long = lookups(3, 70_000, 1, 500), own = { bound: { abs: 0.01 }, rowLength: 1, rememberRows: 300 };
  const sender = new Encoder(own), receiver = new Decoder(own);
  for (let step = 0; step < 2; step++) {
    const y = new Float32Array(long.length);
    assertEquals(sender.encode(long, dst), receiver.decode(dst, y));
    assertBound(long.subarray(0, 2000), y.subarray(0, 2000), own.bound);
  }
});

Deno.test("Encoder and Decoder: memories that cannot be are refused", () => {
  for (const rememberRows of [-1, 0.5, 65536, NaN]) {
    assertThrows(() => new Encoder({ ...options, rememberRows }), RangeError, `remember ${rememberRows} rows`);
    assertThrows(() => new Decoder({ rememberRows }), RangeError, `remember ${rememberRows} rows`);
  }
});
