/**
 * What a look-up gave: pooled rows on the device.
 *
 * @module
 */
import { type Bags, copyColumns, type Device, type Tensor } from "@pocketrec/compute";
import { mergeBags, type TableBags } from "./bags.ts";

/** Tables of equal width, mode and number of bags, looked up by one dispatch. */
export interface RobeOutputGroup {
  /** Names of the tables, in the order of the tensor's second axis. */
  readonly tables: readonly string[];
  /** f32 `[bags, tables, dim]`. */
  readonly tensor: Tensor;
}

/** A group with all that its gradient needs; freed when outputs and pending gradients are done with it. */
export class OutputGroup implements RobeOutputGroup {
  readonly tables: readonly string[];
  readonly bags: Bags;
  /** The bags per table on the host, to name what a bad gradient belongs to. */
  readonly inputs: readonly TableBags[];
  readonly tensor: Tensor;
  #holders = 1;
  #values: Promise<Float32Array> | undefined;

  constructor(tables: readonly string[], bags: Bags, inputs: readonly TableBags[], tensor: Tensor) {
    this.tables = tables;
    this.bags = bags;
    this.inputs = inputs;
    this.tensor = tensor;
  }

  get dim(): number {
    return this.tensor.shape[2]!;
  }

  hold(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders > 0) return;
    for (const tensor of [this.tensor, this.bags.ids, this.bags.offsets, this.bags.weights]) tensor?.[Symbol.dispose]();
  }

  /** Rows of one table. */
  async read(table: number): Promise<Float32Array<ArrayBuffer>> {
    const values = await (this.#values ??= this.tensor.read() as Promise<Float32Array>);
    const [bags = 0, tables = 1, dim = 0] = this.tensor.shape;
    const rows = new Float32Array(bags * dim);
    for (let bag = 0; bag < bags; bag++) {
      const from = (bag * tables + table) * dim;
      rows.set(values.subarray(from, from + dim), bag * dim);
    }
    return rows;
  }

  /** One gradient `[bags, tables, dim]` from one `[bags, dim]` per table. */
  join(device: Device, gradients: readonly (Float32Array | Tensor)[]): Tensor {
    const [bags = 0, tables = 1, dim = 0] = this.tensor.shape;
    gradients.forEach((gradient, t) => {
      const size = gradient instanceof Float32Array ? gradient.length : gradient.size;
      if (size !== bags * dim || (!(gradient instanceof Float32Array) && gradient.dtype !== "f32")) {
        throw new TypeError(
          `Cannot take a gradient of ${size} elements for table "${this.tables[t]}": want f32 [${bags}, ${dim}]`,
        );
      }
    });
    const shape = [bags, tables, dim], label = "robe gradient";
    if (gradients.every((gradient) => gradient instanceof Float32Array)) {
      const data = new Float32Array(bags * tables * dim);
      gradients.forEach((gradient, t) => {
        for (let bag = 0; bag < bags; bag++) {
          data.set(gradient.subarray(bag * dim, (bag + 1) * dim), (bag * tables + t) * dim);
        }
      });
      return device.tensor("f32", shape, { label, data });
    }
    const joined = device.tensor("f32", shape, { label });
    gradients.forEach((gradient, t) => {
      const host = gradient instanceof Float32Array;
      const tensor = host ? device.tensor("f32", [bags, dim], { label, data: gradient }) : gradient;
      copyColumns(tensor.reshape([bags, dim]), joined.reshape([bags, tables * dim]), { toColumn: t * dim });
      if (host) tensor[Symbol.dispose]();
    });
    return joined;
  }
}

/** Puts bags of tables of equal width on a device, with room for their pooled rows. */
export function makeGroup(
  device: Device,
  tables: readonly string[],
  inputs: readonly TableBags[],
  { dim, mode }: { readonly dim: number; readonly mode: "sum" | "mean" },
): OutputGroup {
  const batch = inputs[0]!.bags, { ids, offsets, weights } = mergeBags(inputs);
  const made: Tensor[] = [];
  const tensor = (...args: Parameters<Device["tensor"]>) => {
    const one = device.tensor(...args);
    made.push(one);
    return one;
  };
  try {
    const shape = offsets ? [ids.length] : [batch, tables.length];
    const bags: Bags = {
      batch,
      tables: tables.length,
      mode,
      ids: tensor("u32", shape, { label: "robe ids", data: ids }),
      ...(offsets ? { offsets: tensor("u32", [offsets.length], { label: "robe offsets", data: offsets }) } : {}),
      ...(weights ? { weights: tensor("f32", [weights.length], { label: "robe weights", data: weights }) } : {}),
    };
    return new OutputGroup(tables, bags, inputs, tensor("f32", [batch, tables.length, dim], { label: "robe output" }));
  } catch (error) {
    for (const one of made) one[Symbol.dispose]();
    throw error;
  }
}

/**
 * Pooled rows of a look-up, on the device until they are read. Dispose them (`using`) when they are no longer needed; a
 * gradient given to `backward` keeps what it needs until the step.
 */
export interface RobeOutputs extends Disposable {
  /** Names of the tables. */
  readonly tables: readonly string[];
  /** The dispatches, for callers that go on computing on the device. */
  readonly groups: readonly RobeOutputGroup[];
  /** Whether the memory was freed. */
  readonly disposed: boolean;
  /**
   * Pooled rows of a table, f32 `[bags, dim]`; waits for the device.
   *
   * @param table its name; may be left out where only one was looked up
   * @throws {TypeError} where the table was not looked up
   * @throws {DeviceLostError} where the device went away
   */
  read(table?: string): Promise<Float32Array<ArrayBuffer>>;
}

/** What `forward` gives. */
export class PooledOutputs implements RobeOutputs {
  readonly groups: readonly OutputGroup[];
  readonly #places = new Map<string, { readonly group: OutputGroup; readonly table: number }>();
  #disposed = false;

  constructor(groups: readonly OutputGroup[]) {
    this.groups = groups;
    for (const group of groups) group.tables.forEach((name, table) => this.#places.set(name, { group, table }));
  }

  get tables(): readonly string[] {
    return [...this.#places.keys()];
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  async read(table?: string): Promise<Float32Array<ArrayBuffer>> {
    if (this.#disposed) throw new TypeError("Cannot read outputs of a look-up: they were disposed");
    const name = table ?? (this.#places.size === 1 ? this.tables[0] : undefined);
    const place = name === undefined ? undefined : this.#places.get(name);
    if (!place) {
      const met = name === undefined ? "without a name" : `"${name}"`;
      const known = this.tables.map((known) => `"${known}"`).join(" or ");
      throw new TypeError(`Cannot read outputs of table ${met}: want ${known}`);
    }
    return await place.group.read(place.table);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const group of this.groups) group.release();
  }
}
