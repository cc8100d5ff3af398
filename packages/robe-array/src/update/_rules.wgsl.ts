/**
 * The rules of robe_optimizer.ts in WGSL.
 *
 * @module
 */
import { type Buffer, productFunction } from "./_parts.wgsl.ts";

/** Parameters that rules need. */
export const RULE_PARAMETERS = {
  size: "u32",
  rate: "f32",
  epsilon: "f32",
  blend1: "f32",
  blend2: "f32",
  zero: "u32",
} as const;

/** Number of the rule with a state per segment. */
export const SEGMENT_KIND = 3;

/** Whether a rule moves slots without gradient. */
export function isDense(kind: number): boolean {
  return kind === 1 || kind === 4;
}

/** Array and states of a rule. */
export function ruleBuffers(kind: number, vector: string): readonly (Buffer | false)[] {
  return [
    ["weights", vector, "read-write"],
    kind !== 0 && ["state1", kind === SEGMENT_KIND ? "f32" : vector, "read-write"],
    kind === 4 && ["state2", vector, "read-write"],
  ];
}

/**
 * `move_slots(at, g)`: updates the slots of vector `at`. Segment-adagrad's has `rate / (sqrt(m) + epsilon)` as third
 * argument.
 *
 * @param flushed subnormal numbers count as zeros in sgd and momentum, so that every device agrees
 */
export function ruleFunction(kind: number, vector: string, flushed: boolean): string {
  const words = vector.replace("f32", "u32");
  const flush = (x: string) => flushed ? `flush(${x})` : x;
  const product = (a: string, b: string) => flush(`rounded_product(${a}, ${b})`);
  const subtract = (x: string) =>
    `weights[at] = ${flush(`${flush("weights[at]")} - ${product(`${vector}(p.rate)`, x)}`)};`;
  // WGSL may assume that no number is NaN, so zeros are told by their bits.
  const isZero = (x: string) => `((bitcast<${words}>(${x}) & ${words}(0x7fffffffu)) == ${words}(0u))`;
  const bodies = [
    subtract("g"),
    `let v = ${flush(`${product(`${vector}(p.blend1)`, flush("state1[at]"))} + g`)};
  state1[at] = v;
  ${subtract("v")}`,
    `let s = state1[at] + g * g;
  state1[at] = s;
  weights[at] -= select(p.rate * (g / (sqrt(s) + p.epsilon)), ${vector}(0.0), ${isZero("g")});`,
    "weights[at] -= quotient * g;",
    `var m = state1[at];
  var v = state2[at];
  m += (g - m) * p.blend1;
  v += (g * g - v) * p.blend2;
  state1[at] = m;
  state2[at] = v;
  weights[at] -= select(p.rate * (m / (sqrt(v) + p.epsilon)), ${vector}(0.0), ${isZero("m")});`,
  ];
  const flushText = /* wgsl */ `
fn flush(x: ${vector}) -> ${vector} {
  let bits = bitcast<${words}>(x);
  return select(x, ${vector}(0.0), (bits & ${words}(0x7f800000u)) == ${words}(0u));
}`;
  return (kind < 2 ? productFunction(vector) : "") + (kind < 2 && flushed ? flushText : "") + /* wgsl */ `
fn move_slots(at: u32, g: ${vector}${kind === SEGMENT_KIND ? ", quotient: f32" : ""}) {
  ${bodies[kind]}
}`;
}

/**
 * `segment_mean(i, first)`: mean square of the gradients in the segment of a workgroup's i-th vector, whose sums of squares
 * are in `squares`; `first` is the workgroup's first slot. 0 behind the array's end.
 *
 * @param slots slots of a workgroup
 */
export function segmentFunction(width: 1 | 4, slots: number): string {
  const vectors = 32 / width;
  return /* wgsl */ `
var<workgroup> squares: array<f32, ${slots / width}>;
fn segment_mean(i: u32, first: u32) -> f32 {
  if (first + i * ${width}u >= p.size) { return 0.0; }
  let leader = i / ${vectors}u * ${vectors}u;
  var sum = 0.0;
  for (var j = leader; j < leader + ${vectors}u; j++) { sum += squares[j]; }
  let slot = first + leader * ${width}u;
  return sum / f32(min(32u, p.size - slot));
}`;
}
