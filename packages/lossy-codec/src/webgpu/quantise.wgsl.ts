/**
 * First half of encoding: what values a chunk has, their codes, and which rows are equal.
 *
 * @module
 */
import type { WgslKernel } from "@pocketrec/compute";
import { elementScope, kernelOf, SCAN_SCOPE, STATE_SCOPE, STEP_SCOPE } from "./_parts.wgsl.ts";
import { STATISTICS_WORDS, STEP_WORDS, WORKGROUP } from "./layout.ts";

const dtypes = [["f32", false], ["f16", true]] as const;
type ByDtype = Readonly<Record<"f32" | "f16", WgslKernel>>;

function perDtype(make: (name: string, half: boolean) => WgslKernel): ByDtype {
  return Object.fromEntries(dtypes.map(([name, half]) => [name, make(name, half)])) as unknown as ByDtype;
}

/** Rows of a workgroup: `lanes` threads share one. Threads beyond the last tile do nothing, but meet all barriers. */
const TILE = /* wgsl */ `
  let inside = group_index < p.tiles;
  let chunk = chunk_at(min(group_index, p.tiles - 1u), TILE_BASE);
  let shift = field(chunk, LANE_SHIFT);
  let rows = field(chunk, ROWS);
  let d = field(chunk, D);
  let first_row = (group_index - field(chunk, TILE_BASE)) * (${WORKGROUP}u >> shift);`;

/** Greatest finite magnitude of each chunk, and least and greatest pattern. */
export const rangeKernels: ByDtype = perDtype((name, half) =>
  kernelOf({
    label: `lossy-codec/encode.range[${name}]`,
    parameters: ["chunks", "tiles"],
    buffers: [["source", "u32"], ["state", "atomic<u32>", "read-write"]],
    scope: /* wgsl */ `
${STATE_SCOPE}
${elementScope(half)}
var<workgroup> w_greatest: atomic<u32>;
var<workgroup> w_bits: atomic<u32>;
var<workgroup> w_inverted: atomic<u32>;`,
    body: /* wgsl */ `
${TILE}
  // Nobody asks what a raw chunk holds.
  let looks = inside && (field(chunk, FLAGS) & 15u) != CODER_RAW;
  let end = select(0u, min(first_row + (${WORKGROUP}u >> shift), rows) * d, looks);
  let src = field(chunk, SRC);
  var greatest = 0u;
  var bits = 0u;
  var inverted = 0u;
  for (var i = first_row * d + local; i < end; i += ${WORKGROUP}u) {
    let raw = raw_element(src, i);
    bits = max(bits, raw);
    inverted = max(inverted, ~raw);
    let magnitude = value_bits(raw) & 0x7fffffffu;
    if (magnitude < 0x7f800000u) { greatest = max(greatest, magnitude); }
  }
  atomicMax(&w_greatest, greatest);
  atomicMax(&w_bits, bits);
  atomicMax(&w_inverted, inverted);
  workgroupBarrier();
  if (local == 0u && inside) {
    atomicMax(&state[state_at(chunk, S_GREATEST)], atomicLoad(&w_greatest));
    atomicMax(&state[state_at(chunk, S_BITS)], atomicLoad(&w_bits));
    atomicMax(&state[state_at(chunk, S_BITS_INVERTED)], atomicLoad(&w_inverted));
  }`,
  })
);

/** `step_index(chunk)`: where in `plan` the step for the chunk's greatest magnitude is. */
export const CHOICE_SCOPE: string = /* wgsl */ `
fn step_index(chunk: u32) -> u32 {
  let unit = field(chunk, UNIT);
  let greatest = statistic(chunk, S_GREATEST);
  var at = unit + 2u;
  for (var left = plan[unit]; left > 1u && greatest > plan[at]; left--) { at += ${STEP_WORDS}u; }
  return at;
}`;

/**
 * Codes, and a hash of each row. Of a row that escapes, `codes` gets the elements' patterns.
 *
 * Rounding is done as in the specification's section 1.1: a first guess from a product that may be rounded either way, then an
 * exact remainder corrects it. Comparisons are of patterns, as WGSL allows that no infinity and no NaN is told from others.
 */
export const quantiseKernels: ByDtype = perDtype((name, half) =>
  kernelOf({
    label: `lossy-codec/encode.quantise[${name}]`,
    parameters: ["chunks", "tiles", "rows"],
    buffers: [
      ["source", "u32"],
      ["state", "atomic<u32>", "read-write"],
      ["codes", "i32", "read-write"],
      ["row_words", "u32", "read-write"],
    ],
    scope: /* wgsl */ `
${STATE_SCOPE}
${elementScope(half)}
${STEP_SCOPE}
${CHOICE_SCOPE}
// Whether threads met an escape, then their hashes.
var<workgroup> w_lanes: array<u32, ${WORKGROUP}>;
var<workgroup> w_code: atomic<u32>;
var<workgroup> w_inverted: atomic<u32>;

// Sums over a row, so threads can share it.
fn word_hash(word: u32, at: u32) -> u32 {
  var hash = (word ^ (at * 0x9e3779b1u + 0x165667b1u)) * 0x85ebca77u;
  hash = (hash ^ (hash >> 15u)) * 0xc2b2ae3du;
  return hash ^ (hash >> 13u);
}

struct Step { bits: u32, inverse: f32, top: i32, limit: u32 }

// The code of a finite magnitude below the limit.
fn code_of(magnitude: u32, step: Step) -> i32 {
  let half_bits = step.bits - 0x800000u;
  if (magnitude <= step.bits) { return select(0, 1, magnitude > half_bits); }
  let x = bitcast<f32>(magnitude);
  let unit = bitcast<f32>(step.bits);
  let half_unit = bitcast<f32>(half_bits);
  // A large step has an inverse scaled by 2^64, so that it is no subnormal number.
  let guess = round(x * select(1.0, 5.421010862427522e-20, step.bits >= 0x5f800000u) * step.inverse);
  let rest = x - guess * unit;
  let code = i32(guess);
  if (rest > half_unit) { return code + 1; }
  if (rest < -half_unit) { return code - 1; }
  if ((code & 1) == 1) {
    if (rest == half_unit) { return code + 1; }
    if (rest == -half_unit) { return code - 1; }
  }
  return code;
}`,
    body: /* wgsl */ `
${TILE}
  let lanes = 1u << shift;
  let lane = local & (lanes - 1u);
  let row = first_row + (local >> shift);
  let works = inside && row < rows && field(chunk, UNIT) != 0u;
  let src = field(chunk, SRC);
  let elements = field(chunk, ELEMENT_BASE) + row * d;
  var escapes = false;
  var code_hash = 0u;
  var raw_hash = 0u;
  var low = 0x7fffffff;
  var high = -0x7fffffff;
  if (works) {
    let at = step_index(chunk);
    let step = Step(plan[at + 1u], bitcast<f32>(plan[at + 2u]), i32(plan[at + 3u]), plan[at + 4u]);
    let bound = bitcast<f32>(plan[field(chunk, UNIT) + 1u]);
    for (var i = lane; i < d; i += lanes) {
      let raw = raw_element(src, row * d + i);
      let bits = value_bits(raw);
      let magnitude = bits & 0x7fffffffu;
      var code = 0;
      if (magnitude >= step.limit) {
        escapes = true;
      } else {
        code = code_of(magnitude, step);
        if (code > step.top) { escapes = true; }
        ${
      half
        ? /* wgsl */ `
        let restored = single_to_half(multiple(code, step.bits));
        // Both are f16 numbers within a factor of two, or one is 0: the difference is exact.
        if (restored >= 0x7c00u ||
          abs(bitcast<f32>(magnitude) - bitcast<f32>(half_to_single(restored))) > bound) { escapes = true; }`
        : "_ = bound;"
    }
        if ((bits & 0x80000000u) != 0u) { code = -code; }
      }
      codes[elements + i] = code;
      low = min(low, code);
      high = max(high, code);
      code_hash += word_hash(bitcast<u32>(code), i);
      raw_hash += word_hash(raw, i);
    }
  }
  w_lanes[local] = select(0u, 1u, escapes);
  workgroupBarrier();
  let leader = local - lane;
  var row_escapes = 0u;
  for (var i = 0u; i < lanes; i++) { row_escapes |= w_lanes[leader + i]; }
  workgroupBarrier();
  w_lanes[local] = select(code_hash, raw_hash, row_escapes != 0u);
  if (works) {
    if (row_escapes != 0u) {
      for (var i = lane; i < d; i += lanes) { codes[elements + i] = bitcast<i32>(raw_element(src, row * d + i)); }
    } else {
      atomicMax(&w_code, bitcast<u32>(high) ^ 0x80000000u);
      atomicMax(&w_inverted, ~(bitcast<u32>(low) ^ 0x80000000u));
    }
  }
  workgroupBarrier();
  if (works && lane == 0u) {
    var hash = row_escapes;
    for (var i = 0u; i < lanes; i++) { hash += w_lanes[leader + i]; }
    let at = field(chunk, ROW_BASE) + row;
    row_words[at] = (hash ^ (hash >> 16u)) * 0x9e3779b1u;
    row_words[p.rows + at] = row_escapes;
  }
  if (local == 0u && inside) {
    atomicMax(&state[state_at(chunk, S_CODE)], atomicLoad(&w_code));
    atomicMax(&state[state_at(chunk, S_CODE_INVERTED)], atomicLoad(&w_inverted));
  }`,
  })
);

/**
 * Enters rows into tables of at least twice as many slots: a slot is claimed by one row, and keeps the first of all rows that are
 * equal to it. Where a slot's rows end up depends on no order, as claimed slots stay.
 */
export const insertKernel: WgslKernel = kernelOf({
  label: "lossy-codec/encode.insert",
  parameters: ["chunks", "rows"],
  buffers: [
    ["codes", "i32"],
    ["row_words", "u32", "read-write"],
    ["slots", "atomic<u32>", "read-write"],
  ],
  scope: /* wgsl */ `
fn equal_rows(chunk: u32, a: u32, b: u32) -> bool {
  let base = field(chunk, ROW_BASE);
  if (row_words[base + a] != row_words[base + b] || row_words[p.rows + base + a] != row_words[p.rows + base + b]) {
    return false;
  }
  let d = field(chunk, D);
  let first = field(chunk, ELEMENT_BASE) + a * d;
  let second = field(chunk, ELEMENT_BASE) + b * d;
  for (var i = 0u; i < d; i++) { if (codes[first + i] != codes[second + i]) { return false; } }
  return true;
}`,
  body: /* wgsl */ `
  if (index >= p.rows) { return; }
  let chunk = chunk_at(index, ROW_BASE);
  if ((field(chunk, FLAGS) & FLAG_DICT) == 0u || field(chunk, UNIT) == 0u) { return; }
  let row = index - field(chunk, ROW_BASE);
  let bits = field(chunk, SLOT_BITS);
  let first_slot = field(chunk, SLOT_BASE);
  var slot = row_words[index] >> (32u - bits);
  loop {
    let at = 2u * (first_slot + slot);
    var claimed = atomicLoad(&slots[at]);
    if (claimed == 0u) {
      let exchange = atomicCompareExchangeWeak(&slots[at], 0u, row + 1u);
      claimed = select(exchange.old_value, row + 1u, exchange.exchanged);
      // It may fail for no reason.
      if (claimed == 0u) { continue; }
    }
    if (claimed == row + 1u || equal_rows(chunk, claimed - 1u, row)) {
      atomicMax(&slots[at + 1u], ~row);
      row_words[2u * p.rows + index] = at + 1u;
      return;
    }
    slot = (slot + 1u) & ((1u << bits) - 1u);
  }`,
});

/**
 * Numbers the stored rows of each chunk in the order of their first occurrence; one workgroup per chunk.
 *
 * `row_words` gets, each as long as there are rows: 0 the row of each stored row, 3 the number of each row's stored row (top bit:
 * it is new), 4 the rows with codes, 5 the rows that escaped.
 */
export const numberKernel: WgslKernel = kernelOf({
  label: "lossy-codec/encode.number",
  parameters: ["chunks", "rows"],
  buffers: [
    ["state", "atomic<u32>", "read-write"],
    ["row_words", "u32", "read-write"],
    ["slots", "u32"],
  ],
  scope: /* wgsl */ `
${STATE_SCOPE}
${SCAN_SCOPE}`,
  body: /* wgsl */ `
  if (group_index >= p.chunks) { return; }
  let chunk = group_index;
  if (field(chunk, UNIT) == 0u) { return; }
  let rows = field(chunk, ROWS);
  let base = field(chunk, ROW_BASE);
  let dict = (field(chunk, FLAGS) & FLAG_DICT) != 0u;
  // Low half: new rows. High half: those of them that escaped. Up to 65,536 rows, so each has a sum of its own.
  var unique = 0u;
  var escaped = 0u;
  for (var block = 0u; block < rows; block += ${WORKGROUP}u) {
    let row = block + local;
    let at = base + row;
    var first = row;
    var escapes = 0u;
    if (row < rows) {
      escapes = row_words[p.rows + at];
      if (dict) { first = ~slots[row_words[2u * p.rows + at]]; }
    }
    let is_new = row < rows && first == row;
    let value = select(0u, 1u + (escapes << 16u), is_new);
    let before = scan(local, value) - value;
    let id = unique + (before & 0xffffu);
    if (is_new) {
      row_words[3u * p.rows + at] = id | 0x80000000u;
      row_words[base + id] = row;
      let rank = escaped + (before >> 16u);
      if (escapes != 0u) { row_words[5u * p.rows + base + rank] = row; }
      else { row_words[4u * p.rows + base + id - rank] = row; }
    }
    storageBarrier();
    if (row < rows && !is_new) {
      row_words[3u * p.rows + at] = row_words[3u * p.rows + base + first] & 0x7fffffffu;
    }
    unique += w_scan[${WORKGROUP - 1}u] & 0xffffu;
    escaped += w_scan[${WORKGROUP - 1}u] >> 16u;
  }
  if (local == 0u) {
    atomicStore(&state[state_at(chunk, S_UNIQUE)], unique);
    atomicStore(&state[state_at(chunk, S_ESCAPED)], escaped);
  }`,
});

/** u32 of `state` per chunk, its result included. */
export const STATE_WORDS: number = 1 + STATISTICS_WORDS;
