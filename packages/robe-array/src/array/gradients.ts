/**
 * Gradients between `backward` and `step`.
 *
 * @module
 */
import type { Device, Tensor } from "@pocketrec/compute";
import { type RobeLayout, rowSlots } from "../layout.ts";
import { type OutputGroup, PooledOutputs, type RobeOutputs } from "./robe_outputs.ts";
import type { TableRegistry } from "./table_registry.ts";

/** Gradients of pooled rows: f32 `[bags, dim]` by table, or only one where one table was looked up. */
export type RobeGradients = Float32Array | Tensor | Readonly<Record<string, Float32Array | Tensor>>;

/** The gradient of one dispatch; holds what it needs of its outputs. */
export interface PendingGradient {
  readonly group: OutputGroup;
  /** f32 `[bags, tables, dim]`, a copy of what was given. */
  readonly gradient: Tensor;
}

/** Copies gradients of outputs to the device. */
export function takeGradients(device: Device, outputs: RobeOutputs, given: RobeGradients): PendingGradient[] {
  if (!(outputs instanceof PooledOutputs)) throw new TypeError("Cannot take a gradient: want the outputs of forward");
  if (outputs.disposed) throw new TypeError("Cannot take a gradient of outputs: they were disposed");
  const gradients = byTable(outputs, given);
  const joined = outputs.groups.map((group) => group.join(device, group.tables.map((name) => gradients[name]!)));
  return outputs.groups.map((group, i) => ({ group: group.hold(), gradient: joined[i]! }));
}

/** Frees gradients that were used or are no longer wanted. */
export function releaseGradients(pending: readonly PendingGradient[]): void {
  for (const { group, gradient } of pending) {
    group.release();
    gradient[Symbol.dispose]();
  }
}

/**
 * Refuses gradients with NaN or infinity. Waits for the device.
 *
 * @throws {RangeError} naming table, bag, element and the slot of the bag's first id
 */
export async function checkGradients(
  pending: readonly PendingGradient[],
  layout: RobeLayout,
  tables: TableRegistry,
): Promise<void> {
  for (const { group, gradient } of pending) {
    const values = await gradient.read(), { dim } = group, width = group.tables.length;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i]!)) continue;
      const element = i % dim, t = Math.floor(i / dim) % width, bag = Math.floor(i / dim / width);
      const { ids, offsets } = group.inputs[t]!, name = group.tables[t]!;
      const { paddingIdx } = tables.get(name), hash = tables.hash(layout, name);
      const inBag = offsets ? ids.subarray(offsets[bag]!, offsets[bag + 1]!) : ids.subarray(bag, bag + 1);
      const id = inBag.find((id) => id !== paddingIdx);
      if (id === undefined) continue; // reaches no slot
      const slot = rowSlots(layout, hash, dim, id)[element]!;
      throw new RangeError(
        `Cannot step with gradient ${
          values[i]
        } at slot ${slot} (table "${name}", bag ${bag}, element ${element}, id ${id}): want finite numbers`,
      );
    }
  }
}

function byTable(outputs: RobeOutputs, given: RobeGradients): Record<string, Float32Array | Tensor> {
  const { tables } = outputs;
  const single = given instanceof Float32Array || isTensor(given);
  if (single && tables.length !== 1) {
    throw new TypeError(`Cannot take one gradient for ${tables.length} tables: want one by table name`);
  }
  const gradients = single ? { [tables[0]!]: given } : given;
  for (const name of tables) {
    if (!gradients[name]) throw new TypeError(`Cannot take gradients without that of table "${name}"`);
  }
  for (const name of Object.keys(gradients)) {
    if (!tables.includes(name)) throw new TypeError(`Cannot take a gradient of table "${name}": it was not looked up`);
  }
  return gradients;
}

function isTensor(value: RobeGradients): value is Tensor {
  return "dtype" in value && "device" in value && typeof value.dtype === "string";
}
