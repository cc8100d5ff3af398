/**
 * What tests of arrays share: rows by the definition, and toy training.
 *
 * @module
 */
import type { AnyDevice } from "@pocketrec/compute";
import type { DeviceName } from "@pocketrec/compute/testing";
import { rowSigns, rowSlots, tableHash } from "../layout.ts";
import type { RobeArrayOptions } from "./options.ts";
import { RobeArray } from "./robe_array.ts";

/** Devices that differ for an array: dense products, and so BLAS, do not occur. */
export const DEVICES: readonly DeviceName[] = ["cpu", "webgpu", "dawn"];

/** Without Dawn on SwiftShader, which takes seconds per process to compile the kernels of an update. */
export const QUICK_DEVICES: readonly DeviceName[] = ["cpu", "webgpu"];

/** A small array on an open device. */
export async function makeArray(device: AnyDevice, options: Partial<RobeArrayOptions> = {}): Promise<RobeArray> {
  return await RobeArray.create({
    device,
    size: { floats: 640 },
    blockSize: 8,
    optimizer: { kind: "sgd", lr: 0.5 },
    ...options,
  });
}

/** A row by the definition: signs and slots of layout.ts. */
export async function rowByDefinition(array: RobeArray, index: number, dim: number, id: number): Promise<number[]> {
  const weight = await array.weight.read(), hash = tableHash(array.layout, index, 0);
  const signs = rowSigns(array.layout, hash, dim, id);
  return rowSlots(array.layout, hash, dim, id).map((slot, i) => signs[i]! * weight[slot]!);
}

/** Mean squared distance of pooled rows to targets, and its gradient. */
export function squaredLoss(rows: Float32Array, targets: Float32Array): { loss: number; gradient: Float32Array } {
  let loss = 0;
  const gradient = rows.map((value, i) => {
    loss += (value - targets[i]!) ** 2 / rows.length;
    return 2 * (value - targets[i]!) / rows.length;
  });
  return { loss, gradient };
}
