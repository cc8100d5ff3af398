// Losses of logits and their gradients. Inside, everything is f64; each block of samples leaves one f64 partial sum, and
// one last task adds those up in order. So bits depend on the shape alone.

import { expNegative, expNegative2, log1pUnit2, logFromOne } from "../elementwise/_math.as";
import { slot, slotF64 } from "../elementwise/_slot.as";

const SAMPLES: i32 = 512;

// Two samples; of a single last one the second lane is void.
// @ts-ignore: decorator
@inline
function load2(p: usize, single: bool): v128 {
  return f64x2.promote_low_f32x4(single ? v128.load_zero<f32>(p) : v128.load_zero<f64>(p));
}

/**
 * Slots: 0 logits, 1 labels, 2 gradLogits or 0, 3 partial sums (f64) or 0, 4 batch, 5 gradScale, 6 weight of class 0,
 * 7 weight of class 1.
 */
export function bce(args: usize, task: i32): void {
  const logits = slot(args, 0), labels = slot(args, 1), grads = slot(args, 2), partials = slot(args, 3);
  const one = f64x2.splat(1), zero = f64x2.splat(0), scale = f64x2.splat(slotF64(args, 5));
  const weight0 = f64x2.splat(slotF64(args, 6)), rise = f64x2.splat(slotF64(args, 7) - slotF64(args, 6));
  const end = min(<i32>slot(args, 4), (task + 1) * SAMPLES);
  let sums = zero;
  for (let i = task * SAMPLES; i < end; i += 2) {
    const at = <usize>i << 2, single = i + 1 == end;
    const s = load2(logits + at, single), y = load2(labels + at, single);
    const weight = f64x2.add(weight0, f64x2.mul(y, rise));
    const e = expNegative2(f64x2.neg(f64x2.abs(s)));
    if (partials) {
      const loss = f64x2.add(f64x2.sub(f64x2.max(s, zero), f64x2.mul(s, y)), log1pUnit2(e));
      const weighted = f64x2.mul(weight, loss);
      sums = f64x2.add(sums, single ? f64x2.replace_lane(weighted, 1, 0) : weighted);
    }
    if (grads) {
      const p = f64x2.div(v128.bitselect(e, one, f64x2.lt(s, zero)), f64x2.add(one, e));
      const g = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.mul(weight, f64x2.sub(p, y)), scale));
      if (single) v128.store_lane<f32>(grads + at, g, 0);
      else v128.store_lane<f64>(grads + at, g, 0);
    }
  }
  const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  if (partials) store<f64>(partials + (<usize>task << 3), sum);
}

// e^x of four numbers x <= 0, the operations of exp_negative in loss.wgsl.ts.
// @ts-ignore: decorator
@inline
function expNegative4(argument: v128): v128 {
  const x = f32x4.max(argument, f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let y = f32x4.add(f32x4.mul(f32x4.splat(1.9875691500e-4), r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

/** The gradient of bce in f32, as WebGPU computes it. Slots as for bce. */
export function bceGradientF32(args: usize, task: i32): void {
  const logits = slot(args, 0), labels = slot(args, 1), grads = slot(args, 2);
  const one = f32x4.splat(1), scale = f32x4.splat(<f32>slotF64(args, 5));
  const weight0 = f32x4.splat(<f32>slotF64(args, 6));
  const rise = f32x4.sub(f32x4.splat(<f32>slotF64(args, 7)), weight0);
  const end = min(<i32>slot(args, 4), (task + 1) * SAMPLES);
  for (let i = task * SAMPLES; i < end; i += 4) {
    const at = <usize>i << 2, left = end - i;
    const s = left < 4 ? loadFirst(logits + at, left) : v128.load(logits + at);
    const y = left < 4 ? loadFirst(labels + at, left) : v128.load(labels + at);
    const weight = f32x4.add(weight0, f32x4.mul(y, rise));
    const e = expNegative4(f32x4.neg(f32x4.abs(s))), negative = f32x4.lt(s, f32x4.splat(0));
    const total = f32x4.add(one, e);
    const click = f32x4.div(v128.bitselect(e, one, negative), total);
    const none = f32x4.div(v128.bitselect(one, e, negative), total);
    const slope = v128.bitselect(f32x4.neg(none), f32x4.sub(click, y), f32x4.eq(y, one));
    const g = f32x4.mul(f32x4.mul(weight, slope), scale);
    if (left < 4) storeFirst(grads + at, g, left);
    else v128.store(grads + at, g);
  }
}

// The last 1 to 3 floats, then zeros.
function loadFirst(p: usize, n: i32): v128 {
  let v = v128.load_zero<f32>(p);
  if (n > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (n > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

function storeFirst(p: usize, v: v128, n: i32): void {
  v128.store_lane<f32>(p, v, 0);
  if (n > 1) v128.store_lane<f32>(p, v, 1, 4);
  if (n > 2) v128.store_lane<f32>(p, v, 2, 8);
}

/** Slots as for bce, but 1 labels are u32, 6 classes. */
export function softmax(args: usize, task: i32): void {
  const labels = slot(args, 1), grads = slot(args, 2), partials = slot(args, 3), classes = <i32>slot(args, 6);
  const scale = slotF64(args, 5), rowBytes = <usize>classes << 2;
  const end = min(<i32>slot(args, 4), (task + 1) * SAMPLES);
  let sum: f64 = 0;
  for (let i = task * SAMPLES; i < end; i++) {
    const row = slot(args, 0) + <usize>i * rowBytes, label = load<u32>(labels + (<usize>i << 2));
    let largest: f32 = load<f32>(row);
    for (let at: usize = 4; at < rowBytes; at += 4) largest = max(largest, load<f32>(row + at));
    const top = <f64>largest;
    let total: f64 = 0;
    for (let at: usize = 0; at < rowBytes; at += 4) total += expNegative(<f64>load<f32>(row + at) - top);
    // A label that is no class poisons the loss instead of reading elsewhere.
    const known = label < <u32>classes;
    if (partials) sum += known ? logFromOne(total) + top - <f64>load<f32>(row + (<usize>label << 2)) : NaN;
    if (grads) {
      const to = grads + <usize>i * rowBytes;
      for (let c: i32 = 0; c < classes; c++) {
        const at = <usize>c << 2;
        const p = known ? expNegative(<f64>load<f32>(row + at) - top) / total : NaN;
        store<f32>(to + at, <f32>((<u32>c == label ? p - 1 : p) * scale));
      }
    }
  }
  if (partials) store<f64>(partials + (<usize>task << 3), sum);
}

/** Adds the partial sums to the running loss. Slots: 0 partial sums, 1 their number, 2 loss, 3 its elements, 4 carry. */
export function accumulate(args: usize, _task: i32): void {
  const partials = slot(args, 0), end = slot(args, 1) << 3, loss = slot(args, 2);
  let sum: f64 = 0;
  for (let at: usize = 0; at < end; at += 8) sum += load<f64>(partials + at);
  const low = <f64>load<f32>(loss) + sum;
  if (slot(args, 3) == 1) {
    store<f32>(loss, <f32>low);
    return;
  }
  const carry = slotF64(args, 4), whole = floor(low / carry) * carry;
  store<f32>(loss, <f32>(low - whole));
  store<f32>(loss + 4, <f32>(<f64>load<f32>(loss + 4) + whole));
}
