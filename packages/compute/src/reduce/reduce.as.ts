// Sums in f64: each task leaves the sum of its ELEMENTS, the last task adds those up in order.

import { slot } from "../elementwise/_slot.as";

const ELEMENTS: usize = 16384;

// Two elements in f64.
// @ts-ignore: decorator
@inline
function term(x: v128, squared: bool): v128 {
  const wide = f64x2.promote_low_f32x4(x);
  return squared ? f64x2.mul(wide, wide) : wide;
}

// Sixteen interleaved partial sums, so that additions need not wait for one another; then these as a tree, then the rest
// one by one.
// @ts-ignore: decorator
@inline
function partial(args: usize, task: i32, squared: bool): void {
  const first = <usize>task * ELEMENTS;
  const a = slot(args, 0) + (first << 2), bytes = min(slot(args, 1) - first, ELEMENTS) << 2;
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    const p = a + at;
    s0 = f64x2.add(s0, term(v128.load_zero<f64>(p), squared));
    s1 = f64x2.add(s1, term(v128.load_zero<f64>(p, 8), squared));
    s2 = f64x2.add(s2, term(v128.load_zero<f64>(p, 16), squared));
    s3 = f64x2.add(s3, term(v128.load_zero<f64>(p, 24), squared));
    s4 = f64x2.add(s4, term(v128.load_zero<f64>(p, 32), squared));
    s5 = f64x2.add(s5, term(v128.load_zero<f64>(p, 40), squared));
    s6 = f64x2.add(s6, term(v128.load_zero<f64>(p, 48), squared));
    s7 = f64x2.add(s7, term(v128.load_zero<f64>(p, 56), squared));
  }
  const low = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)), high = f64x2.add(f64x2.add(s4, s5), f64x2.add(s6, s7));
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
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
