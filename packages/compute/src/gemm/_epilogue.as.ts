// What both CPU paths do to a value of the product: bias, activation, mask. Shared include.

/** Argument slots; 0 to 12 are those of the BLAS kernel in cpu/thread_main.ts. */
export namespace Slot {
  export const transposeA: i32 = 0;
  export const transposeB: i32 = 1;
  export const m: i32 = 2;
  export const n: i32 = 3;
  export const k: i32 = 4;
  export const alpha: i32 = 5;
  export const a: i32 = 6;
  export const lda: i32 = 7;
  export const b: i32 = 8;
  export const ldb: i32 = 9;
  export const beta: i32 = 10;
  export const c: i32 = 11;
  export const ldc: i32 = 12;
  export const rowsPerTask: i32 = 13;
  export const columnsPerTask: i32 = 14;
  // 15: epilogue kernel of the BLAS path
  export const bias: i32 = 16;
  export const activation: i32 = 17;
  export const mask: i32 = 18;
  export const packedB: i32 = 19;
  export const scratch: i32 = 20;
  export const scratchBytes: i32 = 21;
  export const depth: i32 = 22;
}

// @ts-ignore: decorator
@inline
export function int(args: usize, slot: i32): i32 {
  return <i32> load<f64>(args + 8 * slot);
}

// @ts-ignore: decorator
@inline
export function address(args: usize, slot: i32): usize {
  return <usize> load<f64>(args + 8 * slot);
}

// @ts-ignore: decorator
@inline
export function float(args: usize, slot: i32): f32 {
  return <f32> load<f64>(args + 8 * slot);
}

/** e^x for |x| <= 700 by 2^n * Taylor, in f64: relative error 3e-10, and the same bits everywhere. */
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

export function sigmoid(x: f32): f32 {
  const clamped = max(min(<f64> x, 700), -700);
  return <f32> (1.0 / (1.0 + exp(-clamped)));
}

/** Applies bias, activation and mask to columns `from` to `to` of one row; `mask` points at the row or is 0. */
export function epilogueRow(row: usize, mask: usize, bias: usize, activation: i32, from: i32, to: i32): void {
  const zero = f32x4.splat(0);
  let j = from;
  for (; j + 4 <= to; j += 4) {
    const at = <usize> j << 2;
    let v = v128.load(row + at);
    if (bias) v = f32x4.add(v, v128.load(bias + at));
    if (activation == 1) v = f32x4.max(v, zero);
    if (activation == 2) {
      v = f32x4(
        sigmoid(f32x4.extract_lane(v, 0)),
        sigmoid(f32x4.extract_lane(v, 1)),
        sigmoid(f32x4.extract_lane(v, 2)),
        sigmoid(f32x4.extract_lane(v, 3)),
      );
    }
    if (mask) v = v128.and(v, f32x4.gt(v128.load(mask + at), zero));
    v128.store(row + at, v);
  }
  for (; j < to; j++) {
    const at = <usize> j << 2;
    let v = load<f32>(row + at);
    if (bias) v += load<f32>(bias + at);
    if (activation == 1) v = max<f32>(v, 0);
    if (activation == 2) v = sigmoid(v);
    if (mask && !(load<f32>(mask + at) > 0)) v = 0;
    store<f32>(row + at, v);
  }
}
