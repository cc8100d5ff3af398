import { assert, assertEquals, assertThrows } from "@std/assert";
import * as detmath from "./mod.ts";
import { vectors } from "./testdata/vectors.ts";

const { cos, exp, expm1, log, log1p, log2, normalQuantile, pow, sin } = detmath;

const words = new DataView(new ArrayBuffer(8));

/** Distance from `x` to the next larger magnitude. */
function ulp(x: number): number {
  words.setFloat64(0, Math.abs(x));
  words.setBigUint64(0, words.getBigUint64(0) + 1n);
  return words.getFloat64(0) - Math.abs(x);
}

/** Largest error over the vectors of a function, in ulps. */
function worstError(name: string): number {
  const compute = detmath[name as keyof typeof detmath] as (...x: number[]) => number;
  let worst = 0;
  for (const row of vectors[name]!) {
    const [rounded, lost] = row.slice(-2) as [number, number];
    const error = Math.abs((compute(...row.slice(0, -2)) - rounded) / ulp(rounded) - lost);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

for (const name of Object.keys(vectors)) {
  const bound = name === "normalQuantile" ? 6 : 1;
  Deno.test(`${name}() is within ${bound} ulp of mpmath's values`, () => {
    assert(vectors[name]!.length >= 30);
    const worst = worstError(name);
    assert(worst <= bound, `${worst} ulp`);
  });
}

Deno.test("exp() and expm1() give IEEE 754's special values", () => {
  assertEquals([0, -0, Infinity, -Infinity, NaN, 709.79, -745.2].map(exp), [1, 1, Infinity, 0, NaN, Infinity, 0]);
  assertEquals(exp(-745.1), 5e-324);
  assertEquals([0, Infinity, -Infinity, NaN, 710, -50].map(expm1), [0, Infinity, -1, NaN, Infinity, -1]);
  assert(Object.is(expm1(-0), -0));
});

Deno.test("log(), log2() and log1p() give IEEE 754's special values", () => {
  for (const f of [log, log2]) {
    assertEquals([1, 0, -0, Infinity, -1, -Infinity, NaN].map(f), [0, -Infinity, -Infinity, Infinity, NaN, NaN, NaN]);
  }
  for (let k = -1074; k < 1024; k++) assertEquals(log2(2 ** k), k);
  assertEquals([0, -1, Infinity, -1.5, NaN].map(log1p), [0, -Infinity, Infinity, NaN, NaN]);
  assert(Object.is(log1p(-0), -0));
});

Deno.test("pow() treats special arguments as Math.pow does", () => {
  const special = [
    0,
    -0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    0.5,
    -0.5,
    2.5,
    -2.5,
    Infinity,
    -Infinity,
    NaN,
    2 ** 53,
    -(2 ** 53),
    5e-324,
  ];
  for (const x of special) {
    for (const y of special) {
      // Elsewhere the host's last bit may differ from ours.
      const host = Math.pow(x, y), exact = !Number.isFinite(host) || Number.isSafeInteger(host);
      if (exact) assertEquals(pow(x, y), host, `pow(${x}, ${y})`);
    }
  }
  assertEquals(pow(10, 400), Infinity);
  assertEquals(pow(-10, 401), -Infinity);
  assertEquals(pow(10, -400), 0);
});

Deno.test("sin() and cos() give special values and refuse arguments that they cannot reduce", () => {
  assert(Object.is(sin(-0), -0));
  assertEquals([sin(0), cos(0), sin(NaN), cos(Infinity)], [0, 1, NaN, NaN]);
  assertThrows(() => sin(1e6), RangeError, "Cannot compute sin(1000000): want an argument within +-823549.6");
  assertThrows(() => cos(-1e6), RangeError, "cos(-1000000)");
});

Deno.test("normalQuantile() gives special values and is odd about one half", () => {
  assertEquals([0, 1, 0.5, -0.1, 1.1, NaN].map(normalQuantile), [-Infinity, Infinity, 0, NaN, NaN, NaN]);
  for (let i = 1; i < 128; i++) assertEquals(normalQuantile(i / 256), -normalQuantile(1 - i / 256));
});

Deno.test("detmath functions are monotonic around the seams of their argument reductions", () => {
  const seams: [string, (x: number) => number, number[]][] = [
    ["exp", exp, [0.34657359027997264, 1.0397207708399179, 1.7328679513998633, -0.34657359027997264, 2 ** -28]],
    ["expm1", expm1, [0.34657359027997264, 1.0397207708399179, 13.5, 38.8, -0.34657359027997264]],
    ["log", log, [Math.SQRT2, Math.SQRT1_2, 1, 2]],
    ["log1p", log1p, [Math.SQRT2 - 1, Math.SQRT1_2 - 1, 1e-16]],
    ["normalQuantile", normalQuantile, [0.075, 0.925, 1.3887943864964021e-11]],
  ];
  for (const [name, f, points] of seams) {
    for (const point of points) {
      let before = f(point - 50 * ulp(point));
      for (let i = -49; i <= 50; i++) {
        const value = f(point + i * ulp(point));
        // AS 241's pieces meet within their error, not exactly.
        const slack = name === "normalQuantile" ? 4 * ulp(value) : 0;
        assert(value >= before - slack, `${name} falls at ${point + i * ulp(point)}`);
        before = value;
      }
    }
  }
});
