// Uniform floats from Philox 4x32-10 (see philox.ts). A task is ELEMENTS of the output; four consecutive elements, counted
// from the start of the stream, share one counter.

import { slot, slotF32 } from "../elementwise/_slot.as";

const ELEMENTS: usize = 16384;

// Element e of a stream: word e mod 4 of counter (e / 4, stream, 0).
// @ts-ignore: decorator
@inline
function philox(group: u64, stream: u32, seedLow: u32, seedHigh: u32): v128 {
  let c0 = <u32>group, c1 = <u32>(group >> 32), c2 = stream, c3: u32 = 0;
  let k0 = seedLow, k1 = seedHigh;
  for (let round = 0; round < 10; round++) {
    const product0 = <u64>c0 * 0xd2511f53, product1 = <u64>c2 * 0xcd9e8d57;
    c0 = <u32>(product1 >> 32) ^ c1 ^ k0;
    c1 = <u32>product1;
    c2 = <u32>(product0 >> 32) ^ c3 ^ k1;
    c3 = <u32>product0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  const words = i32x4.replace_lane(i32x4.splat(c0), 1, c1);
  return i32x4.replace_lane(i32x4.replace_lane(words, 2, c2), 3, c3);
}

/** Slots: 0 out, 1 elements, 2 offset, 3 and 4 seed, 5 stream, 6 middle of the range, 7 its width / 2^24. */
export function uniform(args: usize, task: i32): void {
  const offset = <u64>load<f64>(args + 16);
  const seedLow = <u32>slot(args, 3), seedHigh = <u32>slot(args, 4), stream = <u32>slot(args, 5);
  const middle = f32x4.splat(slotF32(args, 6)), unit = f32x4.splat(slotF32(args, 7));
  const end = min(slot(args, 1), <usize>(task + 1) * ELEMENTS);
  let i = <usize>task * ELEMENTS;
  while (i < end) {
    const element = offset + <u64>i, lane = <usize>(element & 3);
    const words = philox(element >> 2, stream, seedLow, seedHigh);
    // 24 bits, centred: exact in f32.
    const whole = i32x4.sub(i32x4.shr_u(words, 8), i32x4.splat(1 << 23));
    const values = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(whole), unit), middle);
    const to = slot(args, 0) + (i << 2), count = min(4 - lane, end - i);
    if (count == 4) {
      v128.store(to, values);
    } else {
      // Lane `lane` goes to `to`.
      if (lane == 0) v128.store_lane<f32>(to, values, 0);
      if (lane <= 1 && lane + count > 1) v128.store_lane<f32>(to + ((1 - lane) << 2), values, 1);
      if (lane <= 2 && lane + count > 2) v128.store_lane<f32>(to + ((2 - lane) << 2), values, 2);
      if (lane + count > 3) v128.store_lane<f32>(to + ((3 - lane) << 2), values, 3);
    }
    i += count;
  }
}
