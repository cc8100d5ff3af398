// One step of an optimiser over a flat range of parameters. A task is ELEMENTS of them; what is left of a vector of four
// at the end goes through the same instructions, so every element is computed alike wherever it lies.

import { slot, slotF32 } from "../elementwise/_slot.as";

const ELEMENTS: usize = 16384;

// The first n floats, then zeros.
function loadFirst(p: usize, n: usize): v128 {
  let v = v128.load_zero<f32>(p);
  if (n > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (n > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

function storeFirst(p: usize, v: v128, n: usize): void {
  v128.store_lane<f32>(p, v, 0);
  if (n > 1) v128.store_lane<f32>(p, v, 1, 4);
  if (n > 2) v128.store_lane<f32>(p, v, 2, 8);
}

// @ts-ignore: decorator
@inline
function get(p: usize, n: usize): v128 {
  return n == 4 ? v128.load(p) : loadFirst(p, n);
}

// @ts-ignore: decorator
@inline
function put(p: usize, v: v128, n: usize): void {
  if (n == 4) v128.store(p, v);
  else storeFirst(p, v, n);
}

// @ts-ignore: decorator
@inline
function quotient(x: v128, squares: v128, root: v128, epsilon: v128): v128 {
  return f32x4.div(x, f32x4.add(f32x4.mul(f32x4.sqrt(squares), root), epsilon));
}

// Four parameters, or the last n of them.
// @ts-ignore: decorator
@inline
function stepOf(
  w: usize, g: usize, m: usize, v: usize, n: usize, kind: i32,
  rate: v128, epsilon: v128, blend1: v128, blend2: v128, root: v128,
): void {
  const x = get(g, n);
  let move = x;
  if (kind == 1) {
    const sum = f32x4.add(get(m, n), f32x4.mul(x, x));
    put(m, sum, n);
    move = quotient(x, sum, root, epsilon);
  } else if (kind == 2) {
    let mean = get(m, n), square = get(v, n);
    mean = f32x4.add(mean, f32x4.mul(f32x4.sub(x, mean), blend1));
    square = f32x4.add(square, f32x4.mul(f32x4.sub(f32x4.mul(x, x), square), blend2));
    put(m, mean, n);
    put(v, square, n);
    move = quotient(mean, square, root, epsilon);
  }
  put(w, f32x4.sub(get(w, n), f32x4.mul(rate, move)), n);
}

// @ts-ignore: decorator
@inline
function step(args: usize, task: i32, kind: i32): void {
  const first = <usize>task * ELEMENTS;
  const bytes = min(slot(args, 4) - first, ELEMENTS) << 2, skip = first << 2;
  const w = slot(args, 0) + skip, g = slot(args, 1) + skip, m = slot(args, 2) + skip, v = slot(args, 3) + skip;
  const rate = f32x4.splat(slotF32(args, 5)), epsilon = f32x4.splat(slotF32(args, 6));
  const blend1 = f32x4.splat(slotF32(args, 7)), blend2 = f32x4.splat(slotF32(args, 8));
  const root = f32x4.splat(slotF32(args, 9));
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    stepOf(w + at, g + at, m + at, v + at, 4, kind, rate, epsilon, blend1, blend2, root);
  }
  if (at < bytes) {
    const n = (bytes - at) >> 2;
    stepOf(w + at, g + at, m + at, v + at, n, kind, rate, epsilon, blend1, blend2, root);
  }
}

/** Slots: 0 params, 1 grads, 2 first state, 3 second state, 4 elements, 5 rate, 6 epsilon, 7 and 8 blends, 9 factor of the root. */
export function sgd(args: usize, task: i32): void {
  step(args, task, 0);
}

/** Slots as for sgd. */
export function adagrad(args: usize, task: i32): void {
  step(args, task, 1);
}

/** Slots as for sgd. */
export function adam(args: usize, task: i32): void {
  step(args, task, 2);
}
