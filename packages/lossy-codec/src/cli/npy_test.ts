import { assertEquals, assertThrows } from "@std/assert";
import { F16, F32, F64 } from "../kernels/kernels.ts";
import { npyBytes } from "./_test_program.ts";
import { RunError } from "./errors.ts";
import { readNpyHead, writeNpyHead } from "./npy.ts";

Deno.test("readNpyHead() reads versions 1 to 3, all float types, and either order of bytes", () => {
  for (const version of [1, 2, 3]) {
    const bytes = npyBytes({ version, shape: "(4, 2)" });
    assertEquals(readNpyHead(bytes, "x"), { dtype: F32, bigEndian: false, shape: [4, 2], length: bytes.length });
  }
  assertEquals(readNpyHead(npyBytes({ descr: "<f2" }), "x").dtype, F16);
  assertEquals(readNpyHead(npyBytes({ descr: "<f8" }), "x").dtype, F64);
  assertEquals(readNpyHead(npyBytes({ descr: ">f8" }), "x").bigEndian, true);
});

Deno.test("readNpyHead() reads shapes of any number of axes, and those that Python 2 wrote", () => {
  const shapeOf = (shape: string, order = "False") => readNpyHead(npyBytes({ shape, order }), "x").shape;
  assertEquals(shapeOf("()"), [1]);
  assertEquals(shapeOf("(7,)"), [7]);
  assertEquals(shapeOf("(0, 64)"), [0, 64]);
  assertEquals(shapeOf("(10L, 3L)"), [10, 3]);
  assertEquals(shapeOf("(1, 2, 3, 4, 5)"), [1, 2, 3, 4, 5]);
  // Both orders are the same.
  assertEquals(shapeOf("(7,)", "True"), [7]);
  assertEquals(shapeOf("(1, 7, 1)", "True"), [1, 7, 1]);
});

Deno.test("readNpyHead() reads keys in any order and in double quotes", () => {
  const text = `{"shape": (3,), "fortran_order": False, "descr": "<f4"}`;
  assertEquals(readNpyHead(npyBytes({ text }), "x").shape, [3]);
});

Deno.test("readNpyHead() refuses what it cannot use, naming it", () => {
  const cases: [Uint8Array, string][] = [
    [npyBytes({ order: "True" }), "Fortran order: want C order"],
    [npyBytes({ descr: "<i4" }), 'its elements are "<i4": want f2, f4 or f8'],
    [npyBytes({ descr: "<c8" }), 'its elements are "<c8"'],
    [npyBytes({ descr: "" }), 'its elements are ""'],
    [npyBytes({ text: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}" }), "no usable descr"],
    [npyBytes({ text: "{'descr': '<f4', 'shape': (3,)}" }), "no usable fortran_order"],
    [npyBytes({ shape: "(-1, 2)" }), "no usable shape"],
    [npyBytes({ shape: "3" }), "no usable shape"],
    [npyBytes({ version: 4 }), "its npy version is 4: want 1, 2 or 3"],
    [npyBytes({}).subarray(0, 11), "cut short"],
    [npyBytes({}).subarray(0, 40), "cut short"],
  ];
  for (const [bytes, message] of cases) assertThrows(() => readNpyHead(bytes, "x.npy"), RunError, message);
  const endless = npyBytes({ version: 2 });
  endless.fill(0xff, 8, 12);
  assertThrows(() => readNpyHead(endless, "x.npy"), RunError, "its npy header has 4294967307 bytes: want at most");
});

Deno.test("writeNpyHead() writes what readNpyHead() reads, a multiple of 64 bytes", () => {
  for (const dtype of [F16, F32, F64] as const) {
    for (const shape of [[0], [5], [2048, 64], [1, 2, 3, 4, 5, 6, 7, 2 ** 40]]) {
      const head = writeNpyHead(dtype, shape);
      assertEquals(head.length % 64, 0);
      assertEquals(readNpyHead(head, "x"), { dtype, bigEndian: false, shape, length: head.length });
    }
  }
});
