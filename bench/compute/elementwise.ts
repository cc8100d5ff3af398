/**
 * Operators that memory binds: sums, losses, one step of the dense optimisers, random numbers.
 *
 * @module
 */
import {
  type AnyDevice,
  axpy,
  bceWithLogits,
  type DenseOptimizer,
  denseStates,
  denseUpdate,
  randomUniform,
  sumSquares,
} from "@pocketrec/compute";
import { type JsonObject, microseconds, nanosecondsPer } from "../harness.ts";
import { type ComputeCases, type ComputeContext, onDevice } from "./case.ts";

/** Dense parameters of DLRM at Kaggle's configuration. */
const PARAMETERS = 475_985;

/** See `ComputeCases`. */
export const cases: ComputeCases = async function* (context) {
  const devices = [...context.cpuDevices.filter((device) => !device.blas), ...(context.gpu ? [context.gpu] : [])];
  for (const device of devices) {
    yield* memoryCases(context, device);
    yield* lossCases(context, device);
  }
};

function peers(context: ComputeContext, device: AnyDevice, spec: JsonObject) {
  return device.kind === "cpu" ? context.torch([{ ...spec, threads: device.threads }]) : [];
}

async function* memoryCases(context: ComputeContext, device: AnyDevice): ReturnType<ComputeCases> {
  const n = PARAMETERS, tail = `${n}, ${context.describe(device)}`;
  using params = device.tensor("f32", [n]);
  using grads = device.tensor("f32", [n]);
  using total = device.tensor("f32", [1]);
  const states = [device.tensor("f32", [n]), device.tensor("f32", [n])];
  randomUniform(grads, { seed: 1, low: -1 });
  yield {
    case: `uniform random ${tail}`,
    ours: onDevice(device, () => randomUniform(params, { seed: 1 })),
    baselines: peers(context, device, { op: "uniform", n }),
    measure: nanosecondsPer("element", n),
  };
  yield {
    case: `axpy ${tail}`,
    ours: onDevice(device, () => axpy(1e-3, grads, params)),
    baselines: peers(context, device, { op: "axpy", n }),
    measure: microseconds,
  };
  yield {
    case: `sum of squares ${tail}`,
    ours: onDevice(device, () => sumSquares(grads, total)),
    baselines: peers(context, device, { op: "sum_squares", n }),
    measure: microseconds,
  };
  const optimizers: DenseOptimizer[] = [
    { kind: "sgd" },
    { kind: "adagrad", epsilon: 1e-10 },
    { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 100 },
  ];
  for (const optimizer of optimizers) {
    const own = states.slice(0, denseStates(optimizer.kind));
    yield {
      case: `${optimizer.kind} step ${tail}`,
      ours: onDevice(device, () => denseUpdate(params, grads, optimizer, own, 1e-3)),
      baselines: peers(context, device, { op: "dense_update", n, optimizer: optimizer.kind }),
      measure: microseconds,
    };
  }
  for (const state of states) state[Symbol.dispose]();
}

async function* lossCases(context: ComputeContext, device: AnyDevice): ReturnType<ComputeCases> {
  const n = 2048;
  using logits = device.tensor("f32", [n]);
  using labels = device.tensor("f32", [n], { data: Float32Array.from({ length: n }, (_, i) => Number(i % 4 === 0)) });
  using gradLogits = device.tensor("f32", [n]);
  using lossSum = device.tensor("f32", [2]);
  randomUniform(logits, { seed: 1, low: -4, high: 4 });
  yield {
    case: `bce with gradient, batch ${n}, ${context.describe(device)}`,
    ours: onDevice(device, () => bceWithLogits(logits, labels, { gradLogits, lossSum, gradScale: 1 / n })),
    baselines: peers(context, device, { op: "bce", n }),
    measure: microseconds,
  };
}
