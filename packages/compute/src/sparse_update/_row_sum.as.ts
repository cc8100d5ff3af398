/** Sums of gradient rows that lie scattered. */

/**
 * Address of the row at `position` of the sorted list. `order` 0: the list is in order; `bagOf` 0: occurrence and bag are
 * the same.
 */
@inline
export function gradientOf(position: usize, order: usize, bagOf: usize, grads: usize, stride: usize): usize {
  const occurrence = order ? <usize>load<u32>(order + (position << 2)) : position;
  return grads + (bagOf ? <usize>load<u32>(bagOf + (occurrence << 2)) : occurrence) * stride;
}

@inline
function scaleOf(position: usize, order: usize, scales: usize): f32 {
  return scales ? load<f32>(scales + (<usize>load<u32>(order + (position << 2)) << 2)) : 1;
}

/**
 * `out = sum of scale * gradient` over positions `first` to `end - 1`, in that order. Columns go in blocks of a cache
 * line, whose sums stay in registers.
 */
export function sumRows(
  first: usize,
  end: usize,
  order: usize,
  bagOf: usize,
  scales: usize,
  grads: usize,
  stride: usize,
  out: usize,
): void {
  let at: usize = 0;
  for (; at + 64 <= stride; at += 64) {
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (let i = first; i < end; i++) {
      const row = gradientOf(i, order, bagOf, grads, stride) + at;
      if (scales) {
        const scale = f32x4.splat(scaleOf(i, order, scales));
        a = f32x4.add(a, f32x4.mul(scale, v128.load(row)));
        b = f32x4.add(b, f32x4.mul(scale, v128.load(row, 16)));
        c = f32x4.add(c, f32x4.mul(scale, v128.load(row, 32)));
        d = f32x4.add(d, f32x4.mul(scale, v128.load(row, 48)));
      } else {
        a = f32x4.add(a, v128.load(row));
        b = f32x4.add(b, v128.load(row, 16));
        c = f32x4.add(c, v128.load(row, 32));
        d = f32x4.add(d, v128.load(row, 48));
      }
    }
    v128.store(out + at, a);
    v128.store(out + at, b, 16);
    v128.store(out + at, c, 32);
    v128.store(out + at, d, 48);
  }
  for (; at + 16 <= stride; at += 16) {
    let a = f32x4.splat(0);
    for (let i = first; i < end; i++) {
      const x = v128.load(gradientOf(i, order, bagOf, grads, stride) + at);
      a = f32x4.add(a, f32x4.mul(f32x4.splat(scaleOf(i, order, scales)), x));
    }
    v128.store(out + at, a);
  }
  for (; at < stride; at += 4) {
    let a: f32 = 0;
    for (let i = first; i < end; i++) {
      a += scaleOf(i, order, scales) * load<f32>(gradientOf(i, order, bagOf, grads, stride) + at);
    }
    store<f32>(out + at, a);
  }
}
