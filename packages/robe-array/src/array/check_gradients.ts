import type { Tensor } from "@pocketrec/compute";
import { type RobeLayout, rowSlots, type TableHash } from "../layout.ts";
import type { OutputGroup } from "./robe_outputs.ts";

/**
 * Refuses gradients with NaN or infinity. Waits for the device.
 *
 * @throws {RangeError} naming table, bag, element and the slot of the bag's first id
 */
export async function checkGradients(
  pending: readonly { readonly group: OutputGroup; readonly gradient: Tensor }[],
  layout: RobeLayout,
  table: (name: string) => { readonly hash: TableHash; readonly paddingIdx: number | undefined },
): Promise<void> {
  for (const { group, gradient } of pending) {
    const values = await gradient.read(), { dim } = group, tables = group.tables.length;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i]!)) continue;
      const element = i % dim, t = Math.floor(i / dim) % tables, bag = Math.floor(i / dim / tables);
      const { ids, offsets } = group.inputs[t]!, name = group.tables[t]!;
      const { hash, paddingIdx } = table(name);
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
