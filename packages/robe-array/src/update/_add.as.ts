/** Adds a block's gradient to the sums of slots. */

@inline
function signBit(): v128 {
  return i32x4.splat(0x80000000);
}

/** Negates elements: `spreadSigns` holds their word of signs times 8, 4, 2 and 1; the shift brings their bits on top. */
@inline
function signed(x: v128, spreadSigns: v128, shift: i32): v128 {
  return v128.xor(x, v128.and(i32x4.shl(spreadSigns, shift), signBit()));
}

/** Adds sixteen elements; `signs` = the word of their signs, the first's in bit 0. */
@inline
export function addSixteen(sum: usize, gradient: usize, signs: u32): void {
  const spread = i32x4.mul(i32x4.splat(signs), i32x4(8, 4, 2, 1));
  const a = signed(v128.load(gradient), spread, 28), b = signed(v128.load(gradient, 16), spread, 24);
  const c = signed(v128.load(gradient, 32), spread, 20), d = signed(v128.load(gradient, 48), spread, 16);
  v128.store(sum, f32x4.add(v128.load(sum), a));
  v128.store(sum, f32x4.add(v128.load(sum, 16), b), 16);
  v128.store(sum, f32x4.add(v128.load(sum, 32), c), 32);
  v128.store(sum, f32x4.add(v128.load(sum, 48), d), 48);
}

/**
 * Adds elements `from` to `to - 1` of `gradient`, times `factor`, to the sums from `sum` on.
 *
 * @param signs words of signs; 0: none
 */
export function addFloats(sum: usize, gradient: usize, from: u32, to: u32, signs: usize, factor: f32): void {
  let x = gradient + (from << 2);
  while (from < to && from & 3) {
    addOne(sum, x, from, signs, factor);
    sum += 4;
    x += 4;
    from++;
  }
  const factors = f32x4.splat(factor);
  for (; from + 4 <= to; from += 4) {
    const word: u32 = signs ? load<u32>(signs + (from >> 5 << 2)) >> (from & 31) : 0;
    const spread = i32x4.mul(i32x4.splat(word), i32x4(8, 4, 2, 1));
    const four = signed(f32x4.mul(factors, v128.load(x)), spread, 28);
    v128.store(sum, f32x4.add(v128.load(sum), four));
    sum += 16;
    x += 16;
  }
  for (; from < to; from++) {
    addOne(sum, x, from, signs, factor);
    sum += 4;
    x += 4;
  }
}

@inline
function addOne(sum: usize, x: usize, element: u32, signs: usize, factor: f32): void {
  const bits = reinterpret<u32>(factor * load<f32>(x)) ^ signOf(signs, element);
  store<f32>(sum, load<f32>(sum) + reinterpret<f32>(bits));
}

/** The sign bit of an element, in place. */
@inline
export function signOf(signs: usize, element: u32): u32 {
  return signs ? (load<u32>(signs + (element >> 5 << 2)) >> (element & 31)) << 31 : 0;
}
