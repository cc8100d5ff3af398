import { addressOf, anyDevice, type CpuModule, spreadWorkgroups, type Tensor } from "@pocketrec/compute";
import type { QrOperation } from "../../compression/index_split.ts";
import { COMBINE_WORKGROUP, combineBackwardKernel, combineKernel } from "./combine_factors.wgsl.ts";
import { combineFactorsWasm } from "./combine_factors_wasm.ts";

const MODULE: CpuModule = { label: "dlrm-model/combine_factors", base64: combineFactorsWasm };
const OPERATIONS: Readonly<Record<QrOperation, number>> = { mult: 0, add: 1, concat: 2 };
const BAGS_PER_TASK = 512;

/** The two factors of every pooled vector, and how they combine. */
export interface Factors {
  /** Samples. */
  readonly batch: number;
  /** Tables. */
  readonly tables: number;
  /** Elements of a combined vector; with `"concat"` factors have half of them. */
  readonly dim: number;
  /** How two vectors become one. */
  readonly operation: QrOperation;
  /** u32 `[tables]`: 1 where the table has a first factor only, which is the result (not with `"concat"`). */
  readonly single: Tensor;
  /** f32 `[batch, tables, dim]`, or half of it. */
  readonly first: Tensor;
  /** f32, as the first. */
  readonly second: Tensor;
}

/** `out = first * second`, `first + second`, or both side by side; f32 `[batch, tables, dim]`. */
export function combineFactors(factors: Factors, out: Tensor): void {
  const { first, second, single } = factors;
  run("combine", factors, [first, second, single, out]);
}

/** Gradients of {@linkcode combineFactors}; that of an absent second factor is zero. */
export function combineFactorsBackward(factors: Factors, gradOut: Tensor, gradFirst: Tensor, gradSecond: Tensor): void {
  const { first, second, single } = factors;
  run("combineBackward", factors, [first, second, single, gradOut, gradFirst, gradSecond]);
}

function run(name: "combine" | "combineBackward", factors: Factors, tensors: readonly Tensor[]): void {
  const { batch, tables, dim, operation } = factors;
  const device = anyDevice(factors.first.device);
  const bags = batch * tables;
  switch (device.kind) {
    case "cpu":
      return device.run(device.kernel(MODULE, name), Math.ceil(bags / BAGS_PER_TASK), [
        bags,
        tables,
        dim,
        OPERATIONS[operation],
        BAGS_PER_TASK,
        ...tensors.map(addressOf),
      ]);
    case "webgpu": {
      const kernel = name === "combine" ? combineKernel : combineBackwardKernel;
      const groups = spreadWorkgroups(Math.ceil(bags * dim / COMBINE_WORKGROUP));
      return device.dispatch(kernel, [bags * dim, tables, dim, OPERATIONS[operation]], tensors, groups);
    }
    default:
      device satisfies never;
  }
}
