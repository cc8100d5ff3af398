/**
 * The definition of `robeUpdate` in float64: rows are laid out by `rowSlots` and `rowSigns`, gradients scattered densely.
 *
 * @module
 */
import { type RobeLayout, rowSigns, rowSlots, type TableHash } from "../layout.ts";
import { type RobeOptimizer, SEGMENT_SLOTS } from "./robe_optimizer.ts";

/** One table of a {@linkcode HostRobeGradient}. */
export interface HostRobeTable {
  /** Hash constants. */
  readonly hash: TableHash;
  /** Ids are 0 up to, not including, this. */
  readonly rows: number;
  /** Id without gradient, not counted in a mean. */
  readonly paddingIdx?: number | undefined;
  /** Factor of looked-up rows. Default 1. */
  readonly scale?: number | undefined;
}

/** Gradients of the bags of tables of equal width, on the host. */
export interface HostRobeGradient {
  /** Elements of a row. */
  readonly dim: number;
  /** The tables. */
  readonly tables: readonly HostRobeTable[];
  /** Samples. */
  readonly batch: number;
  /** `[batch, tables]`, or with offsets `[nnz]`; as `Bags` has them. */
  readonly ids: ArrayLike<number>;
  /** `[batch * tables + 1]` */
  readonly offsets?: ArrayLike<number> | undefined;
  /** One per id. */
  readonly weights?: ArrayLike<number> | undefined;
  /** Default `"sum"`. */
  readonly mode?: "sum" | "mean" | undefined;
  /** `[batch, tables, dim]`: gradient of the pooled output. */
  readonly gradOut: ArrayLike<number>;
}

/** Calls `visit` for every id that has a gradient, in the order of the bags; `factor` is its part of the bag. */
export function visitOccurrences(
  part: Omit<HostRobeGradient, "gradOut" | "dim">,
  visit: (bag: number, table: number, id: number, factor: number) => void,
): void {
  const { tables, batch, ids, offsets, weights, mode } = part;
  for (let bag = 0; bag < batch * tables.length; bag++) {
    const t = bag % tables.length, { rows, paddingIdx, scale = 1 } = tables[t]!;
    const from = offsets ? offsets[bag]! : bag, to = offsets ? offsets[bag + 1]! : bag + 1;
    let count = 0;
    for (let at = from; at < to; at++) count += Number(ids[at] !== paddingIdx);
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      if (id >= rows || id === paddingIdx) continue;
      visit(bag, t, id, (weights?.[at] ?? 1) * scale / (mode === "mean" && offsets ? count : 1));
    }
  }
}

/** Gradient of every slot of the array, in float64. */
export function robeGradientReference(layout: RobeLayout, parts: readonly HostRobeGradient[]): Float64Array {
  const gradient = new Float64Array(layout.size);
  for (const part of parts) {
    const { dim, gradOut } = part;
    visitOccurrences(part, (bag, t, id, factor) => {
      const { hash } = part.tables[t]!;
      const slots = rowSlots(layout, hash, dim, id), signs = rowSigns(layout, hash, dim, id);
      slots.forEach((slot, i) => gradient[slot]! += signs[i]! * factor * gradOut[bag * dim + i]!);
    });
  }
  return gradient;
}

/** One step of a rule with the gradient `g` of every slot, in float64 and in place. */
export function robeStepReference(
  weights: Float64Array,
  states: readonly Float64Array[],
  g: ArrayLike<number>,
  optimizer: RobeOptimizer,
  lr: number,
): void {
  const [first, second] = states;
  for (let i = 0; i < weights.length; i++) {
    const x = g[i]!;
    switch (optimizer.kind) {
      case "sgd":
        weights[i]! -= lr * x;
        break;
      case "momentum":
        first![i] = optimizer.momentum * first![i]! + x;
        weights[i]! -= lr * first![i]!;
        break;
      case "adagrad":
        first![i]! += x * x;
        if (x !== 0) weights[i]! -= lr * x / (Math.sqrt(first![i]!) + optimizer.epsilon);
        break;
      case "segment-adagrad": {
        const segment = Math.floor(i / SEGMENT_SLOTS), start = segment * SEGMENT_SLOTS;
        const length = Math.min(SEGMENT_SLOTS, weights.length - start);
        if (i === start) {
          let squares = 0;
          for (let j = start; j < start + length; j++) squares += g[j]! * g[j]!;
          first![segment]! += squares / length;
        }
        if (x !== 0) weights[i]! -= lr * x / (Math.sqrt(first![segment]!) + optimizer.epsilon);
        break;
      }
      case "adam": {
        const { beta1, beta2, epsilon, step } = optimizer;
        const m = first![i] = beta1 * first![i]! + (1 - beta1) * x;
        const v = second![i] = beta2 * second![i]! + (1 - beta2) * x * x;
        if (m !== 0) {
          weights[i]! -= lr / (1 - beta1 ** step) * m / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon);
        }
        break;
      }
      default:
        optimizer satisfies never;
    }
  }
}

/** The definition of `robeUpdate`, in float64 and in place. */
export function robeUpdateReference(
  weights: Float64Array,
  layout: RobeLayout,
  parts: readonly HostRobeGradient[],
  optimizer: RobeOptimizer,
  states: readonly Float64Array[],
  lr: number,
): void {
  robeStepReference(weights, states, robeGradientReference(layout, parts), optimizer, lr);
}
