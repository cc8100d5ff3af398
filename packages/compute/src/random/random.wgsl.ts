import type { WgslKernel } from "../webgpu/kernel.ts";

/** Threads of a workgroup. */
export const THREADS = 256;

/** Philox 4x32-10 in WGSL: `philox4x32(counter: vec4u, key: vec2u) -> vec4u`; see `philox4x32` in TypeScript. */
export const PHILOX: string = /* wgsl */ `
fn mul_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);
  let other = a_low * b_high + (middle & 0xffffu);
  return a_high * b_high + (middle >> 16u) + (other >> 16u);
}

fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high0 = mul_high(0xd2511f53u, c.x);
    let high1 = mul_high(0xcd9e8d57u, c.z);
    c = vec4u(high1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
`;

/** Uniform floats: one thread per counter, which is four elements of the stream. */
export const UNIFORM: WgslKernel = {
  label: "compute/random[uniform]",
  parameters: ["u32", "u32", "u32", "u32", "u32", "u32", "u32", "f32", "f32", "u32"],
  buffers: ["read-write"],
  code: /* wgsl */ `
struct Parameters {
  size: u32,
  lead: u32,        // elements of the first counter that lie before the output
  first_low: u32,   // the first counter
  first_high: u32,
  stream: u32,
  seed_low: u32,
  seed_high: u32,
  middle: f32,
  unit: f32,        // width of the range / 2^24
  zero: u32,        // 0
}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
${PHILOX}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let t = (group.x + group.y * groups.x) * ${THREADS}u + local;
  if (t * 4u >= p.size + p.lead) { return; }
  let low = p.first_low + t;
  let high = p.first_high + u32(low < t);
  let words = philox4x32(vec4u(low, high, p.stream, 0u), vec2u(p.seed_low, p.seed_high));
  for (var lane = 0u; lane < 4u; lane++) {
    let at = t * 4u + lane;
    if (at < p.lead || at >= p.size + p.lead) { continue; }
    let product = f32(i32(words[lane] >> 8u) - 8388608) * p.unit;
    // A value that the compiler cannot see through: otherwise it may fuse product and sum, which rounds differently.
    out[at - p.lead] = bitcast<f32>(bitcast<u32>(product) ^ p.zero) + p.middle;
  }
}
`,
};
