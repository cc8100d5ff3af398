import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bytesOf, damaged, plainLines, plainRow, rowsOf, type TestRow, testRow, toLine } from "../_test_rows.ts";
import { DataFormatError } from "../errors.ts";
import type { ReaderOptions, ReaderResult } from "./reader.ts";
import { CriteoTsvParser } from "./tsv.ts";
import { diagnoseLine } from "./tsv_diagnose.ts";

function parse(
  text: string | Uint8Array,
  options: Partial<ReaderOptions> = {},
  chunk = 1 << 20,
): ReaderResult & { data: TestRow[] } {
  const data: TestRow[] = [];
  const parser = new CriteoTsvParser({ file: "day.tsv", ...options }, (block) => data.push(...rowsOf(block)));
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk));
  return { ...parser.finish(), data };
}

function refusal(text: string, options: Partial<ReaderOptions> = {}): DataFormatError {
  return assertThrows(() => parse(text, options), DataFormatError);
}

/** A line with one field replaced; field 0 is the label. */
function lineWith(field: number, value: string): string {
  const fields = toLine(plainRow(1)).split("\t");
  fields[field] = value;
  return fields.join("\t");
}

Deno.test("CriteoTsvParser reads back any rows, in chunks and blocks of any size", () => {
  fc.assert(
    fc.property(
      fc.array(testRow, { minLength: 1, maxLength: 20 }),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 7 }),
      (rows, end, lastEnd, chunk, blockRows) => {
        const text = rows.map((row) => toLine(row)).join(end) + (lastEnd ? end : "");
        const { data, labelled } = parse(text, { blockRows }, chunk);
        assertEquals(data, rows);
        assert(labelled);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("CriteoTsvParser accepts exactly the lines that diagnoseLine finds faultless", () => {
  const line = testRow.map((row) => bytesOf(toLine(row))).chain((bytes) =>
    fc.oneof(fc.constant(bytes), damaged(bytes))
  );
  fc.assert(
    fc.property(line, (bytes) => {
      const clean = bytes.filter((byte) => byte !== 10 && byte !== 13);
      const text = new Uint8Array([...clean, 10]);
      const fault = diagnoseLine(clean, true);
      const { data, bad } = parse(new Uint8Array([...text, ...bytesOf(toLine(plainRow(1)))]), { onBadRow: "skip" });
      assertEquals(bad.count, fault ? 1 : 0);
      assertEquals(data.length, fault ? 1 : 2);
    }),
    { seed: 2, numRuns: 2000 },
  );
});

Deno.test("CriteoTsvParser names file, line, field, byte, value and wish", () => {
  const good = plainLines(0, 2);
  const error = refusal(good + lineWith(15, "12g4"));
  assertEquals([error.file, error.line, error.column], ["day.tsv", 3, 16]);
  assertEquals(error.message, 'day.tsv:3:16: Cannot read C2 as it is not hexadecimal: "12g4"');
  assertEquals(lineWith(15, "12g4").slice(error.byte - 1, error.byte + 3), "12g4");
  const cases: [string, RegExp, number][] = [
    [lineWith(0, "2"), /:1:1: Cannot read the label as it is not 0 or 1: "2"/, 1],
    [lineWith(0, ""), /label as it is not 0 or 1: ""/, 1],
    [lineWith(3, "2147483648"), /:1:4: Cannot read I3 as it is out of range: "2147483648"; want -2147483648/, 4],
    [lineWith(3, "9".repeat(400)), /I3 as it is out of range/, 4],
    [lineWith(4, "1.5"), /:1:5: Cannot read I4 as it is not a decimal integer: "1.5"/, 5],
    [lineWith(4, "-"), /I4 as it is not a decimal integer: "-"/, 5],
    [lineWith(39, "123456789"), /:1:40: Cannot read C26 as it is too long: "123456789"; want at most 8/, 40],
    [lineWith(20, "\0"), /:1:21: Cannot read the line as it holds a NUL byte/, 21],
    [toLine(plainRow(1), false), /:1: Cannot read the line as it has 39 fields: the layout of the unlabelled test/, 0],
    [lineWith(5, "1\t2"), /it has 41 fields; want 40/, 0],
    ["a,b,c", /it has 1 fields: comma-separated\?; want 40/, 0],
    ["", /it has 1 fields; want 40/, 0],
  ];
  for (const [line, want, column] of cases) {
    const met = refusal(line + "\n" + good);
    assert(want.test(met.message), `${met.message} does not match ${want}`);
    assertEquals(met.column, column);
    assert(!met.message.includes("\n"));
  }
});

Deno.test("CriteoTsvParser reads the extremes of int32", () => {
  const { data } = parse(lineWith(1, "-2147483648") + "\n" + lineWith(1, "2147483647") + "\n");
  assertEquals(data.map((row) => row.ints[0]), [-(2 ** 31), 2 ** 31 - 1]);
});

Deno.test("CriteoTsvParser takes 39 fields where labels are absent, and finds out in mode auto", () => {
  const unlabelled = toLine(plainRow(4), false) + "\n";
  assertEquals(parse(unlabelled, { labels: "absent" }).data[0]!.ints, plainRow(4).ints);
  assertEquals(parse(unlabelled, { labels: "auto" }).labelled, false);
  assertEquals(parse(plainLines(0, 1), { labels: "auto" }).labelled, true);
  const mixed = refusal(unlabelled + plainLines(0, 1), { labels: "auto" });
  assertEquals(
    mixed.message,
    "day.tsv:2: Cannot read the line as it has 40 fields: the line carries a label, the first one did not; want 39",
  );
});

Deno.test("CriteoTsvParser skips bad rows on request and lists the first ten", () => {
  const text = plainLines(0, 3) + "bad\n".repeat(12) + plainLines(3, 5);
  const { data, bad } = parse(text, { onBadRow: "skip" });
  assertEquals(data, [0, 1, 2, 3, 4].map(plainRow));
  assertEquals(bad.count, 12);
  assertEquals(bad.examples.map((error) => error.line), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
});

Deno.test("CriteoTsvParser refuses input without a good row", () => {
  assertEquals(refusal("").message, "day.tsv: Cannot read rows as it is empty; want at least one row");
  const none = refusal("x\ny\n", { onBadRow: "skip" });
  assertEquals(none.message, "day.tsv: Cannot read rows as none of its 2 rows can be read; want at least one row");
});

Deno.test("CriteoTsvParser gives up on a line without end instead of collecting it", () => {
  const parser = new CriteoTsvParser({ file: "x" }, () => {});
  const error = assertThrows(() => {
    for (let i = 0; i < 100; i++) parser.push(new Uint8Array(10_000).fill(49));
  }, DataFormatError);
  assertEquals(error.message, "x:1: Cannot read the line as it is longer than 65536 bytes: not a text file?");
});

Deno.test("CriteoTsvParser never fails otherwise than by DataFormatError, whatever the bytes", () => {
  fc.assert(
    fc.property(damaged(bytesOf(plainLines(0, 6))), fc.integer({ min: 1, max: 400 }), (bytes, chunk) => {
      try {
        parse(bytes, {}, chunk);
      } catch (error) {
        assert(error instanceof DataFormatError, String(error));
      }
    }),
    { seed: 3, numRuns: 500 },
  );
});
