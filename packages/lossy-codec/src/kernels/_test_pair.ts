/**
 * Runs a kernel in TypeScript and in WebAssembly on the same bytes, each array between guards.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Kernels } from "./kernels.ts";
import { createPlainKernels } from "./plain.ts";
import { createWasmKernels } from "./wasm.ts";

const GUARD = 48, GUARD_BYTE = 0xa5;

/** The implementation in TypeScript. */
export const plain: Kernels = createPlainKernels();
/** The one in WebAssembly; every host of these tests has it. */
export const wasm: Kernels = createWasmKernels()!;

/** What a call left. */
export interface Outcome {
  /** What the kernel returned. */
  readonly returned: number;
  /** The arrays after the call, by the names that they were given. */
  readonly arrays: readonly Uint8Array[];
}

/**
 * Places the arrays at multiples of 16 with guards between, calls the kernel and looks whether the guards are whole.
 *
 * @param arrays Contents before the call; a number stands for that many bytes of no meaning.
 */
export function runOn(
  kernels: Kernels,
  arrays: readonly (ArrayBufferView | number)[],
  call: (kernels: Kernels, ...offsets: number[]) => number | void,
): Outcome {
  const bytes = arrays.map((array) =>
    typeof array === "number"
      ? new Uint8Array(array).fill(0x5c)
      : new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  );
  const offsets: number[] = [];
  let end = GUARD;
  for (const array of bytes) {
    offsets.push(end);
    end += Math.ceil((array.length + GUARD) / 16) * 16;
  }
  kernels.memory.reserve(end);
  const before = new Uint8Array(end).fill(GUARD_BYTE);
  bytes.forEach((array, i) => before.set(array, offsets[i]!));
  kernels.memory.u8.set(before);
  const returned = call(kernels, ...offsets) ?? 0;
  const after = kernels.memory.u8.slice(0, end);
  let from = 0;
  for (const [i, offset] of [...offsets, end].entries()) {
    for (let at = from; at < offset; at++) {
      assert(after[at] === GUARD_BYTE, `${kernels.name} wrote at ${at - from} behind array ${i - 1}`);
    }
    from = offset + (bytes[i]?.length ?? 0);
  }
  return { returned, arrays: bytes.map((array, i) => after.slice(offsets[i], offsets[i]! + array.length)) };
}

/** Calls both and asserts that they return the same and leave the same bytes, in the arrays of number `compare` or in all. */
export function runBoth(
  arrays: readonly (ArrayBufferView | number)[],
  call: (kernels: Kernels, ...offsets: number[]) => number | void,
  compare?: readonly number[],
): Outcome {
  const expected = runOn(plain, arrays, call), actual = runOn(wasm, arrays, call);
  assertEquals(actual.returned, expected.returned);
  for (let i = 0; i < arrays.length; i++) {
    if (compare !== undefined && !compare.includes(i)) continue;
    const differs = actual.arrays[i]!.findIndex((byte, at) => byte !== expected.arrays[i]![at]);
    assert(
      differs < 0,
      `byte ${differs} of array ${i} is ${actual.arrays[i]![differs]} in WASM, ${
        expected.arrays[i]![differs]
      } in TypeScript`,
    );
  }
  return expected;
}

/** Patterns of f32: all kinds of values, with those near `k + 1/2` steps often. */
export function f32Patterns(step: number): fc.Arbitrary<number> {
  const scratch = new Float32Array(1), bits = new Uint32Array(scratch.buffer);
  const patternOf = (value: number): number => {
    scratch[0] = value;
    return bits[0]!;
  };
  const nearHalves = fc.tuple(fc.integer({ min: -520, max: 520 }), fc.integer({ min: -2, max: 2 }))
    .map(([k, ulps]) => (patternOf(k / 2 * step) + ulps) >>> 0);
  return fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }).map((x) => patternOf(x * step)) },
    { weight: 6, arbitrary: nearHalves },
    {
      weight: 1,
      arbitrary: fc.constantFrom(0, 0x80000000, 1, 0x80000001, 0x7fffff, 0x807fffff, 0x7f7fffff, 0xff7fffff),
    },
  );
}

/** Patterns of f32 that no row survives: NaN with payloads, infinities, far values. */
export const f32Specials: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345),
  fc.nat(0xffffffff),
);

/** Rows of patterns, in most of which all is well. */
export function rowsOf(
  patterns: fc.Arbitrary<number>,
  specials: fc.Arbitrary<number>,
  n: number,
  d: number,
): fc.Arbitrary<number[]> {
  const good = fc.array(patterns, { minLength: d, maxLength: d });
  const bad = fc.array(fc.oneof({ weight: 8, arbitrary: patterns }, { weight: 1, arbitrary: specials }), {
    minLength: d,
    maxLength: d,
  });
  return fc.array(fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: bad }), {
    minLength: n,
    maxLength: n,
  })
    .map((rows) => rows.flat());
}

/** The bound of a property's runs: enough to meet every tail length and kind of value. */
export const RUNS = { numRuns: 150 };
