/** The optimisers' rules for one row; see sparse_optimizer.ts for the formulas. */

@inline
function sgdRow(w: usize, g: usize, stride: usize, rate: f32): void {
  const rates = f32x4.splat(rate);
  let at: usize = 0;
  for (; at + 16 <= stride; at += 16) {
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, v128.load(g + at))));
  }
  for (; at < stride; at += 4) store<f32>(w + at, load<f32>(w + at) - rate * load<f32>(g + at));
}

@inline
function adagradRow(w: usize, s: usize, g: usize, stride: usize, rate: f32, epsilon: f32): void {
  const rates = f32x4.splat(rate), epsilons = f32x4.splat(epsilon);
  let at: usize = 0;
  for (; at + 16 <= stride; at += 16) {
    const x = v128.load(g + at);
    const sum = f32x4.add(v128.load(s + at), f32x4.mul(x, x));
    v128.store(s + at, sum);
    const move = f32x4.mul(rates, f32x4.div(x, f32x4.add(f32x4.sqrt(sum), epsilons)));
    v128.store(w + at, f32x4.sub(v128.load(w + at), move));
  }
  for (; at < stride; at += 4) {
    const x = load<f32>(g + at), sum = load<f32>(s + at) + x * x;
    store<f32>(s + at, sum);
    store<f32>(w + at, load<f32>(w + at) - rate * (x / (sqrt<f32>(sum) + epsilon)));
  }
}

@inline
function meanOfSquares(g: usize, stride: usize): f32 {
  let sums = f32x4.splat(0), rest: f32 = 0;
  let at: usize = 0;
  for (; at + 16 <= stride; at += 16) {
    const x = v128.load(g + at);
    sums = f32x4.add(sums, f32x4.mul(x, x));
  }
  for (; at < stride; at += 4) rest += load<f32>(g + at) * load<f32>(g + at);
  const pairs = f32x4.add(sums, v128.shuffle<f32>(sums, sums, 2, 3, 0, 1));
  return (f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1) + rest) / <f32>(stride >> 2);
}

@inline
function adamRow(
  w: usize,
  m: usize,
  v: usize,
  g: usize,
  stride: usize,
  rate: f32,
  epsilon: f32,
  blend1: f32,
  blend2: f32,
): void {
  const rates = f32x4.splat(rate), epsilons = f32x4.splat(epsilon);
  const blends1 = f32x4.splat(blend1), blends2 = f32x4.splat(blend2);
  let at: usize = 0;
  for (; at + 16 <= stride; at += 16) {
    const x = v128.load(g + at);
    let first = v128.load(m + at), second = v128.load(v + at);
    first = f32x4.add(first, f32x4.mul(f32x4.sub(x, first), blends1));
    second = f32x4.add(second, f32x4.mul(f32x4.sub(f32x4.mul(x, x), second), blends2));
    v128.store(m + at, first);
    v128.store(v + at, second);
    const move = f32x4.mul(rates, f32x4.div(first, f32x4.add(f32x4.sqrt(second), epsilons)));
    v128.store(w + at, f32x4.sub(v128.load(w + at), move));
  }
  for (; at < stride; at += 4) {
    const x = load<f32>(g + at);
    let first = load<f32>(m + at), second = load<f32>(v + at);
    first += (x - first) * blend1;
    second += (x * x - second) * blend2;
    store<f32>(m + at, first);
    store<f32>(v + at, second);
    store<f32>(w + at, load<f32>(w + at) - rate * (first / (sqrt<f32>(second) + epsilon)));
  }
}

/** Updates row `row` of the tables with gradient `g`. */
export function applyRule(
  kind: i32,
  weights: usize,
  state1: usize,
  state2: usize,
  row: usize,
  g: usize,
  stride: usize,
  rate: f32,
  epsilon: f32,
  blend1: f32,
  blend2: f32,
): void {
  const at = row * stride, w = weights + at;
  if (kind == 0) {
    sgdRow(w, g, stride, rate);
  } else if (kind == 1) {
    adagradRow(w, state1 + at, g, stride, rate, epsilon);
  } else if (kind == 2) {
    const m = state1 + (row << 2);
    const sum = load<f32>(m) + meanOfSquares(g, stride);
    store<f32>(m, sum);
    sgdRow(w, g, stride, rate / (sqrt<f32>(sum) + epsilon));
  } else {
    adamRow(w, state1 + at, state2 + at, g, stride, rate, epsilon, blend1, blend2);
  }
}
