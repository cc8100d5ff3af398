import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { chooseUnit } from "../chunk/unit.ts";
import { Arena } from "./arena.ts";
import { openKernels } from "./choose.ts";
import { type DtypeId, F16, F32, F64, type Kernels } from "./kernels.ts";
import { keepBitsFor } from "./plain_mantissa.ts";
import { f16Value } from "./plain_range.ts";

/** What values become, and which escape; one per row. */
function run(kernels: Kernels, dtype: DtypeId, x: ArrayLike<number>, bound: number) {
  const finite = Array.from(x).filter(Number.isFinite);
  const greatest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const unit = chooseUnit(dtype, { kind: "pwRel", error: bound }, greatest);
  assert(unit?.kind === "mantissa");
  const n = x.length, arena = new Arena(kernels.memory), { memory } = kernels;
  const src = arena.take(8 * n), list = arena.take(4 * n), codes = arena.take(4 * n);
  const escapes = arena.take(n), result = arena.take(32), dst = arena.take(8 * n);
  (dtype === F64 ? memory.f64 : memory.f32).set(x, dtype === F64 ? src / 8 : src / 4);
  for (let row = 0; row < n; row++) memory.u32[list / 4 + row] = row;
  kernels.roundMantissa(dtype, src, list, n, 1, unit.keepBits, unit.top, codes, escapes, result);
  assertEquals(kernels.restoreMantissa(dtype, codes, n, unit.keepBits, unit.top, dst), 0);
  const restored = dtype === F64
    ? memory.f64.slice(dst / 8, dst / 8 + n)
    : dtype === F32
    ? memory.f32.slice(dst / 4, dst / 4 + n)
    : Float64Array.from(memory.u16.subarray(dst / 2, dst / 2 + n), f16Value);
  return {
    restored,
    escapes: memory.u8.slice(escapes, escapes + n),
    result: memory.f64.slice(result / 8, result / 8 + 4),
  };
}

/** A finite double as a whole number of 2^-1074. */
function exact(x: number): bigint {
  const bits = new BigUint64Array(new Float64Array([Math.abs(x)]).buffer)[0]!, exponent = bits >> 52n;
  const mantissa = bits & 0xfffffffffffffn;
  return exponent === 0n ? mantissa : (mantissa | 1n << 52n) << (exponent - 1n);
}

for (const kernels of [openKernels("plain"), openKernels("auto")]) {
  Deno.test(`roundMantissa() keeps the bound on f32 patterns, in exact arithmetic [${kernels.name}]`, () => {
    const n = 40_000, x = new Float32Array(n), bits = new Uint32Array(x.buffer);
    for (let i = 0; i < n; i++) bits[i] = Math.imul(i, 107374) + Math.imul(i, i);
    for (const bound of [0.5, 0.1, 0.01, 1e-4, 1e-6]) {
      const { restored, escapes } = run(kernels, F32, x, bound), tenths = BigInt(Math.round(1 / bound));
      let kept = 0;
      for (let i = 0; i < n; i++) {
        if (escapes[i] === 1) continue;
        kept++;
        const error = exact(x[i]!) - exact(restored[i]!), size = error < 0n ? -error : error;
        assert(size * tenths <= exact(x[i]!), `${x[i]} becomes ${restored[i]} at ${bound}`);
        assert(Math.sign(x[i]!) === Math.sign(restored[i]!) || x[i] === 0);
      }
      assert(kept > 0.95 * n);
    }
  });

  Deno.test(`roundMantissa() keeps the bound on f64 [${kernels.name}]`, () => {
    const doubles = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 });
    fc.assert(fc.property(doubles, fc.constantFrom(0.3, 0.01, 1e-5), (x, bound) => {
      const { restored, escapes } = run(kernels, F64, x, bound), inverse = BigInt(Math.floor(1 / bound));
      x.forEach((value, i) => {
        if (escapes[i] === 1) return assert(Math.abs(value) < 1e-300 || Math.abs(value) > 1e300);
        const error = exact(value) - exact(restored[i]!), size = error < 0n ? -error : error;
        assert(size * inverse <= exact(value), `${value} becomes ${restored[i]}`);
      });
    }));
  });

  Deno.test(`roundMantissa() keeps the bound on all f16 values [${kernels.name}]`, () => {
    const x = Float64Array.from({ length: 65536 }, (_, half) => f16Value(half));
    for (const bound of [0.25, 0.01, 0.001]) {
      const { restored, escapes } = run(kernels, F16, x, bound);
      x.forEach((value, i) => {
        if (escapes[i] === 1) {
          return assert(!Number.isFinite(value) || Math.abs(value) < 2 ** -14 || Math.abs(value) > 32768);
        }
        assert(Math.abs(value - restored[i]!) <= bound * Math.abs(value), `${value} becomes ${restored[i]}`);
      });
    }
  });

  Deno.test(`roundMantissa() escapes what is not finite, rounds to infinity, or is subnormal [${kernels.name}]`, () => {
    const x = new Float32Array([0, -0, NaN, Infinity, -Infinity, 3.4028235e38, 1.1e-40, 2 ** -127, 1, -1]);
    const { restored, escapes, result } = run(kernels, F32, x, 0.25);
    assertEquals([...escapes], [0, 0, 1, 1, 1, 1, 1, 0, 0, 0]);
    assertEquals([restored[0], restored[7], restored[8], restored[9]], [0, 2 ** -127, 1, -1]);
    assertEquals(result[1], 5);
  });
}

Deno.test("keepBitsFor(): the least m with 2^-(m+1) <= bound", () => {
  assertEquals([1, 0.5, 0.49, 0.25, 0.01, 2 ** -11].map(keepBitsFor), [0, 0, 1, 1, 6, 10]);
});
