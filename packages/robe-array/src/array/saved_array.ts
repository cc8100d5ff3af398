/**
 * From an array to the bytes of a file and back.
 *
 * @module
 */
import type { TensorData } from "@pocketrec/compute";
import { CorruptModelError } from "../errors.ts";
import { STATE } from "../file/model_data.ts";
import { decodeRobeFile, encodeRobeFile, type RobeModelData } from "../file/robe_file.ts";
import { type RobeLayout, robeLayout } from "../layout.ts";
import { fromHalf, packHalves, toHalf, unpackHalves } from "./half.ts";
import type { RobeOptimizerConfig } from "./optimizer.ts";
import type { RobeDType, RobeStore } from "./robe_store.ts";
import type { RobeTableInfo } from "./robe_table.ts";
import { tableData } from "./table_registry.ts";

/** What a file holds, ready to be written to a device. */
export interface SavedArray {
  readonly layout: RobeLayout;
  readonly dtype: RobeDType;
  readonly tables: readonly RobeTableInfo[];
  readonly optimizer: RobeOptimizerConfig | null;
  readonly steps: number;
  /** The array's elements as a device stores that type. */
  readonly weight: (dtype: RobeDType) => TensorData;
  /** States by name, without the file's prefix. */
  readonly states: Readonly<Record<string, TensorData>>;
}

/** What a file must match to be restored into an array. */
export interface RestoreTarget {
  readonly layout: RobeLayout;
  readonly dtype: RobeDType;
  readonly tables: readonly RobeTableInfo[];
}

/** Encodes an array as it is now: reads are recorded before anything is waited for. */
export async function encodeArray(store: RobeStore, specs: readonly RobeTableInfo[]): Promise<Uint8Array<ArrayBuffer>> {
  const { layout: { size, blockSize, align, sign, hash, seed }, dtype, optimizer, steps, stateNames } = store;
  const [weight, ...states] = await Promise.all([store.weight, ...store.states].map((tensor) => tensor.read()));
  const data: RobeModelData = {
    layout: { size, blockSize, align, sign, hash, seed },
    dtype,
    tables: specs.map(tableData),
    weight: dtype === "f16" ? unpackHalves(weight as Uint32Array, size) : weight as Float32Array,
    states: Object.fromEntries(stateNames.map((name, i) => [STATE + name, states[i] as Float32Array])),
    step: steps,
    ...(optimizer ? { optimizer } : {}),
  };
  return encodeRobeFile(data);
}

/**
 * Decodes a file, and checks that it fits an array where one is given.
 *
 * @throws {CorruptModelError} where it is damaged or does not fit
 */
export function decodeArray(bytes: Uint8Array, target?: RestoreTarget): SavedArray {
  const data = decodeRobeFile(bytes), layout = robeLayout(data.layout), { dtype } = data;
  const tables = data.tables.map((table): RobeTableInfo => {
    return { bounds: "strict", ...table, paddingIdx: table.paddingIdx };
  });
  if (target) checkFits(layout, dtype, tables, target);
  return {
    layout,
    dtype,
    tables,
    optimizer: (data.optimizer as RobeOptimizerConfig | undefined) ?? null,
    steps: data.step,
    weight: (wanted) => {
      if (data.weight instanceof Float32Array) return wanted === "f32" ? data.weight : packHalves(toHalf(data.weight));
      return wanted === "f32" ? fromHalf(data.weight) : packHalves(data.weight);
    },
    states: Object.fromEntries(
      Object.entries(data.states).map(([name, values]) => [name.slice(STATE.length), values]),
    ),
  };
}

function checkFits(
  layout: RobeLayout,
  dtype: RobeDType,
  tables: readonly RobeTableInfo[],
  target: RestoreTarget,
): void {
  const refuse = (what: string, met: unknown, want: unknown) => {
    throw new CorruptModelError(`Cannot restore a ROBE array from a file with ${what} ${met}: want ${want}`);
  };
  for (const key of ["hash", "seed", "blockSize", "align", "sign"] as const) {
    if (layout[key] !== target.layout[key]) refuse(key, layout[key], target.layout[key]);
  }
  if (dtype !== target.dtype) refuse("dtype", dtype, target.dtype);
  for (const { name, index, dim } of target.tables) {
    const saved = tables.find((table) => table.name === name);
    if (!saved) throw new CorruptModelError(`Cannot restore a ROBE array from a file without table "${name}"`);
    if (saved.index !== index) refuse(`index of table "${name}"`, saved.index, index);
    if (saved.dim !== dim) refuse(`dim of table "${name}"`, saved.dim, dim);
  }
}

/** All bytes of a stream. */
export async function readBytes(source: Uint8Array | ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array) return source as Uint8Array<ArrayBuffer>;
  return new Uint8Array(await new Response(source as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}
