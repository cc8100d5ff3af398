/**
 * Text that the codec's kernels share.
 *
 * @module
 */
import type { Access, ParameterType, WgslKernel } from "@pocketrec/compute";
import { DESCRIPTOR_WORDS, FIELDS, FLAG, STATISTICS, STATISTICS_WORDS, wgslConstants, WORKGROUP } from "./layout.ts";

/** A storage buffer of a kernel. */
export type Buffer = readonly [name: string, element: string, access?: Access];

/** A kernel before its declarations are written out. */
export interface KernelText {
  readonly label: string;
  readonly parameters: readonly string[];
  readonly buffers: readonly Buffer[];
  readonly threads?: number;
  /** Module scope. */
  readonly scope?: string;
  /** Body of `main`, which knows `group_index`, `local` and `index`, the thread's number. */
  readonly body: string;
}

/** Writes a kernel out. All parameters are u32. `plan`, the first buffer of every kernel, begins with the descriptors. */
export function kernelOf(
  { label, parameters, buffers, threads = WORKGROUP, scope = "", body }: KernelText,
): WgslKernel {
  const bound: readonly Buffer[] = [["plan", "u32"], ...buffers];
  return {
    label,
    parameters: parameters.map((): ParameterType => "u32"),
    buffers: bound.map(([, , access = "read"]) => access),
    code: /* wgsl */ `
struct Parameters { ${parameters.map((name) => `${name}: u32`).join(", ")} }
@group(0) @binding(0) var<uniform> p: Parameters;
${
      bound.map(([name, element, access = "read"], i) =>
        `@group(0) @binding(${i + 1}) var<storage, ${
          access === "read" ? "read" : "read_write"
        }> ${name}: array<${element}>;`
      ).join("\n")
    }
${CONSTANTS}
${scope}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let group_index = group.x + group.y * groups.x;
  let index = group_index * ${threads}u + local;
  ${body}
}
`,
  };
}

const CONSTANTS = /* wgsl */ `
${wgslConstants(FIELDS)}
${wgslConstants(FLAG, "FLAG_")}
${wgslConstants({ RAW: 0, CONST: 1, PACK: 2, HUFF: 3, ANS: 4 }, "CODER_")}

fn field(chunk: u32, name: u32) -> u32 { return plan[chunk * ${DESCRIPTOR_WORDS}u + name]; }

// The last chunk whose base is not above the index.
fn chunk_at(index: u32, base: u32) -> u32 {
  var low = 0u;
  var high = p.chunks;
  while (high - low > 1u) {
    let middle = (low + high) >> 1u;
    if (field(middle, base) <= index) { low = middle; } else { high = middle; }
  }
  return low;
}

// Bits that a value up to n takes.
fn bits_for(n: u32) -> u32 { return 32u - countLeadingZeros(n); }

fn group_symbols(d: u32, count: u32) -> u32 {
  if (d > 4096u) { return 4096u; }
  let least = select(1024u, 2048u, count >= 32768u);
  return d * ((least + d - 1u) / d);
}`;

/** Statistics of chunks, behind the chunks' results in `state`. */
export const STATE_SCOPE: string = /* wgsl */ `
${wgslConstants(STATISTICS, "S_")}
fn state_at(chunk: u32, name: u32) -> u32 { return p.chunks + chunk * ${STATISTICS_WORDS}u + name; }
fn statistic(chunk: u32, name: u32) -> u32 { return atomicLoad(&state[state_at(chunk, name)]); }`;

/** Elements in `source`: f32, or pairs of f16. `raw_element` is an element's pattern, `value_bits` that of the f32 it stands for. */
export function elementScope(half: boolean): string {
  return /* wgsl */ `
const ELEMENT_BYTES = ${half ? 2 : 4}u;
${
    half
      ? /* wgsl */ `
fn raw_element(first: u32, i: u32) -> u32 { return (source[first + (i >> 1u)] >> ((i & 1u) * 16u)) & 0xffffu; }`
      : /* wgsl */ `fn raw_element(first: u32, i: u32) -> u32 { return source[first + i]; }`
  }
${HALF_SCOPE}
fn value_bits(raw: u32) -> u32 { return ${half ? "half_to_single(raw)" : "raw"}; }`;
}

/** Half precision by integers: WGSL leaves rounding and subnormal numbers open. */
export const HALF_SCOPE: string = /* wgsl */ `
fn half_to_single(half: u32) -> u32 {
  let sign = (half & 0x8000u) << 16u;
  let magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) { return sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13u); }
  if (magnitude >= 0x400u) { return sign | ((magnitude << 13u) + (112u << 23u)); }
  if (magnitude == 0u) { return sign; }
  let exponent = firstLeadingBit(magnitude);
  return sign | ((exponent + 103u) << 23u) | ((magnitude << (23u - exponent)) & 0x7fffffu);
}

// To nearest, ties to even; infinity from 65520 on.
fn single_to_half(single: u32) -> u32 {
  let sign = (single >> 16u) & 0x8000u;
  let magnitude = single & 0x7fffffffu;
  if (magnitude >= 0x47800000u) { return sign | 0x7c00u; }
  if (magnitude >= 0x38800000u) {
    return sign | ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - (112u << 23u)) >> 13u);
  }
  let exponent = magnitude >> 23u;
  if (exponent < 102u) { return sign; }
  let mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  let shift = 126u - exponent;
  return sign | ((mantissa + (1u << (shift - 1u)) - 1u + ((mantissa >> shift) & 1u)) >> shift);
}`;

/** The pattern of `code * step` as f32, by integers: exact, and infinite where it overflows. `max_code` is that of a step. */
export const STEP_SCOPE: string = /* wgsl */ `
fn max_code(step: u32) -> u32 { return (1u << min(21u, countTrailingZeros(step | 0x800000u))) - 1u; }

fn multiple(code: i32, step: u32) -> u32 {
  if (code == 0) { return 0u; }
  let zeros = countTrailingZeros(step | 0x800000u);
  let product = u32(abs(code)) * (((step & 0x7fffffu) | 0x800000u) >> zeros);
  let top = firstLeadingBit(product);
  let exponent = top + zeros + (step >> 23u) - 23u;
  let magnitude = select(((exponent - 1u) << 23u) + (product << (23u - min(top, 23u))), 0x7f800000u, exponent >= 255u);
  return magnitude | select(0u, 0x80000000u, code < 0);
}`;

/** `scan(local, value)`: inclusive sum over the workgroup's threads; `w_scan[255]` then has the sum of all. */
export const SCAN_SCOPE: string = /* wgsl */ `
var<workgroup> w_scan: array<u32, ${WORKGROUP}>;
fn scan(local: u32, value: u32) -> u32 {
  workgroupBarrier();
  w_scan[local] = value;
  workgroupBarrier();
  for (var step = 1u; step < ${WORKGROUP}u; step <<= 1u) {
    var add = 0u;
    if (local >= step) { add = w_scan[local - step]; }
    workgroupBarrier();
    w_scan[local] += add;
    workgroupBarrier();
  }
  return w_scan[local];
}`;

/**
 * XXH32 of `words` u32 that `hashed_word(at, i)` reads, and what it takes. `seed` 0 for blocks.
 *
 * @param suffix Of the names.
 * @param word Expression of word `at + i`.
 */
export function hashScope(suffix: string, word: string): string {
  return /* wgsl */ `
fn rotate${suffix}(x: u32, by: u32) -> u32 { return (x << by) | (x >> (32u - by)); }
fn hash${suffix}(at: u32, count: u32, seed: u32) -> u32 {
  var i = 0u;
  var hash = seed + 374761393u;
  if (count >= 4u) {
    var lanes = vec4(seed + 606290984u, seed + 2246822519u, seed, seed - 2654435761u);
    for (; i + 4u <= count; i += 4u) {
      let j = at + i;
      var mixed = lanes + vec4(${word}, ${word.replaceAll("(j)", "(j + 1u)")}, ${word.replaceAll("(j)", "(j + 2u)")}, ${
    word.replaceAll("(j)", "(j + 3u)")
  }) * 2246822519u;
      lanes = ((mixed << vec4(13u)) | (mixed >> vec4(19u))) * 2654435761u;
    }
    hash = rotate${suffix}(lanes.x, 1u) + rotate${suffix}(lanes.y, 7u) + rotate${suffix}(lanes.z, 12u) +
      rotate${suffix}(lanes.w, 18u);
  }
  hash += count * 4u;
  for (; i < count; i++) {
    let j = at + i;
    hash = rotate${suffix}(hash + ${word} * 3266489917u, 17u) * 668265263u;
  }
  hash = (hash ^ (hash >> 15u)) * 2246822519u;
  hash = (hash ^ (hash >> 13u)) * 3266489917u;
  return hash ^ (hash >> 16u);
}`;
}
