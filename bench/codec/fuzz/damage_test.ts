import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { corpus } from "./corpus.ts";
import { damage } from "./damage.ts";
import { flipOrTruncate, FLIPS } from "./side_by_side.ts";

Deno.test("damage() is a function of seed and number, and mostly changes something", async () => {
  const wholes = await corpus();
  let changed = 0;
  for (let n = 0; n < 200; n++) {
    const one = damage(wholes, 1, n);
    assertEquals(one, damage(wholes, 1, n));
    assertEquals(one.whole.checksums, one.expectation !== "unguarded");
    if (one.bytes.length !== one.whole.bytes.length || one.bytes.some((x, i) => x !== one.whole.bytes[i])) changed++;
  }
  assert(changed > 170, `${changed}`);
  assertNotEquals(damage(wholes, 1, 0).bytes, damage(wholes, 2, 0).bytes);
});

Deno.test("flipOrTruncate() flips one bit, or cuts", () => {
  const bytes = new Uint8Array(1000);
  for (let n = 0; n < 2 * FLIPS; n++) {
    const damaged = flipOrTruncate(bytes, n);
    const bits = damaged.reduce((sum, x) => sum + x.toString(2).replaceAll("0", "").length, 0);
    assertEquals(bits, n < FLIPS ? 1 : 0);
    assertEquals(damaged.length < 1000, n >= FLIPS);
  }
});
