import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { roundTrip, valuesOf } from "./_test_round_trip.ts";
import { decodeRows } from "./rows.ts";
import type { Mode } from "./chunk/mode.ts";
import type { FloatArray } from "./dtype.ts";
import type { ErrorBound } from "./options.ts";

const modes: Mode[] = [
  "auto",
  "raw",
  "pack",
  "huff",
  "ans",
  "dict",
  "dict+pack",
  "dict+huff",
  "dict+ans",
  "lorenzo",
  "lorenzo+huff",
  "lorenzo+ans",
  "vlz",
];

const bound: fc.Arbitrary<ErrorBound> = fc.oneof(
  fc.constant("lossless" as const),
  fc.double({ min: 1e-12, max: 1e6, noNaN: true }).map((abs) => ({ abs })),
  fc.double({ min: 1e-9, max: 2, noNaN: true }).map((rel) => ({ rel })),
  fc.double({ min: 1e-9, max: 0.5, noNaN: true }).map((pwRel) => ({ pwRel })),
);

/** Values as they occur, and as they do not. */
const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -40, max: 40 }).map((k) => k / 8) },
  { weight: 4, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1e-45, 65504, 3.4e38) },
);

/** Arrays some of whose rows repeat. */
const array = fc.record({
  d: fc.integer({ min: 1, max: 70 }),
  kinds: fc.array(fc.array(value, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 }),
  order: fc.array(fc.nat(11), { minLength: 1, maxLength: 90 }),
  cut: fc.nat(69),
  dtype: fc.constantFrom("f16", "f32", "f64"),
}).map(({ d, kinds, order, cut, dtype }) => {
  const rows = order.flatMap((kind) => {
    const row = kinds[kind % kinds.length]!;
    return Array.from({ length: d }, (_, i) => row[i % row.length]!);
  });
  const values = rows.slice(0, rows.length - cut % d);
  const x: FloatArray = dtype === "f16"
    ? new Float16Array(values)
    : dtype === "f32"
    ? new Float32Array(values)
    : new Float64Array(values);
  return { x, d };
});

Deno.test("round trip: any array, bound, mode, row length and chunk length, with both kernels", () => {
  fc.assert(
    fc.property(
      array,
      bound,
      fc.constantFrom(...modes),
      fc.integer({ min: 1, max: 100 }),
      fc.boolean(),
      ({ x, d }, bound, mode, chunkRows, checksum) => {
        const { file, restored, rowLength } = roundTrip(x, { bound, mode, chunkRows, checksum, rowLength: d });
        const total = Math.ceil(x.length / rowLength), rows = [total - 1, 0, Math.floor(total / 2), 0];
        const picked = valuesOf(decodeRows(file, rows)), all = valuesOf(restored);
        rows.forEach((row, i) => {
          for (let j = 0; j < rowLength; j++) {
            assertEquals(picked[i * rowLength + j], all[row * rowLength + j] ?? 0, `element ${j} of row ${row}`);
          }
        });
      },
    ),
    { numRuns: 1500 },
  );
});
