import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { rowsOf, type TestRow, testRow } from "../_test_rows.ts";
import { DataFormatError } from "../errors.ts";
import { CriteoBinParser } from "./criteo_bin.ts";

function encode(rows: readonly TestRow[]): Uint8Array {
  const words = rows.flatMap(({ label, ints, cats }) => [label, ...ints, ...cats].map((x) => x ?? 0));
  return new Uint8Array(Int32Array.from(words).buffer);
}

function parse(bytes: Uint8Array, chunk = 1 << 20, onBadRow: "fail" | "skip" = "fail"): TestRow[] {
  const data: TestRow[] = [];
  const parser = new CriteoBinParser({ file: "train.bin", blockRows: 3, onBadRow }, (b) => data.push(...rowsOf(b)));
  for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk));
  parser.finish();
  return data;
}

Deno.test("CriteoBinParser reads rows of 40 int32 in chunks of any size", () => {
  fc.assert(
    fc.property(fc.array(testRow, { minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 500 }), (rows, chunk) => {
      const present = rows.map(({ label, ints, cats }) => ({
        label,
        ints: ints.map((x) => x ?? 0),
        cats: cats.map((x) => x ?? 0),
      }));
      assertEquals(parse(encode(present), chunk), present);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("CriteoBinParser refuses a file that ends within a row, and labels other than 0 and 1", () => {
  const bytes = encode([{ label: 1, ints: Array(13).fill(1), cats: Array(26).fill(2) }]);
  assertThrows(
    () => parse(new Uint8Array([...bytes, 0, 0])),
    DataFormatError,
    "train.bin:2: Cannot read the row as the file ends after 2 of its 160 bytes",
  );
  bytes[0] = 7;
  assertThrows(() => parse(bytes), DataFormatError, "train.bin:1:1: Cannot read the label as it is not 0 or 1: 7");
  assertThrows(() => parse(bytes, 99, "skip"), DataFormatError, "none of its 1 rows can be read");
  assertThrows(() => parse(new Uint8Array(0)), DataFormatError, "it is empty");
});
