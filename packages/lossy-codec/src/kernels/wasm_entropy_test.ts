import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { normaliseCounts } from "../entropy/frequencies.ts";
import { codeLengths } from "../entropy/huffman.ts";
import { writeAnsDecode, writeAnsEncode, writeHuffmanDecode, writeHuffmanEncode } from "../entropy/kernel_tables.ts";
import { hybridToken, zigzag } from "../entropy/tokens.ts";
import { plain, runBoth, runOn, RUNS, wasm } from "./_test_pair.ts";
import { DIRECT, type KernelMemory, type Kernels, UNSIGNED } from "./kernels.ts";
import { sectionCapacity } from "./section.ts";

/** A sequence to code: rows of `d` symbols, each of a class. */
interface Sequence {
  readonly codes: Int32Array<ArrayBuffer>;
  readonly d: number;
  readonly groupSymbols: number;
  readonly classes: Uint8Array<ArrayBuffer> | undefined;
  readonly columns: Uint8Array<ArrayBuffer> | undefined;
  readonly form: number;
}

/** Symbols drawn by a seed: fast-check makes arrays of thousands too slowly. */
function draw(count: number, form: number, spread: number, seed: number): Int32Array<ArrayBuffer> {
  let state = seed | 1;
  const next = (): number => (state = Math.imul(state, 1664525) + 1013904223 | 0) >>> 8;
  return Int32Array.from({ length: count }, () => {
    const r = next() % 1000, wide = next();
    if (form & DIRECT) return form & UNSIGNED ? (r < 900 ? r % spread : wide % 256) : r % (spread + 1) - (spread >> 1);
    if (r > 3) return form & UNSIGNED ? r % (4 * spread) : r % (4 * spread) - 2 * spread;
    return form & UNSIGNED ? next() * next() >> 3 : next() * next() >> (wide % 30);
  });
}

const sequences: fc.Arbitrary<Sequence> = fc.record({
  rows: fc.integer({ min: 0, max: 60 }),
  d: fc.integer({ min: 1, max: 70 }),
  groupRows: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.double({ min: 0.3, max: 4, noNaN: true })),
  form: fc.constantFrom(0, DIRECT, UNSIGNED, DIRECT | UNSIGNED, DIRECT),
  spread: fc.constantFrom(1, 2, 5, 40, 250),
  classCount: fc.constantFrom(0, 1, 2, 4),
  columnClasses: fc.constantFrom(0, 0, 1, 4),
  seed: fc.integer(),
}).map(({ rows, d, groupRows, form, spread, classCount, columnClasses, seed }) => ({
  codes: draw(rows * d, form, spread, seed),
  d,
  groupSymbols: Math.max(1, Math.floor(groupRows * d)),
  ...classesOf(rows, d, classCount, columnClasses),
  form,
}));

/** Classes of rows are multiples of the number of classes of columns. */
function classesOf(
  rows: number,
  d: number,
  classCount: number,
  columnClasses: number,
): Pick<Sequence, "classes" | "columns"> {
  const step = Math.max(1, columnClasses);
  return {
    classes: classCount === 0
      ? undefined
      : Uint8Array.from({ length: rows }, (_, r) => (r * 7 >> 1) % classCount * step),
    columns: columnClasses === 0 ? undefined : Uint8Array.from({ length: d }, (_, j) => (j * 5 >> 1) % columnClasses),
  };
}

/** Sequences as long as those of a chunk, with groups as in streams. */
const long: Sequence[] = [
  { d: 64, groupSymbols: 1024, rows: 300, form: DIRECT, spread: 9, classCount: 4, columnClasses: 4 },
  { d: 64, groupSymbols: 2048, rows: 700, form: DIRECT, spread: 1, classCount: 0, columnClasses: 0 },
  { d: 300, groupSymbols: 1200, rows: 30, form: DIRECT | UNSIGNED, spread: 250, classCount: 2, columnClasses: 0 },
  { d: 6000, groupSymbols: 4096, rows: 5, form: DIRECT, spread: 40, classCount: 2, columnClasses: 2 },
  { d: 4096, groupSymbols: 4096, rows: 9, form: DIRECT, spread: 40, classCount: 2, columnClasses: 0 },
  { d: 6000, groupSymbols: 9000, rows: 6, form: DIRECT, spread: 40, classCount: 0, columnClasses: 0 },
  { d: 1, groupSymbols: 1024, rows: 5000, form: UNSIGNED, spread: 250, classCount: 0, columnClasses: 0 },
].map(({ d, groupSymbols, rows, form, spread, classCount, columnClasses }) => ({
  codes: draw(rows * d, form, spread, rows),
  d,
  groupSymbols,
  ...classesOf(rows, d, classCount, columnClasses),
  form,
}));

function classCountOf({ classes, columns }: Sequence): number {
  return (classes ? 4 : 1) * (columns ? 4 : 1);
}

function countsOf(sequence: Sequence): Uint32Array<ArrayBuffer> {
  const { codes, d, classes, columns, form } = sequence, k = classCountOf(sequence), rows = codes.length / d;
  const { arrays } = runBoth(
    [codes, classes ?? 0, columns ?? 0, 1024 * k],
    (kernels, src, atClasses, atColumns, counts) =>
      kernels.histogram(src, rows, d, classes ? atClasses : 0, columns ? atColumns : 0, k, form, counts),
  );
  return new Uint32Array(arrays[3]!.buffer as ArrayBuffer);
}

/** Fills a table as the host does, in a memory of its own. */
function table(bytes: number, write: (memory: KernelMemory) => void): Uint8Array<ArrayBuffer> {
  plain.memory.reserve(bytes);
  plain.memory.u8.fill(0, 0, bytes);
  write(plain.memory);
  return plain.memory.u8.slice(0, bytes);
}

interface Coder {
  readonly encodeTable: Uint8Array<ArrayBuffer>;
  readonly decodeTable: Uint8Array<ArrayBuffer>;
  encode(k: Kernels, s: Sequence, codes: number, at: Places, dst: number, capacity: number): number;
  decode(
    k: Kernels,
    s: Sequence,
    src: number,
    bytes: number,
    first: number,
    count: number,
    at: Places,
    codes: number,
  ): number;
}

/** Offsets of what coding reads besides codes or bytes. */
interface Places {
  readonly classes: number;
  readonly columns: number;
  readonly table: number;
}

/** What lies at them, in order. */
function besides(s: Sequence, table: Uint8Array): (Uint8Array | number)[] {
  return [s.classes ?? 0, s.columns ?? 0, table];
}

function placesOf(s: Sequence, classes: number, columns: number, table: number): Places {
  return { classes: s.classes ? classes : 0, columns: s.columns ? columns : 0, table };
}

function ansFor(sequence: Sequence, counts: Uint32Array): Coder {
  const k = classCountOf(sequence);
  const frequencies = Array.from({ length: k }, (_, c) => {
    // A class that does not occur has some table.
    const own = counts.slice(256 * c, 256 * c + 256);
    if (own.every((n) => n === 0)) own[0] = 1;
    return normaliseCounts(Float64Array.from(own));
  });
  return {
    encodeTable: table(4096 * k, (memory) => frequencies.forEach((f, c) => writeAnsEncode(memory, 4096 * c, f))),
    decodeTable: table(16384 * k, (memory) => frequencies.forEach((f, c) => writeAnsDecode(memory, 16384 * c, f))),
    encode: (
      kernels,
      { codes: { length }, groupSymbols, d, form },
      codes,
      { classes, columns, table },
      dst,
      capacity,
    ) => kernels.ansEncode(codes, length, groupSymbols, d, classes, columns, form, table, dst, capacity),
    decode: (kernels, s, src, bytes, first, count, { classes, columns, table }, codes) => {
      const { codes: { length }, groupSymbols, d, form } = s;
      return kernels.ansDecode(src, bytes, length, first, count, groupSymbols, d, classes, columns, form, table, codes);
    },
  };
}

function huffFor(counts: Uint32Array): Coder {
  const all = counts.slice(0, 256);
  for (let i = 256; i < counts.length; i++) all[i % 256]! += counts[i]!;
  if (all.every((n) => n === 0)) all[0] = 1;
  const lengths = codeLengths(Float64Array.from(all));
  return {
    encodeTable: table(1024, (memory) => writeHuffmanEncode(memory, 0, lengths)),
    decodeTable: table(8192, (memory) => writeHuffmanDecode(memory, 0, lengths)),
    encode: (kernels, s, codes, { table }, dst, capacity) =>
      kernels.huffEncode(codes, s.codes.length, s.groupSymbols, s.form, table, dst, capacity),
    decode: (kernels, s, src, bytes, first, count, { table }, codes) =>
      kernels.huffDecode(src, bytes, s.codes.length, first, count, s.groupSymbols, s.form, table, codes),
  };
}

function encodeOn(
  kernels: Kernels,
  s: Sequence,
  coder: Coder,
  capacity: number,
): { returned: number; dst: Uint8Array } {
  const { returned, arrays } = runOn(
    kernels,
    [s.codes, ...besides(s, coder.encodeTable), capacity],
    (k, codes, classes, columns, table, dst) =>
      coder.encode(k, s, codes, placesOf(s, classes, columns, table), dst, capacity),
  );
  return { returned, dst: arrays[4]! };
}

function encodeBoth(s: Sequence, coder: Coder): Uint8Array {
  const capacity = sectionCapacity(s.codes.length, s.groupSymbols, s.form);
  const [expected, actual] = [plain, wasm].map((kernels) => {
    assertEquals(encodeOn(kernels, s, coder, capacity - 4).returned, -1);
    const { returned, dst } = encodeOn(kernels, s, coder, capacity);
    return dst.slice(0, returned);
  });
  assertEquals(actual, expected);
  return expected!;
}

function decodeOn(
  kernels: Kernels,
  s: Sequence,
  coder: Coder,
  bytes: Uint8Array,
  first = 0,
  count = s.codes.length,
): Int32Array | undefined {
  const { returned, arrays } = runOn(
    kernels,
    [bytes, ...besides(s, coder.decodeTable), 4 * count],
    (k, src, classes, columns, table, codes) =>
      coder.decode(k, s, src, bytes.length, first, count, placesOf(s, classes, columns, table), codes),
  );
  return returned === 0 ? new Int32Array(arrays[4]!.buffer) : undefined;
}

function decodeBoth(
  s: Sequence,
  coder: Coder,
  bytes: Uint8Array,
  first?: number,
  count?: number,
): Int32Array | undefined {
  const expected = decodeOn(plain, s, coder, bytes, first, count);
  assertEquals(decodeOn(wasm, s, coder, bytes, first, count), expected);
  return expected;
}

function checkSequence(s: Sequence): void {
  const counts = countsOf(s);
  for (const coder of [ansFor(s, counts), huffFor(counts)]) {
    const bytes = encodeBoth(s, coder), total = s.codes.length;
    assertEquals(decodeBoth(s, coder, bytes, 0, total), s.codes);
    const groups = Math.ceil(total / s.groupSymbols);
    for (const [from, to] of [[1, groups], [groups - 1, groups], [0, groups - 1], [2, 7]] as const) {
      if (from < 0 || from >= to || to > groups) continue;
      const first = from * s.groupSymbols, end = Math.min(total, to * s.groupSymbols);
      assertEquals(decodeBoth(s, coder, bytes, first, end - first), s.codes.slice(first, end));
    }
  }
}

Deno.test("ansEncode, huffEncode and their decoders: any form, grouping and classes", () => {
  fc.assert(fc.property(sequences, checkSequence), RUNS);
});

Deno.test("ansEncode, huffEncode and their decoders: sequences of whole chunks", () => {
  for (const sequence of long) checkSequence(sequence);
});

Deno.test("histogram: counts what tokens say, for many classes", () => {
  fc.assert(
    fc.property(sequences, fc.integer({ min: 1, max: 40 }), (s, classCount) => {
      const rows = s.codes.length / s.d, classes = Uint8Array.from({ length: rows }, (_, r) => (r >>> 1) % classCount);
      const { arrays } = runBoth(
        [s.codes, classes, 1024 * classCount],
        (k, src, at, counts) => k.histogram(src, rows, s.d, at, 0, classCount, s.form, counts),
      );
      const counts = new Uint32Array(arrays[2]!.buffer), expected = new Uint32Array(256 * classCount);
      s.codes.forEach((code, i) => {
        const z = s.form & UNSIGNED ? code >>> 0 : zigzag(code);
        expected[256 * classes[Math.floor(i / s.d)]! + (s.form & DIRECT ? z : hybridToken(z))]!++;
      });
      assertEquals(counts, expected);
    }),
    RUNS,
  );
});

Deno.test("ansDecode and huffDecode: damaged sections give the same verdict and write nowhere else", () => {
  const damaged = fc.record({
    s: sequences,
    flips: fc.array(fc.tuple(fc.nat(), fc.nat(7)), { maxLength: 3 }),
    cut: fc.constantFrom(0, 0, 0, 4, 8),
  });
  fc.assert(
    fc.property(damaged, ({ s, flips, cut }) => {
      const counts = countsOf(s);
      for (const coder of [ansFor(s, counts), huffFor(counts)]) {
        const bytes = encodeBoth(s, coder).slice();
        for (const [at, bit] of flips) if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << bit;
        // runOn() asserts that the guards around all arrays are whole.
        decodeBoth(s, coder, bytes.slice(0, Math.max(0, bytes.length - cut)));
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("ansDecode and huffDecode: sections of noise, and tables that are none", () => {
  const noise = fc.record({ s: sequences, seed: fc.integer(), bytes: fc.nat(400) });
  let refused = 0;
  fc.assert(
    fc.property(noise, ({ s, seed, bytes }) => {
      const section = Uint8Array.from(draw(bytes & ~3, DIRECT | UNSIGNED, 250, seed));
      for (const coder of [ansFor(s, countsOf(s)), huffFor(countsOf(s))]) {
        if (decodeBoth(s, coder, section) === undefined) refused++;
        const wild = {
          ...coder,
          decodeTable: Uint8Array.from(draw(coder.decodeTable.length, DIRECT | UNSIGNED, 250, seed)),
        };
        const sound = encodeBoth(s, coder);
        // The result has no meaning; only where it is written counts.
        for (const kernels of [plain, wasm]) decodeOn(kernels, s, wild, sound);
      }
    }),
    RUNS,
  );
  assert(refused > 0);
});
