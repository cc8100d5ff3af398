// Sums in f64: each task leaves the sum of its ELEMENTS, the last task adds those up in order.

import { slot } from "../elementwise/_slot.as";

const ELEMENTS: usize = 16384;

// Four interleaved partial sums, then (0 + 1) + (2 + 3), then the rest one by one.
// @ts-ignore: decorator
@inline
function partial(args: usize, task: i32, squared: bool): void {
  const first = <usize>task * ELEMENTS;
  const a = slot(args, 0) + (first << 2), bytes = min(slot(args, 1) - first, ELEMENTS) << 2;
  let low = f64x2.splat(0), high = low;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const x = v128.load(a + at);
    let x01 = f64x2.promote_low_f32x4(x), x23 = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1));
    if (squared) {
      x01 = f64x2.mul(x01, x01);
      x23 = f64x2.mul(x23, x23);
    }
    low = f64x2.add(low, x01);
    high = f64x2.add(high, x23);
  }
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1) +
    (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1));
  for (; at < bytes; at += 4) {
    const x = <f64>load<f32>(a + at);
    sum += squared ? x * x : x;
  }
  store<f64>(slot(args, 2) + (<usize>task << 3), sum);
}

/** Slots: 0 a, 1 elements, 2 partial sums (f64). */
export function sum(args: usize, task: i32): void {
  partial(args, task, false);
}

/** Slots as for sum. */
export function sumSquares(args: usize, task: i32): void {
  partial(args, task, true);
}

/** Slots: 0 partial sums, 1 their number, 2 out. */
export function total(args: usize, _task: i32): void {
  const partials = slot(args, 0), end = slot(args, 1) << 3;
  let sum: f64 = 0;
  for (let at: usize = 0; at < end; at += 8) sum += load<f64>(partials + at);
  store<f32>(slot(args, 2), <f32>sum);
}
