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

/** Finishes `count` neighbours of a row; `bias` and `mask` point at the first one's, or are 0. */
export function finishRow(row: usize, count: i32, bias: usize, activation: i32, mask: usize): void {
  const zero = f32x4.splat(0);
  const end = row + (<usize> count << 2);
  for (; row + 16 <= end; row += 16) {
    let v = v128.load(row);
    if (bias) {
      v = f32x4.add(v, v128.load(bias));
      bias += 16;
    }
    if (activation == RELU) v = f32x4.max(v, zero);
    if (activation == SIGMOID) {
      v = f32x4(
        sigmoid(f32x4.extract_lane(v, 0)),
        sigmoid(f32x4.extract_lane(v, 1)),
        sigmoid(f32x4.extract_lane(v, 2)),
        sigmoid(f32x4.extract_lane(v, 3)),
      );
    }
    if (mask) {
      v = v128.and(v, f32x4.gt(v128.load(mask), zero));
      mask += 16;
    }
    v128.store(row, v);
  }
  for (; row < end; row += 4) {
    let v = load<f32>(row);
    if (bias) {
      v += load<f32>(bias);
      bias += 4;
    }
    if (activation == RELU) v = max<f32>(v, 0);
    if (activation == SIGMOID) v = sigmoid(v);
    if (mask) {
      if (!(load<f32>(mask) > 0)) v = 0;
      mask += 4;
    }
    store<f32>(row, v);
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
