/**
 * Sums as integers of 64 bits, in two words with a carry between their atomic additions.
 *
 * @module
 */
import type { WgslKernel } from "@pocketrec/compute";
import { hashLabel, hashWgsl } from "../hash/hash.wgsl.ts";
import { type RobeLayout, robeLayout, rowShape } from "../layout.ts";
import { kernelOf, productFunction, WORKGROUP } from "./_parts.wgsl.ts";
import { isDense, RULE_PARAMETERS, ruleBuffers, ruleFunction, SEGMENT_KIND, segmentFunction } from "./_rules.wgsl.ts";
import { BAG_OF, IS_LIVE, LIVE_COUNT, type OccurrenceVariant, SAMPLE_LAYOUTS } from "./rows.wgsl.ts";

/** Words of {@linkcode unitKernel}'s input per part: largest gradient, weight and scale; 0 where there are none. */
export const LARGEST_WORDS = 3;

/** Largest magnitude, as bits, of every `p.stride`-th value from `p.first` on: `largest[p.out]`. */
export const largestKernel: WgslKernel = kernelOf({
  label: "robe-array/update.largest",
  parameters: { n: "u32", first: "u32", stride: "u32", out: "u32", threads: "u32" },
  buffers: [["values", "u32"], ["largest", "atomic<u32>", "read-write"]],
  scope: "var<workgroup> most: atomic<u32>;",
  body: /* wgsl */ `
  var mine = 0u;
  for (var i = p.first + index * p.stride; i < p.n; i += p.threads * p.stride) { mine = max(mine, values[i] & 0x7fffffffu); }
  atomicMax(&most, mine);
  workgroupBarrier();
  if (local == 0u) { atomicMax(&largest[p.out], atomicLoad(&most)); }`,
});

/**
 * The exponent s of the unit 2^-s, and whether some value is not finite; `p.bits` is max(11, bits of the number of
 * addends). See fixed_point.ts. One thread.
 */
export const unitKernel: WgslKernel = kernelOf({
  label: "robe-array/update.unit",
  parameters: { parts: "u32", bits: "u32" },
  buffers: [["largest", "u32"], ["unit", "i32", "read-write"]],
  scope: /* wgsl */ `
fn exponent_of(bits: u32) -> i32 { return i32(max(1u, bits >> 23u)) - 126; }`,
  body: /* wgsl */ `
  if (index > 0u) { return; }
  var most = -1000;
  var poison = 0;
  for (var part = 0u; part < p.parts; part++) {
    var e = exponent_of(largest[part * ${LARGEST_WORDS}u]);
    for (var i = 0u; i < ${LARGEST_WORDS}u; i++) {
      let bits = largest[part * ${LARGEST_WORDS}u + i];
      if (bits >> 23u == 255u) { poison = 1; }
      // No weights, or no scales: all are 1. Where all are zeros any exponent does, as all products are zero.
      if (i > 0u && bits != 0u) { e += exponent_of(bits); }
    }
    most = max(most, e);
  }
  unit[0] = 62 - most - i32(p.bits);
  unit[1] = poison;`,
});

/** What {@linkcode scatterKernel} is specialised for. */
export interface ScatterVariant extends OccurrenceVariant {
  readonly layout: RobeLayout;
  readonly dim: number;
  /** Some table has a scale. */
  readonly scaled: boolean;
}

/** \`one_over(count)\`, correctly rounded by long division; count below 2^24. */
const ONE_OVER = /* wgsl */ `
fn one_over(count: u32) -> f32 {
  let lead = firstLeadingBit(count);
  if (count == 1u << lead) { return bitcast<f32>((127u - lead) << 23u); }
  // 1 / count = q * 2^-(24 + lead), with q of 24 bits.
  var q = 0u;
  var rest = 1u;
  for (var i = 0u; i < 24u + lead; i++) {
    rest <<= 1u;
    q <<= 1u;
    if (rest >= count) {
      rest -= count;
      q |= 1u;
    }
  }
  // A tie would need a power of two.
  q += select(0u, 1u, 2u * rest > count);
  return bitcast<f32>(((126u - lead) << 23u) + (q - 0x800000u));
}`;

/**
 * Adds every element of every occurrence to its slot's integer. One thread per element; each hashes its own block.
 * Subnormal gradients and products count as zeros.
 */
export function scatterKernel(variant: ScatterVariant): WgslKernel {
  const { layout, dim, offsets, weights, mean, scaled } = variant;
  const { rowsPerBlock } = rowShape(layout, dim), z = layout.blockSize;
  const flags = [layout.sign && "sign", offsets && "offsets", weights && "weights", mean && "mean", scaled && "scaled"];
  const factor = weights || mean, times = factor || scaled;
  const label = [`${hashLabel(layout)},z=${z},dim=${dim}`, ...flags.filter(Boolean)].join(",");
  return kernelOf({
    label: `robe-array/update.scatter[${label}]`,
    parameters: { n: "u32", bags: "u32", tables: "u32", size: "u32", modulus: "u32", zero: "u32" },
    buffers: [
      ["records", "u32"],
      ["ids", "u32"],
      ["grads", "u32"],
      ["low", "atomic<u32>", "read-write"],
      ["high", "atomic<u32>", "read-write"],
      ["unit", "i32"],
      offsets && ["offsets", "u32"],
      weights && ["factors", "f32"],
    ],
    scope: hashWgsl(layout) + IS_LIVE + (offsets ? BAG_OF : "") + (mean ? LIVE_COUNT + ONE_OVER : "") +
      (times ? productFunction("f32") : "") + /* wgsl */ `
fn flush(bits: u32) -> u32 { return select(bits, 0u, (bits & 0x7f800000u) == 0u); }

/// A float in units, to the nearest integer, ties to even.
fn units_of(bits: u32) -> vec2<u32> {
  let exponent = (bits >> 23u) & 0xffu;
  if (exponent == 0u) { return vec2(0u); }
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  let shift = i32(exponent) - 150 + unit[0];
  var value = vec2(mantissa, 0u);
  if (shift >= 0) {
    let left = u32(shift);
    // At most 28, as one addend has at most 52 bits.
    value = vec2(mantissa << left, select(mantissa >> (32u - left), 0u, left == 0u));
  } else {
    let right = u32(-shift);
    if (right > 24u) { return vec2(0u); }
    let rest = mantissa & ((1u << right) - 1u);
    let half = 1u << (right - 1u);
    let whole = mantissa >> right;
    value.x = whole + select(0u, 1u, rest > half || (rest == half && (whole & 1u) == 1u));
  }
  if (bits >> 31u == 1u) { value = vec2(~value.x + 1u, ~value.y + select(0u, 1u, value.x == 0u)); }
  return value;
}`,
    body: /* wgsl */ `
  let i = index / ${dim}u;
  if (i >= p.n) { return; }
  let bag = ${offsets ? "bag_of(i)" : "i"};
  let table = bag % p.tables;
  let id = ids[i];
  if (${offsets ? "bag == 0xffffffffu || " : ""}!is_live(table, id)) { return; }
  let element = index % ${dim}u;
  let key = row_key(id / ${rowsPerBlock}u, records[table * 8u], records[table * 8u + 1u]);
  let inside = id % ${rowsPerBlock}u * ${dim}u + element;
  let block = element / ${z}u;
  var slot = block_start(key, block, p.modulus) + inside - block * ${z}u;
  if (slot >= p.size) { slot -= p.size; }
  var bits = flush(grads[bag * ${dim}u + element]);
  ${
      factor
        ? `var factor = ${weights ? "factors[i]" : "1.0"};
  ${
          mean
            ? `let share = one_over(live_count(bag, table));
  factor = ${weights ? "rounded_product(factor, share)" : "share"};`
            : ""
        }
  bits = flush(bitcast<u32>(rounded_product(factor, bitcast<f32>(bits))));`
        : ""
    }
  ${
      times
        ? "bits = flush(bitcast<u32>(rounded_product(bitcast<f32>(bits), bitcast<f32>(records[table * 8u + 5u]))));"
        : ""
    }
  ${layout.sign ? "bits ^= sign_bits(key, inside, 1u) << 31u;" : ""}
  var units = units_of(bits);
  if (unit[1] != 0) { units = vec2(1u, 0u); }
  let before = atomicAdd(&low[slot], units.x);
  let carried = units.y + select(0u, 1u, before + units.x < before);
  if (carried != 0u) { atomicAdd(&high[slot], carried); }`,
  });
}

/** Sums as floats, rounded once; one thread per slot. Leaves zeros for the next step. */
export function fixedRuleKernel(kind: number): WgslKernel {
  const segments = kind === SEGMENT_KIND;
  const update = segments
    ? /* wgsl */ `
  squares[local] = g * g;
  workgroupBarrier();
  let mean = segment_mean(local, group_index * ${WORKGROUP}u);
  if (mean != 0.0) { move_slots(index, g, p.rate / (sqrt(state1[index >> 5u] + mean) + p.epsilon)); }
  storageBarrier();
  if ((index & 31u) == 0u && mean != 0.0) { state1[index >> 5u] += mean; }`
    : `if (${isDense(kind) ? "index < p.size" : "touched"}) { move_slots(index, g); }`;
  return kernelOf({
    label: `robe-array/update.fixed[${kind}]`,
    parameters: RULE_PARAMETERS,
    buffers: [
      ["low", "u32", "read-write"],
      ["high", "u32", "read-write"],
      ["unit", "i32"],
      ...ruleBuffers(kind, "f32"),
    ],
    scope: ruleFunction(kind, "f32", true) + (segments ? segmentFunction(1, WORKGROUP) : "") + /* wgsl */ `
/// The float nearest to a sum, ties to even; zero instead of subnormal ones.
fn float_of(low_word: u32, high_word: u32) -> f32 {
  let negative = high_word >> 31u;
  var lo = low_word;
  var hi = high_word;
  if (negative == 1u) {
    lo = ~lo + 1u;
    hi = ~hi + select(0u, 1u, lo == 0u);
  }
  // Shifted so that the leading bit is on top.
  let zeros = select(32u + countLeadingZeros(lo), countLeadingZeros(hi), hi != 0u);
  if (zeros == 64u) { return 0.0; }
  if (zeros >= 32u) {
    hi = lo << (zeros - 32u);
    lo = 0u;
  } else if (zeros > 0u) {
    hi = (hi << zeros) | (lo >> (32u - zeros));
    lo <<= zeros;
  }
  var mantissa = hi >> 8u;
  let half = (hi >> 7u) & 1u;
  let more = (hi & 0x7fu) != 0u || lo != 0u;
  mantissa += select(0u, 1u, half == 1u && (more || (mantissa & 1u) == 1u));
  // A mantissa of 2^24 carries into the exponent.
  let exponent = 63 - i32(zeros) - unit[0] + 127 + i32(mantissa >> 24u);
  mantissa = select(mantissa, mantissa >> 1u, mantissa >> 24u == 1u);
  if (exponent <= 0) { return 0.0; }
  if (exponent >= 255) { return bitcast<f32>((negative << 31u) | 0x7f800000u | p.zero); }
  return bitcast<f32>((negative << 31u) | (u32(exponent) << 23u) | (mantissa & 0x7fffffu));
}`,
    body: /* wgsl */ `
  var g = 0.0;
  var touched = false;
  if (index < p.size) {
    let lo = low[index];
    let hi = high[index];
    touched = (lo | hi) != 0u;
    if (touched) {
      low[index] = 0u;
      high[index] = 0u;
      g = float_of(lo, hi);
      if (unit[1] != 0) { g = bitcast<f32>(0x7fc00000u | p.zero); }
    }
  }
  ${update}`,
  });
}

/** Variants that stand for all in the test that compiles every kernel. */
export function allKernels(): WgslKernel[] {
  const flags = [false, true];
  const scatters = SAMPLE_LAYOUTS.flatMap((options) =>
    flags.flatMap((scaled) =>
      flags.flatMap((weights) =>
        [[false, false], [true, false], [true, true]].map(([offsets, mean]) =>
          scatterKernel({ layout: robeLayout(options), dim: 16, scaled, weights, offsets: offsets!, mean: mean! })
        )
      )
    )
  );
  return [...scatters, ...[0, 1, 2, 3, 4].map(fixedRuleKernel)];
}
