import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { answerTo } from "./closed_loop.ts";
import { DECAY_KINDS, NO_DECAY } from "./decay.ts";
import { DualLevelPolicy, type PolicyParts } from "./policy.ts";
import { DEFAULT_CLASS_BOUNDS, TABLE_CLASSES, type TableClass } from "./table_classes.ts";

const PARTS: PolicyParts = {
  bounds: DEFAULT_CLASS_BOUNDS,
  tables: [{ name: "a", class: "tighten" }, { name: "b", class: "base", mode: "huff" }, { name: "c", class: "loosen" }],
  decay: { kind: "step", initial: 2, iterations: 100 },
};

Deno.test("bound() is the bound of the table's class times the decay", () => {
  const policy = new DualLevelPolicy(PARTS);
  // At 0 twice the bound, at 50 one and a half times, from 100 on once.
  assertEquals([0, 1, 2].map((t) => policy.bound(t, 0)), [0.02, 0.06, 0.1]);
  assertEquals([0, 1, 2].map((t) => policy.bound(t, 50)), [0.015, 0.045, 0.05 * 1.5]);
  assertEquals([0, 1, 2].map((t) => policy.bound(t, 100)), [0.01, 0.03, 0.05]);
  assertEquals(new DualLevelPolicy({ ...PARTS, decay: NO_DECAY }).bound(2, 0), 0.05);
  assertThrows(() => policy.bound(3, 0), RangeError, "table 3: the policy has 3");
  for (const at of [-1, 0.5, NaN]) assertThrows(() => policy.bound(0, at), RangeError, `iteration ${at}`);
});

Deno.test("halvings count from their iteration on, each once more", () => {
  const policy = new DualLevelPolicy({ ...PARTS, decay: NO_DECAY, halvings: [10, 20, 20] });
  assertEquals([9, 10, 19, 20, 1e6].map((at) => policy.factor(at)), [1, 0.5, 0.5, 0.125, 0.125]);
});

Deno.test("a policy is the same after a round trip through JSON, bound by bound", () => {
  const bound = fc.double({ min: 1e-9, max: 0.5, noNaN: true });
  const arbitrary = fc.record({
    bounds: fc.record({ tighten: bound, base: bound, loosen: bound }),
    tables: fc.array(fc.record({ name: fc.string(), class: fc.constantFrom(...TABLE_CLASSES) }), { minLength: 1 }),
    decay: fc.record({
      kind: fc.constantFrom(...DECAY_KINDS),
      initial: fc.double({ min: 1, max: 100, noNaN: true }),
      iterations: fc.integer({ min: 1, max: 2 ** 31 }),
    }),
    halvings: fc.array(fc.nat()).map((list) => list.sort((a, b) => a - b)),
  });
  fc.assert(fc.property(arbitrary, fc.nat({ max: 2 ** 31 - 1 }), (parts, iteration) => {
    const policy = new DualLevelPolicy(parts);
    const back = DualLevelPolicy.fromJSON(JSON.parse(JSON.stringify(policy)));
    assertEquals(JSON.stringify(back), JSON.stringify(policy));
    parts.tables.forEach((_, t) => assertStrictEquals(back.bound(t, iteration), policy.bound(t, iteration)));
  }));
});

Deno.test("a policy does not change when what it was made of does", () => {
  const tables = [{ name: "a", class: "base" as TableClass }];
  const policy = new DualLevelPolicy({ ...PARTS, tables });
  tables[0]!.class = "loosen";
  assertEquals(policy.bound(0, 100), 0.03);
  assertThrows(() => (policy.tables as unknown[]).push(1), TypeError);
});

Deno.test("a policy of impossible parts is refused, from JSON too", () => {
  const bad = (parts: object) => () => DualLevelPolicy.fromJSON({ ...new DualLevelPolicy(PARTS).toJSON(), ...parts });
  assertThrows(bad({ version: 2 }), TypeError, "version 2: want pocketrec-dual-level version 1");
  assertThrows(() => DualLevelPolicy.fromJSON(null), TypeError, "format undefined");
  assertThrows(bad({ tables: {} }), TypeError, "without bounds");
  assertThrows(bad({ tables: [{ class: "base" }] }), TypeError, "without bounds");
  assertThrows(bad({ tables: [{ name: "a", class: "looser" }] }), TypeError, "table a into class looser: want tighten");
  assertThrows(bad({ bounds: { ...DEFAULT_CLASS_BOUNDS, base: 0 } }), RangeError, "class base by 0");
  assertThrows(bad({ bounds: { tighten: 0.01, base: 0.03 } }), RangeError, "class loosen by undefined");
  assertThrows(bad({ decay: { kind: "slow", initial: 2, iterations: 3 } }), TypeError, "kind slow");
  assertThrows(bad({ halvings: [3, 2] }), RangeError, "from iteration 2 on");
});

Deno.test("answerTo() halves from the next iteration on where the loss is above the tolerance, a few times", () => {
  const policy = new DualLevelPolicy({ ...PARTS, decay: NO_DECAY });
  assertStrictEquals(answerTo({ compressed: 0.7299, shadow: 0.73 }, policy, 9), policy);
  assertStrictEquals(answerTo({ compressed: NaN, shadow: 0.73 }, policy, 9), policy);
  const tighter = answerTo({ compressed: 0.7297, shadow: 0.73 }, policy, 9);
  assertEquals([9, 10].map((at) => tighter.bound(1, at)), [0.03, 0.015]);
  assertStrictEquals(answerTo({ compressed: 0.7297, shadow: 0.73 }, policy, 9, { tolerance: 0.001 }), policy);
  assertStrictEquals(answerTo({ compressed: 0.5, shadow: 0.73 }, tighter, 19, { most: 1 }), tighter);
});
