import { assertEquals } from "@std/assert";
import { encodeNpy, tablesFirst } from "./dump_exchange.ts";

Deno.test("tablesFirst() brings each table's rows together", () => {
  const data = Float32Array.from({ length: 2 * 3 * 2 }, (_, i) => i); // 2 samples, 3 tables, dim 2
  assertEquals([...tablesFirst(data, 2, 3, 2)], [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
});

Deno.test("encodeNpy() writes a header that ends on a multiple of 64 and then the floats", () => {
  for (const shape of [[3], [1, 3], [26, 2048, 16]]) {
    const data = new Float32Array(shape.reduce((a, b) => a * b)).fill(1.5);
    const bytes = encodeNpy(data, shape);
    const header = bytes.length - data.byteLength;
    assertEquals([header % 64, bytes[8]! + 256 * bytes[9]! + 10], [0, header]);
    const text = new TextDecoder("latin1").decode(bytes.subarray(10, header));
    assertEquals(text.endsWith("\n"), true);
    assertEquals(/'shape': \(([^)]*)\)/.exec(text)![1], shape.length === 1 ? `${shape[0]},` : shape.join(", "));
    assertEquals(new Float32Array(bytes.slice(header).buffer), data);
  }
});
