import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { spreadWorkgroups } from "./kernel.ts";

Deno.test("spreadWorkgroups() covers the count within the limit and with little excess", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 65_535 ** 2 }), (count) => {
    const [x, y, z] = spreadWorkgroups(count);
    assertEquals(z, 1);
    assert(x <= 65_535 && y <= 65_535 && x * y >= count && x * y - count < Math.max(1, y), `${count}: ${x}, ${y}`);
  }));
  assertEquals(spreadWorkgroups(65_535), [65_535, 1, 1]);
  assertThrows(() => spreadWorkgroups(65_535 ** 2 + 1), RangeError);
});
