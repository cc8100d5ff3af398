import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { KAGGLE, MLPERF_V1 } from "../testing/reference_shapes.ts";
import { type QrOperation, storedElements, storedRows } from "./index_split.ts";
import { planCompression } from "./plan.ts";

Deno.test("planCompression() meets the ratio of the whole model from above and closely", () => {
  for (const { tables, dim } of [KAGGLE, MLPERF_V1]) {
    for (const ratio of [1, 2, 4, 10, 30, 100, 1000]) {
      for (const operation of ["mult", "add", "concat"] satisfies QrOperation[]) {
        for (const kind of ["hash", "qr"] as const) {
          const plan = planCompression(tables, dim, { kind, ratio }, { operation });
          assert(plan.compressionRatio >= ratio, `${kind} ${ratio}: ${plan.compressionRatio}`);
          // A divisor of 2 is QR's least: side by side it already makes a table 4 times smaller.
          const slack = kind === "hash" ? 1.001 : ratio >= 10 ? 1.01 : operation === "concat" ? 1.4 : 1.06;
          assert(plan.compressionRatio <= ratio * slack, `${kind} ${operation} ${ratio}: ${plan.compressionRatio}`);
          tables.forEach(({ rows }, i) => assert(rows > 50 || plan.schemes[i]!.kind === "full"));
        }
      }
    }
  }
});

Deno.test("planCompression() for hashing is exact to one row per compressed table", () => {
  const { schemes, embeddingBytes, fullEmbeddingBytes } = planCompression(KAGGLE.tables, 16, {
    kind: "hash",
    ratio: 10,
  });
  const shortfall = fullEmbeddingBytes / 10 - embeddingBytes;
  assert(shortfall >= 0 && shortfall <= 64 * schemes.length, `${shortfall} bytes below`);
});

Deno.test("planCompression() names the largest possible ratio", () => {
  const tables = [{ name: "a", rows: 10_000 }, { name: "b", rows: 40 }];
  // QR at its least: 100 + 100 rows, and 40 rows that stay.
  assertThrows(
    () => planCompression(tables, 8, { kind: "qr", ratio: 50 }),
    RangeError,
    `50 times by qr: want at most ${Math.floor(10_040 / 240 * 1000) / 1000}`,
  );
  assertEquals(planCompression(tables, 8, { kind: "qr", ratio: 41.8 }).embeddingBytes, 240 * 8 * 4);
  assertThrows(() => planCompression(tables, 8, { kind: "hash", ratio: 1000 }), RangeError, "want at most 244.878");
  assertThrows(() => planCompression(tables, 8, { kind: "hash", ratio: 0.5 }), RangeError, "0.5 times");
  assertThrows(
    () => planCompression(tables, 7, { kind: "qr", ratio: 2 }, { operation: "concat" }),
    RangeError,
    "even dim",
  );
});

Deno.test("planCompression() follows choices by table", () => {
  const tables = [{ name: "a", rows: 1000 }, { name: "b", rows: 1000 }, { name: "c", rows: 1000 }];
  const plan = planCompression(tables, 4, { kind: "hash", ratio: 10 }, {
    tables: { b: { kind: "full" }, c: { kind: "qr", ratio: 2 } },
  });
  assertEquals(plan.schemes, [{ kind: "hash", rows: 100 }, { kind: "full" }, { kind: "qr", divisor: 3 }]);
  assertThrows(
    () => planCompression(tables, 4, { kind: "full" }, { tables: { d: { kind: "full" } } }),
    RangeError,
    '"d"',
  );
});

Deno.test("QR: quotient and remainder name every id once, within the stored rows", () => {
  fc.assert(
    fc.property(fc.integer({ min: 51, max: 3000 }), fc.double({ min: 1.01, max: 8, noNaN: true }), (rows, ratio) => {
      let scheme;
      try {
        [scheme] = planCompression([{ name: "t", rows }], 2, { kind: "qr", ratio }).schemes;
      } catch {
        return; // beyond what QR can do for so few rows
      }
      assert(scheme!.kind === "qr");
      const [quotients, remainders] = storedRows(rows, scheme!) as [number, number];
      assert(storedElements(rows, 2, scheme!, "mult") <= rows * 2 / ratio);
      const seen = new Set<number>();
      for (let id = 0; id < rows; id++) {
        const q = Math.floor(id / scheme!.divisor), r = id % scheme!.divisor;
        assert(q < quotients && r < remainders);
        seen.add(q * remainders + r);
      }
      assertEquals(seen.size, rows);
    }),
    { numRuns: 50, seed: 4 },
  );
});
