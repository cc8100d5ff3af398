import { addressOf, type CpuModule } from "../cpu/cpu_device.ts";
import { sameDevice } from "../device.ts";
import { normalQuantile } from "../detmath/normal.ts";
import { checkFinite, checkSize } from "../elementwise/_operands.ts";
import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import { philox4x32, type Words4 } from "./philox.ts";
import { randomWasm } from "./random_wasm.ts";
import { THREADS, UNIFORM } from "./random.wgsl.ts";

const MODULE: CpuModule = { label: "compute/random", base64: randomWasm };

/** Elements per task, as in `random.as.ts`. */
const ELEMENTS = 16384;

/** Elements that {@linkcode randomNormal} makes before it writes them. */
const CHUNK = 65_536;

/** Where random numbers come from: element `i` of a tensor is a function of seed, stream and `offset + i` alone. */
export interface RandomSource {
  /** Whole number in [0, 2^53). */
  readonly seed: number;
  /** Whole number in [0, 2^32), usually `streamOf(name)`. Default 0. */
  readonly stream?: number;
  /** Index of the tensor's first element within the stream, so that a slice gets what the whole would have there. */
  readonly offset?: number;
}

/** Options of {@linkcode randomUniform}. */
export interface UniformOptions extends RandomSource {
  /** Lower end. Default 0. */
  readonly low?: number;
  /** Upper end. Default 1. */
  readonly high?: number;
}

/** Options of {@linkcode randomNormal}. */
export interface NormalOptions extends RandomSource {
  /** Expectation. Default 0. */
  readonly mean?: number;
  /** Standard deviation. Default 1. */
  readonly std?: number;
}

/**
 * Fills a tensor with uniform numbers from [low, high), the same bits on every device: word `e mod 4` of
 * `philox4x32([e / 4 (two words), stream, 0], seed)` for element `e` of the stream; its upper 24 bits less 2^23, times
 * `(high - low) / 2^24`, plus the middle of the range, both steps rounded to f32. Rounding can make a value equal to
 * `high` where the middle is not 0.
 *
 * @param out f32, any shape
 * @throws {TypeError} where `out` is not f32
 * @throws {RangeError} where an option is out of range
 */
export function randomUniform(out: Tensor, options: UniformOptions): void {
  const device = sameDevice("randomUniform", [out]);
  checkSize("randomUniform", "out", out, out.size);
  const { seedLow, seedHigh, stream, offset } = checkSource("randomUniform", options);
  const { low = 0, high = 1 } = options;
  checkFinite("randomUniform", "low", low);
  if (!(high > low && high < Infinity)) {
    throw new RangeError(`Cannot run randomUniform with high ${high}: want a finite number > low, which is ${low}`);
  }
  if (out.size === 0) return;
  const middle = Math.fround((low + high) / 2), unit = Math.fround((high - low) / 2 ** 24);
  switch (device.kind) {
    case "cpu": {
      const args = [addressOf(out), out.size, offset, seedLow, seedHigh, stream, middle, unit];
      return device.run(device.kernel(MODULE, "uniform"), Math.ceil(out.size / ELEMENTS), args);
    }
    case "webgpu": {
      const lead = offset % 4, first = Math.floor(offset / 4);
      const counters = Math.ceil((out.size + lead) / 4);
      const where = [out.size, lead, first % 2 ** 32, Math.floor(first / 2 ** 32)];
      return device.dispatch(
        UNIFORM,
        [...where, stream, seedLow, seedHigh, middle, unit, 0],
        [out],
        spreadWorkgroups(Math.ceil(counters / THREADS)),
      );
    }
    default:
      device satisfies never;
  }
}

/**
 * Fills a tensor with normal numbers, the same bits on every device: `mean + std * normalQuantile((w + 1/2) / 2^32)` in
 * f64, rounded once, with `w` as in {@linkcode randomUniform} but the last counter word 1.
 *
 * No device has a logarithm whose bits agree with another's, so the host computes all elements, at some 10 M per second,
 * and writes them. That suits dense layers; for large tables take {@linkcode randomUniform}.
 *
 * @param out f32, any shape
 * @throws {TypeError} where `out` is not f32
 * @throws {RangeError} where an option is out of range
 */
export function randomNormal(out: Tensor, options: NormalOptions): void {
  sameDevice("randomNormal", [out]);
  checkSize("randomNormal", "out", out, out.size);
  const { seedLow, seedHigh, stream, offset } = checkSource("randomNormal", options);
  const { mean = 0, std = 1 } = options;
  checkFinite("randomNormal", "mean", mean);
  if (!(std >= 0 && std < Infinity)) {
    throw new RangeError(`Cannot run randomNormal with std ${std}: want a finite number >= 0`);
  }
  const chunk = new Float32Array(Math.min(CHUNK, out.size));
  let words: Words4 = [0, 0, 0, 0], group = -1;
  for (let start = 0; start < out.size; start += CHUNK) {
    const count = Math.min(CHUNK, out.size - start);
    for (let i = 0; i < count; i++) {
      const element = offset + start + i, counter = Math.floor(element / 4);
      if (counter !== group) {
        words = philox4x32([counter >>> 0, Math.floor(counter / 2 ** 32), stream, 1], [seedLow, seedHigh]);
        group = counter;
      }
      chunk[i] = mean + std * normalQuantile((words[element % 4]! + 0.5) / 2 ** 32);
    }
    out.write(chunk.subarray(0, count), start);
  }
}

function checkSource(
  operator: string,
  source: RandomSource,
): { seedLow: number; seedHigh: number; stream: number; offset: number } {
  const { seed, stream = 0, offset = 0 } = source;
  const check = (name: string, value: number, limit: number, text: string) => {
    if (Number.isInteger(value) && value >= 0 && value < limit) return;
    throw new RangeError(`Cannot run ${operator} with ${name} ${value}: want a whole number in [0, ${text})`);
  };
  check("seed", seed, 2 ** 53, "2^53");
  check("stream", stream, 2 ** 32, "2^32");
  check("offset", offset, 2 ** 52, "2^52");
  return { seedLow: seed % 2 ** 32, seedHigh: Math.floor(seed / 2 ** 32), stream, offset };
}
