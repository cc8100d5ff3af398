import { assertEquals } from "@std/assert";
import { tablesFirst } from "./dump_exchange.ts";

Deno.test("tablesFirst() brings each table's rows together", () => {
  const data = Float32Array.from({ length: 2 * 3 * 2 }, (_, i) => i); // 2 samples, 3 tables, dim 2
  assertEquals([...tablesFirst(data, 2, 3, 2)], [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
});
