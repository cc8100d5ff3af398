/**
 * The hashes of mix32.ts and affine.ts in WGSL, bit for bit: to be put before a kernel's own text.
 *
 * @module
 */
import type { RobeLayout } from "../layout.ts";
import { montgomery, negatedInverse } from "./affine.ts";

const MIX32 = /* wgsl */ `
fn mix(value: u32) -> u32 {
  var h = value;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  return h ^ (h >> 16u);
}
/// What the hashes of a row have in common.
fn row_key(x: u32, a: u32, b: u32) -> vec2<u32> { return vec2(mix(x * a + b), 0u); }
fn block_hash(key: vec2<u32>, k: u32) -> u32 { return mix(key.x + k * 0x9e3779b1u); }
/// Sign word: bit i is set where element 32 word + i is negated.
fn sign_word(key: vec2<u32>, word: u32) -> u32 { return mix(key.x ^ (word * 0xc2b2ae35u + 0x5bd1e995u)); }
/// Low bits: signs of the count elements from \`first\` on, which are of one sign word.
fn sign_bits(key: vec2<u32>, first: u32, count: u32) -> u32 { return sign_word(key, first >> 5u) >> (first & 31u); }
`;

/** Montgomery products with the constants of a layout; see `montgomery()`. */
function affineText(layout: RobeLayout): string {
  const { starts, signs } = layout.affine!;
  const prime = starts.prime;
  const constants = {
    X: montgomery(starts.x, prime),
    K: montgomery(starts.k, prime),
    SX: signs ? montgomery(signs.x, prime) : 0,
    SK: signs ? montgomery(signs.k, prime) : 0,
  };
  return /* wgsl */ `
const PRIME: u32 = ${prime}u;
const NEGATED_INVERSE: u32 = ${negatedInverse(prime)}u;
${Object.entries(constants).map(([name, value]) => `const ${name}: u32 = ${value}u;`).join("\n")}
fn mulhi(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let ll = al * bl; let lh = al * bh; let hl = ah * bl;
  let mid = (ll >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return ah * bh + (lh >> 16u) + (hl >> 16u) + (mid >> 16u);
}
/// c x mod P, for c given as c 2^32 mod P.
fn product(c: u32, x: u32) -> u32 {
  let low = c * x;
  let u = mulhi(c, x) + mulhi(low * NEGATED_INVERSE, PRIME) + select(0u, 1u, low != 0u);
  return select(u, u - PRIME, u >= PRIME);
}
fn sum(a: u32, b: u32) -> u32 {
  let s = a + b;
  return select(s, s - PRIME, s >= PRIME);
}
/// What the hashes of a row have in common: that of its starts, that of its signs.
fn row_key(x: u32, a: u32, b: u32) -> vec2<u32> {
  return vec2(sum(product(X, x), a), sum(product(SX, x), b));
}
fn block_hash(key: vec2<u32>, k: u32) -> u32 { return sum(key.x, product(K, k)); }
/// Sign word: bit i is set where element 32 word + i is negated.
fn sign_word(key: vec2<u32>, word: u32) -> u32 { return sign_bits(key, 32u * word, 32u); }
/// Low bits: signs of the count elements from \`first\` on.
fn sign_bits(key: vec2<u32>, first: u32, count: u32) -> u32 {
  var h = sum(key.y, product(SK, first));
  let step = product(SK, 1u);
  var bits = 0u;
  for (var i = 0u; i < count; i++) {
    bits |= (1u - (h & 1u)) << i;
    h = sum(h, step);
  }
  return bits;
}
`;
}

/**
 * WGSL functions `row_key`, `block_hash`, `sign_word`, `sign_bits` and `block_start` of a layout. The array's size comes
 * in as a value, so that a grown array needs no new pipeline; `modulus` is `RobeLayout.modulus`.
 */
export function hashWgsl(layout: RobeLayout): string {
  return (layout.affine ? affineText(layout) : MIX32) + /* wgsl */ `
fn block_start(key: vec2<u32>, k: u32, modulus: u32) -> u32 { return ${layout.align}u * (block_hash(key, k) % modulus); }
`;
}

/** What {@linkcode hashWgsl} depends on, for labels of kernel variants. */
export function hashLabel({ hash, align, seed }: RobeLayout): string {
  return `${hash},align=${align}${hash === "mix32" ? "" : `,seed=${seed}`}`;
}
