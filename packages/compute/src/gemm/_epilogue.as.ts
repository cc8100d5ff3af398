// What happens to the sums: bias, activation, mask.
import { address, int, Slot } from "./_slots.as";

export const RELU: i32 = 1;
export const SIGMOID: i32 = 2;

/** e^x for |x| <= 700 as 2^n e^r, e^r by its Taylor series in f64: relative error 3e-10, the same bits everywhere. */
function exp(x: f64): f64 {
  const n = nearest(x * 1.4426950408889634);
  const r = x - n * 0.6931471805599453;
  let p = 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return p * reinterpret<f64>((<i64> n + 1023) << 52);
}

function sigmoid(x: f32): f32 {
  const clamped = max(min(<f64> x, 700), -700);
  return <f32> (1.0 / (1.0 + exp(-clamped)));
}

/** v + bias, then ReLU as maxps gives it: one instruction where f32x4.max takes seven, and NaN stays NaN. */
@inline
function biased4(row: usize, bias: usize, relu: bool): void {
  const v = f32x4.add(v128.load(row), v128.load(bias));
  v128.store(row, relu ? f32x4.pmax(v, f32x4.splat(0)) : v);
}

/** A layer's way forward: 16 neighbours at a time, no choices inside the loop. Returns how many were done. */
@inline
function addBias(row: usize, count: i32, bias: usize, relu: bool): i32 {
  let done = 0;
  for (; done + 16 <= count; done += 16) {
    biased4(row, bias, relu);
    biased4(row + 16, bias + 16, relu);
    biased4(row + 32, bias + 32, relu);
    biased4(row + 48, bias + 48, relu);
    row += 64;
    bias += 64;
  }
  return done;
}

/** The way back through a hidden layer. */
function maskRow(row: usize, count: i32, mask: usize): i32 {
  const zero = f32x4.splat(0);
  let done = 0;
  for (; done + 16 <= count; done += 16) {
    v128.store(row, v128.and(v128.load(row), f32x4.lt(zero, v128.load(mask))));
    v128.store(row, v128.and(v128.load(row, 16), f32x4.lt(zero, v128.load(mask, 16))), 16);
    v128.store(row, v128.and(v128.load(row, 32), f32x4.lt(zero, v128.load(mask, 32))), 32);
    v128.store(row, v128.and(v128.load(row, 48), f32x4.lt(zero, v128.load(mask, 48))), 48);
    row += 64;
    mask += 64;
  }
  return done;
}

/** Finishes `count` neighbours of a row; `bias` and `mask` point at the first one's, or are 0. */
export function finishRow(row: usize, count: i32, bias: usize, activation: i32, mask: usize): void {
  let done = 0;
  if (bias && !mask && activation == RELU) done = addBias(row, count, bias, true);
  if (bias && !mask && !activation) done = addBias(row, count, bias, false);
  if (!bias && mask && !activation) done = maskRow(row, count, mask);
  for (let i = done; i < count; i++) {
    const at = <usize> i << 2;
    let v = load<f32>(row + at);
    if (bias) v += load<f32>(bias + at);
    if (activation == RELU && v < 0) v = 0;
    if (activation == SIGMOID) v = sigmoid(v);
    if (mask && !(load<f32>(mask + at) > 0)) v = 0;
    store<f32>(row + at, v);
  }
}

/** Finishes block `task` of C after a BLAS product. */
export function epilogue(args: usize, task: i32): void {
  const m = int(args, Slot.m), n = int(args, Slot.n);
  const rows = int(args, Slot.rowsPerTask), columns = int(args, Slot.columnsPerTask);
  const across = (n + columns - 1) / columns;
  const row0 = task / across * rows, row1 = min(row0 + rows, m);
  const column0 = task % across * columns, count = min(columns, n - column0);
  const c = address(args, Slot.c), ldc = <usize> int(args, Slot.ldc), mask = address(args, Slot.mask);
  let bias = address(args, Slot.bias);
  if (bias) bias += column0 << 2;
  for (let i = row0; i < row1; i++) {
    const at = (<usize> i * ldc + column0) << 2;
    finishRow(c + at, count, bias, int(args, Slot.activation), mask ? mask + at : 0);
  }
}
