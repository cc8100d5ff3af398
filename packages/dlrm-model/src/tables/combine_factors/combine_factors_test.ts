import { assertEquals } from "@std/assert";
import { testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import type { QrOperation } from "../../compression/index_split.ts";
import { combineFactors, combineFactorsBackward } from "./combine_factors.ts";

const BATCH = 5, TABLES = 3;

for (const operation of ["mult", "add", "concat"] satisfies QrOperation[]) {
  for (const dim of [2, 6, 8]) {
    testOnEachDevice(`combineFactors() and its gradient: ${operation}, dim ${dim}`, async (device) => {
      const random = new TestRandom(dim);
      const width = operation === "concat" ? dim / 2 : dim;
      const size = BATCH * TABLES * width;
      const a = random.f32(size), b = random.f32(size), g = random.f32(BATCH * TABLES * dim);
      const flags = operation === "concat" ? [0, 0, 0] : [0, 1, 0];
      const tensor = (data: Float32Array) => device.tensor("f32", [data.length], { data });
      using first = tensor(a);
      using second = tensor(b);
      using gradOut = tensor(g);
      using single = device.tensor("u32", [TABLES], { data: Uint32Array.from(flags) });
      using out = device.tensor("f32", [g.length]);
      using gradFirst = device.tensor("f32", [size]);
      using gradSecond = device.tensor("f32", [size]);
      const factors = { batch: BATCH, tables: TABLES, dim, operation, single, first, second };
      combineFactors(factors, out);
      combineFactorsBackward(factors, gradOut, gradFirst, gradSecond);

      const want = new Float32Array(g.length), wantFirst = new Float32Array(size), wantSecond = new Float32Array(size);
      for (let bag = 0; bag < BATCH * TABLES; bag++) {
        for (let k = 0; k < dim; k++) {
          const i = bag * dim + k;
          if (operation === "concat") {
            const second = k >= width, at = bag * width + k % width;
            want[i] = second ? b[at]! : a[at]!;
            (second ? wantSecond : wantFirst)[at] = g[i]!;
          } else if (flags[bag % TABLES]) {
            want[i] = a[i]!;
            wantFirst[i] = g[i]!;
          } else {
            want[i] = operation === "add" ? a[i]! + b[i]! : a[i]! * b[i]!;
            wantFirst[i] = operation === "add" ? g[i]! : g[i]! * b[i]!;
            wantSecond[i] = operation === "add" ? g[i]! : g[i]! * a[i]!;
          }
        }
      }
      assertEquals(await out.read(), want);
      assertEquals(await gradFirst.read(), wantFirst);
      assertEquals(await gradSecond.read(), wantSecond);
    });
  }
}
