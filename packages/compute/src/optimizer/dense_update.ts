import { sameDevice } from "../device.ts";
import { checkDistinct, checkSize } from "../elementwise/_operands.ts";
import type { Tensor } from "../tensor.ts";
import { denseUpdateOnCpu } from "./dense_update_cpu.ts";
import { denseUpdateOnWebGpu } from "./dense_update_webgpu.ts";

/**
 * How parameters follow their gradient `g`, by PyTorch's formulas (`torch.optim.SGD`, `Adagrad`, `Adam`):
 *
 * | kind | rule | states |
 * | --- | --- | --- |
 * | sgd | `w -= lr g` | none |
 * | adagrad | `s += g^2; w -= lr g / (sqrt(s) + epsilon)` | s |
 * | adam | `m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v); w -= lr / (1 - beta1^step) m / (sqrt(v / (1 - beta2^step)) + epsilon)` | m, v |
 *
 * Each state has the shape of the parameters and starts at zero.
 */
export type DenseOptimizer =
  | { readonly kind: "sgd" }
  | { readonly kind: "adagrad"; readonly epsilon: number }
  | {
    readonly kind: "adam";
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    /** Number of this step, from 1 on. */
    readonly step: number;
  };

/** A step's scalars, folded in f64. */
export interface DenseScalars {
  /** Factor of the quotient. */
  readonly rate: number;
  /** Added to the root. */
  readonly epsilon: number;
  /** `1 - beta1`. */
  readonly blend1: number;
  /** `1 - beta2`. */
  readonly blend2: number;
  /** Factor of the root. */
  readonly root: number;
}

const STATES = { sgd: 0, adagrad: 1, adam: 2 } as const;

/** Number of state tensors that an optimiser keeps. */
export function denseStates(kind: DenseOptimizer["kind"]): number {
  return STATES[kind];
}

/**
 * One step of an optimiser on a tensor of parameters, in one pass over memory. Meant for a flat arena that holds all
 * dense layers at once; shapes do not matter, only numbers of elements.
 *
 * @param params f32; updated
 * @param grads f32, as many elements
 * @param states as {@linkcode DenseOptimizer} lists them, f32, as many elements each; updated
 * @throws {TypeError} where dtypes, sizes or the number of states do not fit, or tensors share memory
 * @throws {RangeError} where a hyperparameter is out of range
 */
export function denseUpdate(
  params: Tensor,
  grads: Tensor,
  optimizer: DenseOptimizer,
  states: readonly Tensor[],
  lr: number,
): void {
  const device = sameDevice("denseUpdate", [params, grads, ...states]);
  const want = STATES[optimizer.kind];
  if (states.length !== want) {
    throw new TypeError(`Cannot run denseUpdate with ${optimizer.kind} and ${states.length} states: want ${want}`);
  }
  checkSize("denseUpdate", "params", params, params.size);
  checkSize("denseUpdate", "grads", grads, params.size);
  states.forEach((state, at) => checkSize("denseUpdate", `states[${at}]`, state, params.size));
  checkDistinct("denseUpdate", [grads], [params, ...states]);
  const scalars = scalarsOf(optimizer, lr);
  if (params.size === 0) return;
  switch (device.kind) {
    case "cpu":
      return denseUpdateOnCpu(device, optimizer.kind, scalars, [params, grads, ...states]);
    case "webgpu":
      return denseUpdateOnWebGpu(device, optimizer.kind, scalars, [params, grads, ...states]);
    default:
      device satisfies never;
  }
}

function scalarsOf(optimizer: DenseOptimizer, lr: number): DenseScalars {
  const check = (name: string, value: number, ok: boolean, want: string) => {
    if (!ok) throw new RangeError(`Cannot run denseUpdate with ${name} ${value}: want ${want}`);
  };
  check("lr", lr, Number.isFinite(lr), "a finite number");
  if (optimizer.kind === "sgd") return { rate: lr, epsilon: 0, blend1: 0, blend2: 0, root: 1 };
  const { epsilon } = optimizer;
  check("epsilon", epsilon, epsilon >= 0 && epsilon < Infinity, "a number >= 0");
  if (optimizer.kind === "adagrad") return { rate: lr, epsilon, blend1: 0, blend2: 0, root: 1 };
  const { beta1, beta2, step } = optimizer;
  check("beta1", beta1, beta1 >= 0 && beta1 < 1, "a number in [0, 1)");
  check("beta2", beta2, beta2 >= 0 && beta2 < 1, "a number in [0, 1)");
  check("step", step, Number.isSafeInteger(step) && step >= 1, "a whole number >= 1");
  return {
    rate: lr / (1 - powerOf(beta1, step)),
    epsilon,
    blend1: 1 - beta1,
    blend2: 1 - beta2,
    root: 1 / Math.sqrt(1 - powerOf(beta2, step)),
  };
}

/** Power by squaring: `Math.pow` may differ between hosts, products do not. */
function powerOf(base: number, exponent: number): number {
  let power = 1;
  for (let square = base, left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power *= square;
    square *= square;
  }
  return power;
}
