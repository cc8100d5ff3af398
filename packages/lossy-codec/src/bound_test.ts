import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { judge, within } from "./_test_bound.ts";
import { random } from "./_test_round_trip.ts";
import { compress } from "./compress.ts";
import { decompress } from "./decompress.ts";
import { inspect } from "./inspect.ts";
import type { ErrorBound } from "./options.ts";

const ABSOLUTE = [1e-30, 1e-10, 1e-3, 0.1, 1, 1e3, 1e30];
const BOUNDS: readonly ErrorBound[] = [
  ...ABSOLUTE.map((abs) => ({ abs })),
  { pwRel: 1e-2 },
  { pwRel: 1e-4 },
  "lossless",
];

/** Rows of a value and its neighbours, so that those with codes are not hidden by those without. */
const ROW = 8;

/**
 * Compresses and restores patterns with both kernels; all values have to keep the bound.
 *
 * @returns Stored rows that have codes, and the step of the first chunk
 */
function restore(x: Float32Array<ArrayBuffer>, bound: ErrorBound): { readonly coded: number; readonly step: number } {
  const options = { bound, rowLength: ROW }, file = compress(x, options), restored = decompress(file) as Float32Array;
  assertEquals(compress(x, { ...options, kernels: "plain" }), file, "kernels differ");
  const plain = decompress(file, { kernels: "plain" });
  assertEquals(judge(restored, plain as Float32Array, "lossless").violations, 0, "kernels differ");
  const { violations, first } = judge(x, restored, bound);
  assertEquals(violations, 0, `${x[first]} becomes ${restored[first]} at ${JSON.stringify(bound)}`);
  const { chunks } = inspect(file);
  const coded = chunks.reduce(
    (sum, { rows, escapedRows, mode }) => sum + (mode.endsWith("raw") ? 0 : rows - escapedRows),
    0,
  );
  return { coded, step: chunks[0]!.step };
}

/** A pattern of every exponent with sign, for mantissas at corners and at random; each row has the neighbours of one. */
function stratified(mantissas: number): Float32Array<ArrayBuffer> {
  const next = random(5), corners = [0, 1, 2 ** 22 - 1, 2 ** 22, 2 ** 22 + 1, 0x2aaaaa, 0x555555, 2 ** 23 - ROW];
  const x = new Float32Array(512 * mantissas * ROW), bits = new Uint32Array(x.buffer);
  for (let exponent = 0, at = 0; exponent < 512; exponent++) {
    for (let i = 0; i < mantissas; i++) {
      const mantissa = corners[i] ?? Math.floor(next() * (2 ** 23 - ROW));
      for (let j = 0; j < ROW; j++) bits[at++] = exponent << 23 | mantissa + j;
    }
  }
  return x;
}

Deno.test("all exponents, corners of mantissas: no value is off by more than the bound", () => {
  const x = stratified(64);
  for (const bound of BOUNDS) {
    const { coded } = restore(x, bound);
    assert(
      bound === "lossless" ? coded === 0 : coded > x.length / ROW / 10,
      `${coded} rows at ${JSON.stringify(bound)}`,
    );
  }
});

Deno.test("ties: halves of steps and their neighbours keep the bound, at the widest steps and at narrower ones", () => {
  for (const abs of ABSOLUTE) {
    const steps = [9, 2e5, 1e6, 3e6].map((reach) => {
      // The greatest value decides how many bits the step has.
      const greatest = Math.fround(reach * abs);
      const { step, maxCode } = inspect(compress(new Float32Array([0, abs * 3.3, greatest]), { bound: { abs } }))
        .chunks[0]!;
      assert(step > 1.7 * abs && step <= 2 * abs);
      const most = Math.min(maxCode, Math.floor(greatest / step)),
        codes = [0, 1, 2, 3, 126, 127, 128, 129, 32_766, 32_767];
      for (let i = codes.length; i < 200; i++) codes.push(i * 2654435761 % most);
      const near = [...codes, most - 2, most - 1].filter((code) => code < most).flatMap((code) => {
        const tie = new Float32Array([(code + 0.5) * step]), bits = new Int32Array(tie.buffer), [at] = bits;
        return [-2, -1, 0, 1, 2].flatMap((ulps) => {
          bits[0] = at! + ulps;
          return [tie[0]!, -tie[0]!];
        });
      });
      // Rows of one and the same: each escapes alone.
      const x = new Float32Array([...near, greatest].flatMap((value) => Array.from({ length: ROW }, () => value)));
      const { coded, step: used } = restore(x, { abs });
      assertEquals(used, step);
      assertEquals(coded, x.length / ROW, `${coded} of ${x.length / ROW} rows at ${abs} up to ${reach}`);
      return step;
    });
    assert(abs === 1 || new Set(steps).size > 1, `${steps}`); // 2 has one significant bit
  }
});

Deno.test("arrays at random, bounds at random", () => {
  const numbers = fc.array(fc.float(), { minLength: 1, maxLength: 200 });
  const bounds = fc.oneof(
    fc.double({ min: 1e-35, max: 1e38, noNaN: true }).map((abs) => ({ abs })),
    fc.integer({ min: -110, max: 127 }).map((power) => ({ abs: 2 ** power })),
    fc.double({ min: 1e-7, max: 1, noNaN: true }).map((pwRel) => ({ pwRel })),
  );
  fc.assert(fc.property(numbers, bounds, (x, bound) => void restore(Float32Array.from(x), bound)), { numRuns: 1000 });
});

Deno.test("within() is exact", () => {
  assert(within(1, 2 ** -60, 1));
  assert(!within(1, -(2 ** -60), 1));
  assert(within(-1, -(2 ** -60), 1));
  assert(!within(-1, 2 ** -60, 1));
  /** A float32 as a multiple of 2^-149, 2^1074 times as fine, which doubles are whole multiples of. */
  const whole = (x: number): bigint => {
    const [word] = new BigUint64Array(new Float64Array([x]).buffer), exponent = word! >> 52n & 2047n;
    const mantissa = word! & (1n << 52n) - 1n;
    const size = exponent === 0n ? mantissa : (mantissa | 1n << 52n) << exponent - 1n;
    return x < 0 ? -size : size;
  };
  const single = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(single, single, fc.integer({ min: -2, max: 2 }), (a, b, ulps) => {
      const bound = new Float64Array([Math.abs(a - b)]), bits = new BigInt64Array(bound.buffer);
      bits[0] = bits[0]! + BigInt(ulps) < 0n ? 0n : bits[0]! + BigInt(ulps);
      const difference = whole(a) - whole(b), size = difference < 0n ? -difference : difference;
      assertEquals(within(a, b, bound[0]!), size <= whole(bound[0]!));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("judge() sees what is off by a hair", () => {
  const x = new Float32Array([1, 0, -0, NaN, Infinity, 5]), same = x.slice();
  const off = (at: number, value: number) => {
    const restored = x.slice();
    restored[at] = value;
    return restored;
  };
  for (const bound of [{ abs: 1 }, { pwRel: 0.01 }, "lossless"] as const) {
    assertEquals(judge(x, same, bound).violations, 0);
    assertEquals(judge(x, same.subarray(1), bound).violations, x.length);
    for (const restored of [off(3, 0), off(4, 3e38), off(4, -Infinity), off(5, NaN), off(5, Infinity), off(5, 3.9)]) {
      assertEquals(judge(x, restored, bound).violations, 1, JSON.stringify([...restored]));
    }
  }
  const payload = x.slice();
  new Uint32Array(payload.buffer)[3]! ^= 1;
  assertEquals(judge(x, payload, { abs: 1 }), { violations: 1, first: 3, greatestError: 0 });
  assertEquals(judge(x, off(2, 0), { abs: 1 }).violations, 0);
  assertEquals(judge(x, off(2, 0), "lossless").violations, 1);
  assertEquals(judge(x, off(0, 2), { abs: 1 }), { violations: 0, first: -1, greatestError: 1 });
  assertEquals(judge(x, off(0, -(2 ** -60)), { abs: 1 }).first, 0);
  assertEquals(judge(x, off(0, 1 + 2 ** -7), { pwRel: 0.01 }).violations, 0);
  assertEquals(judge(x, off(0, 1 + 2 ** -7 + 2 ** -23), { pwRel: 0.01 }).violations, 1);
});
