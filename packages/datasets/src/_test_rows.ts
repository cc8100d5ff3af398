/** Rows for tests: random lines of Criteo's layout and what they mean. @module */
import fc from "fast-check";
import { createRawBlock, type RawBlock } from "./layout.ts";

/** A row; `undefined` is a missing value. */
export interface TestRow {
  label: number;
  ints: (number | undefined)[];
  cats: (number | undefined)[];
}

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 5 });
const int32 = fc.oneof(
  fc.integer({ min: -3, max: 200 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0),
  fc.integer(),
);
const category = fc.oneof(fc.nat(5), fc.constantFrom(0, 0xffffffff, 0x80000000), fc.nat(0xffffffff));

/** Any row of the layout. */
export const testRow: fc.Arbitrary<TestRow> = fc.record({
  label: fc.nat(1),
  ints: fc.array(maybe(int32), { minLength: 13, maxLength: 13 }),
  cats: fc.array(maybe(category), { minLength: 26, maxLength: 26 }),
});

/** The row as a line without its end. */
export function toLine({ label, ints, cats }: TestRow, labelled = true): string {
  const fields = [...ints.map((x) => x ?? ""), ...cats.map((x) => x?.toString(16).padStart(8, "0") ?? "")];
  return (labelled ? [label, ...fields] : fields).join("\t");
}

/** A small row whose every field depends on `seed`. */
export function plainRow(seed: number): TestRow {
  return {
    label: seed % 3 === 0 ? 1 : 0,
    ints: Array.from({ length: 13 }, (_, i) => (seed + i) % 11 === 0 ? undefined : (seed * (i + 1)) % 97),
    cats: Array.from({ length: 26 }, (_, i) => (seed + i) % 13 === 0 ? undefined : (seed * 7 + i) % (3 + 5 * i)),
  };
}

/**
 * Row `i` of `total` of a log as it should not be: one label in 200 is 1; integers that are never there, constant, drifting,
 * extreme in the last rows only, there in the last rows only, or there once; categories that are never there, constant,
 * new in every row, other ones in the last rows, or there in the last rows only. "Last" is the last fifth, the test part.
 */
export function unfriendlyRow(i: number, total: number): TestRow {
  const { ints, cats } = plainRow(i), isLast = i >= 0.8 * total;
  const extreme = i % 2 ? 2 ** 31 - 1 : -(2 ** 31);
  ints.splice(0, 7, undefined, 42, i * 1000, isLast ? extreme : i % 3, isLast ? i : undefined, i ? undefined : 5, -i);
  cats.splice(0, 5, undefined, 7, 1e6 + i, (isLast ? 1000 : 0) + i % 50, isLast ? i % 4 : undefined);
  return { label: i % 200 === 7 ? 1 : 0, ints, cats };
}

/** Lines of {@linkcode plainRow} for seeds `from..to-1`, each with its end. */
export function plainLines(from: number, to: number): string {
  let text = "";
  for (let seed = from; seed < to; seed++) text += toLine(plainRow(seed)) + "\n";
  return text;
}

/** UTF-8 bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The rows of a block. */
export function rowsOf(block: RawBlock): TestRow[] {
  return Array.from({ length: block.rows }, (_, r) => ({
    label: block.labels[r]!,
    ints: Array.from({ length: 13 }, (_, i) => block.intMissing[r]! >> i & 1 ? undefined : block.ints[r * 13 + i]!),
    cats: Array.from({ length: 26 }, (_, i) => block.catMissing[r]! >> i & 1 ? undefined : block.cats[r * 26 + i]!),
  }));
}

/** A block of rows. */
export function blockOf(rows: readonly TestRow[]): RawBlock {
  const block = createRawBlock(rows.length);
  block.rows = rows.length;
  rows.forEach(({ label, ints, cats }, r) => {
    block.labels[r] = label;
    ints.forEach((x, i) => x === undefined ? block.intMissing[r]! |= 1 << i : block.ints[r * 13 + i] = x);
    cats.forEach((x, i) => x === undefined ? block.catMissing[r]! |= 1 << i : block.cats[r * 26 + i] = x);
  });
  return block;
}

/** Bytes with a few of them changed, or the end cut off. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  return fc.oneof(
    fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
      const copy = new Uint8Array(bytes);
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    }),
    fc.nat(bytes.length - 1).map((length) => new Uint8Array(bytes.subarray(0, length))),
  );
}
