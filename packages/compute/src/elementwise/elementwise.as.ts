// Elementwise operators: a task is ELEMENTS of the output. Whole vectors of four first, then one by one with the same
// operations.

import { expNegative } from "./_math.as";
import { slot, slotF32 } from "./_slot.as";

const ELEMENTS: usize = 16384;

// Bytes of a task's part, and where it starts.
// @ts-ignore: decorator
@inline
function skipOf(task: i32): usize {
  return (<usize>task * ELEMENTS) << 2;
}

// @ts-ignore: decorator
@inline
function bytesOf(args: usize, task: i32): usize {
  return min(slot(args, 0) - <usize>task * ELEMENTS, ELEMENTS) << 2;
}

/** out = a + b. Slots: 0 elements, 1 a, 2 b, 3 out. */
export function add(args: usize, task: i32): void {
  const skip = skipOf(task), bytes = bytesOf(args, task);
  const a = slot(args, 1) + skip, b = slot(args, 2) + skip, out = slot(args, 3) + skip;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(out + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) + load<f32>(b + at));
}

/** out = a b. Slots: 0 elements, 1 a, 2 b, 3 out. */
export function mul(args: usize, task: i32): void {
  const skip = skipOf(task), bytes = bytesOf(args, task);
  const a = slot(args, 1) + skip, b = slot(args, 2) + skip, out = slot(args, 3) + skip;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(out + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) * load<f32>(b + at));
}

/** out = a b + c. Slots: 0 elements, 1 a, 2 b, 3 c, 4 out. */
export function mulAdd(args: usize, task: i32): void {
  const skip = skipOf(task), bytes = bytesOf(args, task);
  const a = slot(args, 1) + skip, b = slot(args, 2) + skip, c = slot(args, 3) + skip, out = slot(args, 4) + skip;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const product = f32x4.mul(v128.load(a + at), v128.load(b + at));
    v128.store(out + at, f32x4.add(product, v128.load(c + at)));
  }
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) * load<f32>(b + at) + load<f32>(c + at));
}

/** y = y + alpha x. Slots: 0 elements, 1 x, 2 y, 3 alpha. */
export function axpy(args: usize, task: i32): void {
  const skip = skipOf(task), bytes = bytesOf(args, task);
  const x = slot(args, 1) + skip, y = slot(args, 2) + skip, alpha = slotF32(args, 3), alphas = f32x4.splat(alpha);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(y + at, f32x4.add(v128.load(y + at), f32x4.mul(alphas, v128.load(x + at))));
  }
  for (; at < bytes; at += 4) store<f32>(y + at, load<f32>(y + at) + alpha * load<f32>(x + at));
}

/** x = alpha x. Slots: 0 elements, 1 x, 2 alpha. */
export function scale(args: usize, task: i32): void {
  const skip = skipOf(task), bytes = bytesOf(args, task);
  const x = slot(args, 1) + skip, alpha = slotF32(args, 2), alphas = f32x4.splat(alpha);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(x + at, f32x4.mul(alphas, v128.load(x + at)));
  for (; at < bytes; at += 4) store<f32>(x + at, alpha * load<f32>(x + at));
}

/** out = 1 / (1 + e^-x), in f64 inside. Slots: 0 elements, 1 x, 2 out. */
export function sigmoid(args: usize, task: i32): void {
  const skip = skipOf(task), bytes = bytesOf(args, task);
  const x = slot(args, 1) + skip, out = slot(args, 2) + skip;
  for (let at: usize = 0; at < bytes; at += 4) {
    const s = <f64>load<f32>(x + at), e = expNegative(-abs(s));
    store<f32>(out + at, <f32>((s < 0 ? e : 1) / (1 + e)));
  }
}

const ROWS: i32 = 256;

/** Slots: 0 rows, 1 from, 2 columns of from, 3 first column, 4 to, 5 columns of to, 6 first column, 7 columns to copy. */
export function copyColumns(args: usize, task: i32): void {
  const end = min(<i32>slot(args, 0), (task + 1) * ROWS), bytes = slot(args, 7) << 2;
  const fromBytes = slot(args, 2) << 2, toBytes = slot(args, 5) << 2;
  let from = slot(args, 1) + <usize>(task * ROWS) * fromBytes + (slot(args, 3) << 2);
  let to = slot(args, 4) + <usize>(task * ROWS) * toBytes + (slot(args, 6) << 2);
  for (let row = task * ROWS; row < end; row++) {
    memory.copy(to, from, bytes);
    from += fromBytes;
    to += toBytes;
  }
}
