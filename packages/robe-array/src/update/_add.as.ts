/** Adds a block's gradient to the sums of slots. */

@inline
function signBit(): v128 {
  return i32x4.splat(0x80000000);
}

/** A word of signs, spread so that a shift left by `28 - 4 g` puts the signs of elements 4 g to 4 g + 3 on top. */
@inline
function spread(signs: u32): v128 {
  return i32x4.mul(i32x4.splat(signs), i32x4(8, 4, 2, 1));
}

@inline
function signed(x: v128, spreadSigns: v128, shift: i32): v128 {
  return v128.xor(x, v128.and(i32x4.shl(spreadSigns, shift), signBit()));
}

@inline
function addFour(sum: usize, x: v128): void {
  v128.store(sum, f32x4.add(v128.load(sum), x));
}

/**
 * Adds elements `from` to `to - 1` of `gradient` to the sums from `sum` on.
 *
 * @param signs words of signs; 0: none
 */
export function addFloats(sum: usize, gradient: usize, from: u32, to: u32, signs: usize): void {
  let x = gradient + (from << 2);
  while (from < to && from & 3) {
    addOne(sum, x, from, signs);
    sum += 4;
    x += 4;
    from++;
  }
  if (signs) {
    for (; from + 32 <= to && !(from & 31); from += 32) {
      const s = spread(load<u32>(signs + (from >> 5 << 2)));
      addFour(sum, signed(v128.load(x), s, 28));
      addFour(sum + 16, signed(v128.load(x, 16), s, 24));
      addFour(sum + 32, signed(v128.load(x, 32), s, 20));
      addFour(sum + 48, signed(v128.load(x, 48), s, 16));
      addFour(sum + 64, signed(v128.load(x, 64), s, 12));
      addFour(sum + 80, signed(v128.load(x, 80), s, 8));
      addFour(sum + 96, signed(v128.load(x, 96), s, 4));
      addFour(sum + 112, signed(v128.load(x, 112), s, 0));
      sum += 128;
      x += 128;
    }
    for (; from + 16 <= to && !(from & 15); from += 16) {
      const s = spread(load<u32>(signs + (from >> 5 << 2)) >> (from & 16));
      addFour(sum, signed(v128.load(x), s, 28));
      addFour(sum + 16, signed(v128.load(x, 16), s, 24));
      addFour(sum + 32, signed(v128.load(x, 32), s, 20));
      addFour(sum + 48, signed(v128.load(x, 48), s, 16));
      sum += 64;
      x += 64;
    }
    for (; from + 4 <= to; from += 4) {
      const s = spread(load<u32>(signs + (from >> 5 << 2)));
      addFour(sum, signed(v128.load(x), s, 28 - (from & 31)));
      sum += 16;
      x += 16;
    }
  } else {
    for (; from + 16 <= to; from += 16) {
      addFour(sum, v128.load(x));
      addFour(sum + 16, v128.load(x, 16));
      addFour(sum + 32, v128.load(x, 32));
      addFour(sum + 48, v128.load(x, 48));
      sum += 64;
      x += 64;
    }
    for (; from + 4 <= to; from += 4) {
      addFour(sum, v128.load(x));
      sum += 16;
      x += 16;
    }
  }
  for (; from < to; from++) {
    addOne(sum, x, from, signs);
    sum += 4;
    x += 4;
  }
}

@inline
function addOne(sum: usize, x: usize, element: u32, signs: usize): void {
  store<f32>(sum, load<f32>(sum) + reinterpret<f32>(load<u32>(x) ^ signOf(signs, element)));
}

/** The sign bit of an element, in place. */
@inline
export function signOf(signs: usize, element: u32): u32 {
  return signs ? (load<u32>(signs + (element >> 5 << 2)) >> (element & 31)) << 31 : 0;
}

/** As addFloats(), times `factor`. */
export function addScaled(sum: usize, gradient: usize, from: u32, to: u32, signs: usize, factor: f32): void {
  for (; from < to; from++, sum += 4) {
    const x = factor * load<f32>(gradient + (from << 2));
    store<f32>(sum, load<f32>(sum) + reinterpret<f32>(reinterpret<u32>(x) ^ signOf(signs, from)));
  }
}
