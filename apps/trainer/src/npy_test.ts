import { assertEquals } from "@std/assert";
import { encodeNpy } from "./npy.ts";

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
