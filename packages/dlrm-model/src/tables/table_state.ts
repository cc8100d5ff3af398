import type { TensorData } from "@pocketrec/compute";
import type { StateData } from "../embedding_collection.ts";
import type { RowStore } from "./row_store.ts";

/** One table of a store and the name of its weights. */
export interface StoredTable {
  readonly store: RowStore;
  readonly table: number;
  readonly name: string;
}

/**
 * Overwrites tables by named arrays, and optimiser states as far as they are given. An array may come in parts
 * (`<name>.part0`, ...), whatever the parts of the store are, so a checkpoint moves between devices.
 */
export function loadTables(stored: readonly StoredTable[], stateNames: readonly string[], state: StateData): void {
  const writes: (() => void)[] = [];
  for (const { store, table, name } of stored) {
    [undefined, ...stateNames.keys()].forEach((index) => {
      const tensorName = index === undefined ? name : `${name}@${stateNames[index]}`;
      const size = store.size(table, index);
      const data = findArray(state, tensorName, size);
      if (data) writes.push(() => store.write(table, data, index));
      else if (index === undefined) throw new TypeError(`Cannot load the tables as tensor "${tensorName}" is missing`);
    });
  }
  // Nothing is overwritten before everything was checked.
  for (const write of writes) write();
}

function findArray(state: StateData, name: string, size: number): TensorData | undefined {
  const parts: TensorData[] = [];
  const whole = state[name];
  if (whole) parts.push(whole);
  else for (let part; (part = state[`${name}.part${parts.length}`]);) parts.push(part);
  if (parts.length === 0) return undefined;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length !== size) throw new RangeError(`Cannot load tensor "${name}" of ${length} elements: want ${size}`);
  for (const part of parts) {
    if (!(part instanceof Float32Array)) throw new TypeError(`Cannot load tensor "${name}": want float32 elements`);
  }
  if (parts.length === 1) return parts[0]!;
  const joined = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
