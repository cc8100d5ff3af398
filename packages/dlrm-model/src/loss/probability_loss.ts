import { type AnyDevice, lossTotal, type WgslKernel } from "@pocketrec/compute";
import { exp, log } from "@pocketrec/compute/detmath";
import type { LossConfig, LossTensors } from "./click_loss.ts";

/** Whole multiples of this are carried to the second element of the running sum, as by `bceWithLogits`. */
const CARRY = 4096;

/** Losses defined on the clamped probability instead of the logit: mean squared error, and thresholded cross-entropy. */
export function probabilityLoss(device: AnyDevice, config: LossConfig, tensors: LossTensors): void {
  const { logits, labels, gradLogits, lossSum } = tensors;
  const threshold = config.threshold ?? 0;
  const [w0, w1] = config.kind === "bce" ? config.classWeights ?? [1, 1] : [1, 1];
  switch (device.kind) {
    case "cpu": {
      const s = device.hostView(logits), y = device.hostView(labels);
      const gradient = device.hostView(gradLogits), sum = device.hostView(lossSum);
      let total = lossTotal(sum);
      for (let i = 0; i < y.length; i++) {
        const e = exp(-Math.abs(s[i]!));
        const sample = sampleLoss((s[i]! >= 0 ? 1 : e) / (1 + e), y[i]!, config.kind, threshold);
        const weight = w0 + y[i]! * (w1 - w0);
        total += weight * sample.loss;
        gradient[i] = weight * sample.gradient / y.length;
      }
      const carried = Math.floor(total / CARRY) * CARRY;
      sum[1] = carried;
      sum[0] = total - carried;
      return;
    }
    case "webgpu":
      return device.dispatch(
        KERNEL,
        [labels.size, Number(config.kind === "mse"), threshold, w0, w1],
        [logits, labels, gradLogits, lossSum],
        [1, 1, 1],
      );
    default:
      device satisfies never;
  }
}

/**
 * Loss of a probability and its derivative by the logit.
 *
 * @param p sigmoid of the logit
 */
export function sampleLoss(
  p: number,
  label: number,
  kind: LossConfig["kind"],
  threshold: number,
): { readonly loss: number; readonly gradient: number } {
  const clamped = Math.min(Math.max(p, threshold), 1 - threshold);
  const inside = clamped === p;
  if (kind === "mse") {
    const error = clamped - label;
    return { loss: error * error, gradient: inside ? 2 * error * p * (1 - p) : 0 };
  }
  const loss = -(label * log(clamped) + (1 - label) * log(1 - clamped));
  return { loss, gradient: inside ? p - label : 0 };
}

const THREADS = 256;

/** One workgroup over the batch: threads stride over samples, their sums meet in a fixed tree. */
const KERNEL: WgslKernel = {
  label: "dlrm-model/probability_loss",
  parameters: ["u32", "u32", "f32", "f32", "f32"],
  buffers: ["read", "read", "read-write", "read-write"],
  code: /* wgsl */ `
struct Parameters { batch: u32, mse: u32, threshold: f32, w0: f32, w1: f32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> sum: array<f32>;

var<workgroup> partial: array<f32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) local: u32) {
  var total = 0.0;
  for (var i = local; i < p.batch; i += ${THREADS}u) {
    let e = exp(-abs(logits[i]));
    let positive = logits[i] >= 0.0;
    let q = select(e, 1.0, positive) / (1.0 + e);
    let r = select(1.0, e, positive) / (1.0 + e); // 1 - q without cancellation
    let clamped = clamp(q, p.threshold, 1.0 - p.threshold);
    let inside = q >= p.threshold && r >= p.threshold;
    let y = labels[i];
    let weight = p.w0 + y * (p.w1 - p.w0);
    var loss = 0.0;
    var slope = 0.0;
    if (p.mse != 0u) {
      let error = clamped - y;
      loss = error * error;
      slope = 2.0 * error * q * r;
    } else {
      loss = -(y * log(clamped) + (1.0 - y) * log(1.0 - clamped));
      slope = q - y;
    }
    total += weight * loss;
    gradient[i] = select(0.0, weight * slope / f32(p.batch), inside);
  }
  partial[local] = total;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { partial[local] += partial[local + half]; }
  }
  if (local == 0u) {
    let low = sum[0] + partial[0];
    let carried = floor(low / ${CARRY}.0) * ${CARRY}.0;
    sum[0] = low - carried;
    sum[1] += carried;
  }
}
`,
};
