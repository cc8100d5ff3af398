/** The rules of robe_optimizer.ts, for neighbouring slots; a slot without gradient and momentum never moves. */

@inline
function sgd(w: usize, g: usize, bytes: usize, rate: f32): void {
  const rates = f32x4.splat(rate);
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, v128.load(g + at))));
    v128.store(w + at, f32x4.sub(v128.load(w + at, 16), f32x4.mul(rates, v128.load(g + at, 16))), 16);
  }
  for (; at + 16 <= bytes; at += 16) {
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, v128.load(g + at))));
  }
  for (; at < bytes; at += 4) store<f32>(w + at, load<f32>(w + at) - rate * load<f32>(g + at));
}

@inline
function momentum(w: usize, v: usize, g: usize, bytes: usize, rate: f32, blend: f32): void {
  const rates = f32x4.splat(rate), blends = f32x4.splat(blend);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const velocity = f32x4.add(f32x4.mul(blends, v128.load(v + at)), v128.load(g + at));
    v128.store(v + at, velocity);
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, velocity)));
  }
  for (; at < bytes; at += 4) {
    const velocity = blend * load<f32>(v + at) + load<f32>(g + at);
    store<f32>(v + at, velocity);
    store<f32>(w + at, load<f32>(w + at) - rate * velocity);
  }
}

/** Zero where the exponent is that of zero and subnormal numbers, which GPUs may flush. */
@inline
function flush(x: f32): f32 {
  return reinterpret<u32>(x) & 0x7f800000 ? x : 0;
}

@inline
function flush4(x: v128): v128 {
  const exponents = i32x4.splat(0x7f800000);
  return v128.andnot(x, i32x4.eq(v128.and(x, exponents), i32x4.splat(0)));
}

/** {@linkcode sgd} and {@linkcode momentum} (`v` not 0) with subnormal numbers as zeros, so that every device agrees. */
function flushed(w: usize, v: usize, g: usize, bytes: usize, rate: f32, blend: f32): void {
  const rates = f32x4.splat(rate), blends = f32x4.splat(blend);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    let x = v128.load(g + at);
    if (v) {
      x = flush4(f32x4.add(flush4(f32x4.mul(blends, flush4(v128.load(v + at)))), x));
      v128.store(v + at, x);
    }
    const before = v128.load(w + at), after = flush4(f32x4.sub(flush4(before), flush4(f32x4.mul(rates, x))));
    v128.store(w + at, v ? after : v128.bitselect(before, after, f32x4.eq(x, f32x4.splat(0))));
  }
  for (; at < bytes; at += 4) {
    let x = load<f32>(g + at);
    if (v) {
      x = flush(flush(blend * flush(load<f32>(v + at))) + x);
      store<f32>(v + at, x);
    }
    if (v || x != 0) store<f32>(w + at, flush(flush(load<f32>(w + at)) - flush(rate * x)));
  }
}

@inline
function adagrad(w: usize, s: usize, g: usize, bytes: usize, rate: f32, epsilon: f32): void {
  const rates = f32x4.splat(rate), epsilons = f32x4.splat(epsilon), zero = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const x = v128.load(g + at);
    const sum = f32x4.add(v128.load(s + at), f32x4.mul(x, x));
    v128.store(s + at, sum);
    const move = f32x4.mul(rates, f32x4.div(x, f32x4.add(f32x4.sqrt(sum), epsilons)));
    v128.store(w + at, f32x4.sub(v128.load(w + at), v128.and(move, f32x4.ne(x, zero))));
  }
  for (; at < bytes; at += 4) {
    const x = load<f32>(g + at), sum = load<f32>(s + at) + x * x;
    store<f32>(s + at, sum);
    if (x != 0) store<f32>(w + at, load<f32>(w + at) - rate * (x / (sqrt<f32>(sum) + epsilon)));
  }
}

/** One state per aligned segment of 32 slots, at `s` that of the first slot. */
@inline
function segmentAdagrad(w: usize, s: usize, g: usize, bytes: usize, rate: f32, epsilon: f32): void {
  for (let first: usize = 0; first < bytes; first += 128, s += 4) {
    const part = min<usize>(128, bytes - first);
    let squares = f32x4.splat(0), rest: f32 = 0;
    let at = first;
    for (; at + 16 <= first + part; at += 16) {
      const x = v128.load(g + at);
      squares = f32x4.add(squares, f32x4.mul(x, x));
    }
    for (; at < first + part; at += 4) rest += load<f32>(g + at) * load<f32>(g + at);
    const pairs = f32x4.add(squares, v128.shuffle<f32>(squares, squares, 2, 3, 0, 1));
    const sum = f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1) + rest;
    if (sum == 0) continue;
    const mean = load<f32>(s) + sum / <f32> (part >> 2);
    store<f32>(s, mean);
    sgd(w + first, g + first, part, rate / (sqrt<f32>(mean) + epsilon));
  }
}

@inline
function adam(
  w: usize,
  m: usize,
  v: usize,
  g: usize,
  bytes: usize,
  rate: f32,
  epsilon: f32,
  blend1: f32,
  blend2: f32,
): void {
  const rates = f32x4.splat(rate), epsilons = f32x4.splat(epsilon), zero = f32x4.splat(0);
  const blends1 = f32x4.splat(blend1), blends2 = f32x4.splat(blend2);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const x = v128.load(g + at);
    let first = v128.load(m + at), second = v128.load(v + at);
    first = f32x4.add(first, f32x4.mul(f32x4.sub(x, first), blends1));
    second = f32x4.add(second, f32x4.mul(f32x4.sub(f32x4.mul(x, x), second), blends2));
    v128.store(m + at, first);
    v128.store(v + at, second);
    const move = f32x4.mul(rates, f32x4.div(first, f32x4.add(f32x4.sqrt(second), epsilons)));
    v128.store(w + at, f32x4.sub(v128.load(w + at), v128.and(move, f32x4.ne(first, zero))));
  }
  for (; at < bytes; at += 4) {
    const x = load<f32>(g + at);
    let first = load<f32>(m + at), second = load<f32>(v + at);
    first += (x - first) * blend1;
    second += (x * x - second) * blend2;
    store<f32>(m + at, first);
    store<f32>(v + at, second);
    if (first != 0) store<f32>(w + at, load<f32>(w + at) - rate * (first / (sqrt<f32>(second) + epsilon)));
  }
}

/** Updates slots `low` to `high - 1` with the gradients from `g` on. */
export function applyRule(
  kind: i32,
  isFlushed: bool,
  weights: usize,
  state1: usize,
  state2: usize,
  low: usize,
  high: usize,
  g: usize,
  rate: f32,
  epsilon: f32,
  blend1: f32,
  blend2: f32,
): void {
  const at = low << 2, bytes = (high - low) << 2, w = weights + at;
  if (isFlushed && kind < 2) {
    flushed(w, kind ? state1 + at : 0, g, bytes, rate, blend1);
  } else if (kind == 0) {
    sgd(w, g, bytes, rate);
  } else if (kind == 1) {
    momentum(w, state1 + at, g, bytes, rate, blend1);
  } else if (kind == 2) {
    adagrad(w, state1 + at, g, bytes, rate, epsilon);
  } else if (kind == 3) {
    segmentAdagrad(w, state1 + (low >> 5 << 2), g, bytes, rate, epsilon);
  } else {
    adam(w, state1 + at, state2 + at, g, bytes, rate, epsilon, blend1, blend2);
  }
}
