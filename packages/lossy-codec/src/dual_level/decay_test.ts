import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkDecay, type Decay, DECAY_KINDS, decayFactor, type DecayKind, naturalLog } from "./decay.ts";

/** Within what a few roundings of numbers about 1 may do. */
const ROUNDING = 1e-15;

/** Factors at iterations of a decay. */
function factors(kind: DecayKind, initial: number, iterations: number, at: readonly number[]): number[] {
  return at.map((iteration) => decayFactor({ kind, initial, iterations }, iteration));
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((x, i) => assertAlmostEquals(actual[i]!, x, ROUNDING, `${actual} is not ${expected}`));
}

Deno.test("decay by steps falls from c0 to 1 in ten equal drops", () => {
  // c0 = 2, T = 100: 2 - 0.1 floor(t / 10).
  assertClose(factors("step", 2, 100, [0, 9, 10, 19, 20, 55, 89, 90, 99]), [2, 2, 1.9, 1.9, 1.8, 1.5, 1.2, 1.1, 1.1]);
  assertEquals(factors("step", 2, 100, [100, 101, 1e9]), [1, 1, 1]);
  // c0 = 3, T = 65,536: 3 - 0.2 floor(10 t / 65,536). The drops come at 6,553.6, 13,107.2, ..., 58,982.4.
  assertClose(factors("step", 3, 65_536, [6553, 6554, 13_107, 13_108, 58_982, 58_983, 65_535]), [
    3,
    2.8,
    2.8,
    2.6,
    1.4,
    1.2,
    1.2,
  ]);
  assertEquals(factors("step", 3, 65_536, [65_536]), [1]);
  // Shorter than ten iterations: some drops fall together. T = 4: floor(2.5 t) = 0, 2, 5, 7.
  assertClose(factors("step", 2, 4, [0, 1, 2, 3, 4]), [2, 1.8, 1.5, 1.3, 1]);
});

Deno.test("linear decay is a line from c0 to 1", () => {
  assertClose(factors("linear", 2, 8, [0, 1, 2, 4, 7, 8]), [2, 1.875, 1.75, 1.5, 1.125, 1]);
  assertClose(factors("linear", 4, 3, [0, 1, 2, 3]), [4, 3, 2, 1]);
});

Deno.test("log decay falls fast at first", () => {
  // ln(1 + (e - 1) / 4) = 0.35737401950879; 1/2: 0.62011450695828; 3/4: 0.82798893924287
  assertClose(factors("log", 2, 4, [0, 4]), [2, 1]);
  const middle = factors("log", 2, 4, [1, 2, 3]);
  [2 - 0.35737401950879, 2 - 0.62011450695828, 2 - 0.82798893924287].forEach((x, i) =>
    assertAlmostEquals(middle[i]!, x, 1e-13)
  );
  // c0 = 3: 1 + 2 (1 - ln ...)
  assertAlmostEquals(factors("log", 3, 4, [2])[0]!, 3 - 2 * 0.62011450695828, 1e-13);
});

Deno.test("constant keeps c0 until T, none is 1 throughout", () => {
  assertEquals(factors("constant", 3, 5, [0, 4, 5, 6]), [3, 3, 1, 1]);
  assertEquals(factors("none", 3, 5, [0, 4, 5]), [1, 1, 1]);
});

Deno.test("no decay ever rises, leaves 1 to c0, or moves where c0 is 1", () => {
  for (const kind of DECAY_KINDS) {
    for (const initial of [1, 1.1, 2, 3, 10]) {
      const values = factors(kind, initial, 1000, Array.from({ length: 1100 }, (_, t) => t));
      values.forEach((x, t) => {
        assert(x >= 1 - ROUNDING && x <= initial + ROUNDING * initial, `${kind} ${initial}: ${x} at ${t}`);
        assert(t === 0 || x <= values[t - 1]!, `${kind} ${initial} rises at ${t}`);
      });
    }
  }
});

Deno.test("decayFactor() has these bits on every host", () => {
  const bits = (x: number) => new BigUint64Array(Float64Array.of(x).buffer)[0]!.toString(16);
  const at = (kind: DecayKind) => factors(kind, 2, 65_536, [1, 20_000, 65_535]).map(bits);
  assertEquals(at("step"), ["4000000000000000", "3ffb333333333333", "3ff199999999999a"]);
  assertEquals(at("linear"), ["3ffffff000000000", "3ffb1e0000000000", "3ff0001000000000"]);
  assertEquals(at("log"), ["3fffffe482028870", "3ff9412e8f018f99", "3ff0000a1d2da4cc"]);
});

Deno.test("naturalLog() is the logarithm from 1 to e", () => {
  for (let i = 0; i <= 1000; i++) {
    const x = 1 + i * 1.718281828459045 / 1000;
    assertAlmostEquals(naturalLog(x), Math.log(x), 2 ** -51);
  }
  assertEquals(naturalLog(1), 0);
});

Deno.test("checkDecay() refuses what cannot be", () => {
  const good: Decay = { kind: "step", initial: 2, iterations: 10 };
  checkDecay(good);
  assertThrows(() => checkDecay({ ...good, kind: "drop" as DecayKind }), TypeError, "kind drop: want step, linear");
  for (const initial of [0.9, NaN, Infinity]) assertThrows(() => checkDecay({ ...good, initial }), RangeError, "at");
  for (const iterations of [0, 1.5, NaN]) assertThrows(() => checkDecay({ ...good, iterations }), RangeError, "over");
});
