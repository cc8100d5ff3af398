/** Sums as integers of 64 bits, a fixed number of which make one: exact, so that their order does not matter. */
import { signOf } from "./_add.as";
import { FACTORS } from "./_records.as";
import { slot, word } from "./_slots.as";

/** The largest magnitude of `n` floats, as bits; tasks are blocks. Slots: 0 values, 1 n, 2 per task, 3 out `[tasks]`. */
export function largestOf(args: usize, task: i32): void {
  const per = slot(args, 2), first = <usize> task * per, end = min(slot(args, 1), first + per);
  const values = slot(args, 0), magnitude = i32x4.splat(0x7fffffff);
  let most = i32x4.splat(0), i = first;
  for (; i + 4 <= end; i += 4) most = i32x4.max_u(most, v128.and(v128.load(values + (i << 2)), magnitude));
  let best = max<u32>(
    max<u32>(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)),
    max<u32>(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)),
  );
  for (; i < end; i++) best = max<u32>(best, word(values, i) & 0x7fffffff);
  store<u32>(slot(args, 3) + (<usize> task << 2), best);
}

/** Zero for subnormal numbers. */
@inline
function flush(x: f32): f32 {
  return reinterpret<u32>(x) & 0x7f800000 ? x : 0;
}

/** As addFloats(), in units of 1 / `unit`; the exact product is rounded to the nearest integer, ties to even. */
export function addFixed(
  sum: usize,
  record: usize,
  from: u32,
  to: u32,
  signs: usize,
  unit: f64,
  poison: bool,
): void {
  const gradient = load<u32>(record, 4), factor = load<f32>(record, FACTORS), scale = load<f32>(record, FACTORS + 4);
  const plain = factor == 1 && scale == 1;
  for (; from < to; from++, sum += 8) {
    let x = flush(load<f32>(gradient + (from << 2)));
    if (!plain) x = flush(flush(factor * x) * scale);
    x = reinterpret<f32>(reinterpret<u32>(x) ^ signOf(signs, from));
    // Poison marks slots that are looked up.
    const units: i64 = poison ? 1 : <i64> nearest<f64>(<f64> x * unit);
    store<i64>(sum, load<i64>(sum) + units);
  }
}

/** Sums as floats, rounded once; subnormal ones become zero. With poison, all sums but zeros become NaN. */
export function toFloats(sums: usize, count: usize, unit: f64, poison: bool, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const sum = load<i64>(sums + (i << 3)), x = <f64> <f32> sum * unit;
    store<f32>(out + (i << 2), poison && sum != 0 ? <f32> NaN : abs<f64>(x) < 1.1754943508222875e-38 ? 0 : <f32> x);
  }
}
