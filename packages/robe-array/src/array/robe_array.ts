/**
 * The array with all its tables: what users hold.
 *
 * @module
 */
import { anyDevice, type Device, DeviceLostError, type Tensor } from "@pocketrec/compute";
import { ConfigError } from "../errors.ts";
import { blockStart, type RobeLayout, robeLayout, rowShape } from "../layout.ts";
import { robeLookup } from "../lookup/robe_lookup.ts";
import { checkInput, type RobeInput, type TableBags } from "./bags.ts";
import {
  checkGradients,
  type PendingGradient,
  releaseGradients,
  type RobeGradients,
  takeGradients,
} from "./gradients.ts";
import { checkId, checkIds, type RobeIds } from "./ids.ts";
import { type OpenDevice, openDevice } from "./open_device.ts";
import { type OpenArrayOptions, type RobeArrayOptions, type RobeLoadOptions, sizeOf } from "./options.ts";
import { makeGroup, type OutputGroup, PooledOutputs, type RobeOutputs } from "./robe_outputs.ts";
import { type RobeAccumulation, RobeStore } from "./robe_store.ts";
import { RobeTable, type RobeTableInfo, type RobeTableOptions } from "./robe_table.ts";
import { decodeArray, encodeArray, readBytes, type SavedArray } from "./saved_array.ts";
import { type RobeStats, startHistogram } from "./stats.ts";
import { TableRegistry } from "./table_registry.ts";
import { warningsOf } from "./warnings.ts";

/**
 * One shared float array that serves embedding tables of any number and size. Tables have no memory of their own; a row
 * is read as blocks whose places are hashed from (table, id, block).
 *
 * A training step is `forward`, `backward`, `step`.
 */
export class RobeArray implements Disposable {
  /** The device that holds the array. */
  readonly device: Device;
  readonly #owned: boolean;
  readonly #options: OpenArrayOptions;
  readonly #tables = new TableRegistry();
  readonly #pending: PendingGradient[] = [];
  #store: RobeStore | undefined;
  #lookups = 0;
  #outOfRange = 0;
  #lastLoad = 0;
  #lost: string | undefined;
  #lastSave: Uint8Array<ArrayBuffer> | undefined;
  #disposed = false;

  private constructor({ device, owned }: OpenDevice, options: OpenArrayOptions) {
    this.device = device;
    this.#owned = owned;
    this.#options = options;
    const any = anyDevice(device);
    if (any.kind === "webgpu") {
      any.gpu.lost.then(({ message, reason }) => this.#lost = message || reason, () => {});
    }
  }

  /**
   * Makes an array. Memory is allocated at the first use.
   *
   * @throws {ConfigError} where an option cannot work
   */
  static async create(options: RobeArrayOptions): Promise<RobeArray> {
    const { device, ...rest } = options;
    // A ratio is checked now, the size that it gives later.
    const size = sizeOf(rest, () => 1);
    robeLayout({ ...rest, size: "compressionRatio" in rest.size ? 2 ** 30 : size });
    return new RobeArray(await openDevice(device ?? "auto"), rest);
  }

  /**
   * Opens a saved array, with its tables, the state of its optimiser and the number of its steps. Its tables can be used
   * by `table(name)`, or declared once more by `addTable`.
   *
   * @throws {CorruptModelError} where the bytes are no undamaged array, or this build does not reproduce its hash
   */
  static async load(
    source: Uint8Array | ReadableStream<Uint8Array>,
    options: RobeLoadOptions = {},
  ): Promise<RobeArray> {
    const bytes = await readBytes(source);
    const saved = decodeArray(bytes);
    const { device, ...rest } = options;
    const opened = await openDevice(device ?? "auto");
    const { size, blockSize, align, sign, hash, seed } = saved.layout, dtype = rest.dtype ?? saved.dtype;
    const optimizer = rest.optimizer === undefined && dtype === "f32" ? saved.optimizer : rest.optimizer ?? null;
    const layout = { size: { floats: size }, blockSize, align, sign, hash, seed };
    const array = new RobeArray(opened, { ...rest, ...layout, dtype, optimizer });
    try {
      for (const table of saved.tables) array.addTable(table);
      array.#tables.markLoaded();
      array.#allocate();
      array.#write(saved);
      array.#keep(bytes);
    } catch (error) {
      array[Symbol.dispose]();
      throw error;
    }
    return array;
  }

  /** The layout; fixed at the first use but for growth. */
  get layout(): RobeLayout {
    return this.#built().layout;
  }

  /** The array: f32 `[M]`, or f16 as u32 `[ceil(M / 2)]` with the element of even index in the low half. */
  get weight(): Tensor {
    return this.#built().weight;
  }

  /** The tables by name, in the order in which they were added. */
  get tables(): ReadonlyMap<string, RobeTableInfo> {
    return this.#tables.byName;
  }

  /** Whether the contents are as training left them: false once the device was lost. */
  get valid(): boolean {
    return this.#lost === undefined;
  }

  /** The bytes of the last save or load; see {@linkcode RobeRunOptions.keepLastSave}. */
  get lastSave(): Uint8Array<ArrayBuffer> | undefined {
    return this.#lastSave;
  }

  /**
   * Adds a table. Others stay where they are: rows depend on (table, id) alone. After `load` a table of the file may be
   * declared once more, as what it is, with as many ids or more.
   *
   * @throws {ConfigError} where the name is taken, an option out of range, or (with `ref1` and `ref2`, which number ids
   *   through all tables) the array is in use already
   */
  addTable(options: RobeTableOptions): RobeTable {
    if (this.#store && this.#runningIds && !this.tables.has(options.name)) {
      throw new ConfigError(
        `Cannot add table "${options.name}" after the first use with hash ${this.#options.hash}, which numbers ids through all tables: want it added before`,
      );
    }
    const spec = this.#tables.add(options, this.#runningIds);
    const layout = this.#store?.layout ?? robeLayout({ ...this.#options, size: 2 ** 30 });
    this.#warn(warningsOf(layout, this.#store?.layout.size, spec));
    return this.table(options.name);
  }

  /** A table by its name. */
  table(name: string): RobeTable {
    this.#tables.get(name);
    return new RobeTable(this, name);
  }

  /**
   * Resolves the size, allocates the array and fills it. The first use does so by itself.
   *
   * @throws {ConfigError} where there is no table, or the size cannot work
   * @throws {LimitError} where the device cannot bind the array
   */
  build(): void {
    this.#built();
  }

  /**
   * Looks up and pools, with the conventions of `torch.nn.EmbeddingBag`: all tables of equal width, mode and number of
   * bags by one dispatch. Everything is checked before any work; nothing waits for the device.
   *
   * @param inputs look-ups by table
   * @throws {TypeError} where ids or weights have the wrong type, or there is no such table
   * @throws {RangeError} where offsets are out of order
   * @throws {IdOutOfRangeError} where a strict table has no such id
   */
  forward(inputs: Readonly<Record<string, RobeInput>>): RobeOutputs {
    const store = this.#built();
    const groups = new Map<string, { name: string; bags: TableBags }[]>();
    let lookups = 0, outOfRange = 0, elements = 0;
    for (const [name, input] of Object.entries(inputs)) {
      const { dim, mode } = this.#tables.get(name);
      const bags = checkInput(this.#tables.rules(store.layout, name), mode, input);
      lookups += bags.ids.length;
      outOfRange += bags.outOfRange;
      elements += bags.ids.length * dim;
      const key = `${dim} ${mode} ${bags.bags}`;
      groups.set(key, [...groups.get(key) ?? [], { name, bags }]);
    }
    const done: OutputGroup[] = [];
    try {
      for (const group of groups.values()) {
        const names = group.map(({ name }) => name), table = this.#tables.get(names[0]!);
        const output = makeGroup(this.device, names, group.map(({ bags }) => bags), table);
        done.push(output);
        robeLookup(store.weight, this.#set(output), output.bags, output.tensor);
      }
    } catch (error) {
      for (const output of done) output.release();
      throw error;
    }
    this.#lookups += lookups;
    this.#outOfRange += outOfRange;
    this.#lastLoad = elements / store.layout.size;
    return new PooledOutputs(done);
  }

  /**
   * Takes the gradient of pooled rows. Several calls before a `step` add up.
   *
   * @param outputs what `forward` gave
   * @param gradients f32 `[bags, dim]` of each of its tables; they are copied
   * @throws {TypeError} where a gradient is missing or has the wrong size, or the array has no optimiser
   */
  backward(outputs: RobeOutputs, gradients: RobeGradients): void {
    this.#built();
    if (!this.#options.optimizer) {
      throw new TypeError("Cannot take a gradient for inference only: want an optimizer");
    }
    this.#pending.push(...takeGradients(this.device, outputs, gradients));
  }

  /**
   * Updates the array by the gradients since the last step. Commands are recorded and submitted, not waited for, but
   * with `checkFinite`.
   *
   * @param lr learning rate. Default: the optimiser's
   * @throws {RangeError} with `checkFinite`, where a gradient is not finite; it names the table and the first slot, and
   *   these gradients are dropped
   * @throws {DeviceLostError} where the device went away
   */
  async step(lr?: number): Promise<void> {
    const store = this.#built();
    const rate = lr ?? this.#options.optimizer?.lr;
    if (rate === undefined) throw new TypeError("Cannot step without a learning rate: want step(lr) or optimizer.lr");
    if (this.#pending.length === 0) throw new TypeError("Cannot step before backward");
    const pending = this.#pending.splice(0);
    try {
      if (this.#options.checkFinite) await checkGradients(pending, store.layout, this.#tables);
      const parts = pending.map(({ group, gradient }) => {
        return { tables: this.#set(group), bags: group.bags, gradOut: gradient };
      });
      store.update(parts, rate, this.#accumulation);
      this.device.submit();
    } finally {
      releaseGradients(pending);
    }
    await Promise.resolve(); // a loss that the host knows of is told now
    this.#built();
  }

  /** {@linkcode RobeArray.backward} and {@linkcode RobeArray.step} in one. */
  async update(outputs: RobeOutputs, gradients: RobeGradients, lr?: number): Promise<void> {
    this.backward(outputs, gradients);
    await this.step(lr);
  }

  /** One row as looked up: f32 `[dim]`, with its signs and the table's scale. */
  async row(table: string, id: number | bigint): Promise<Float32Array<ArrayBuffer>> {
    const store = this.#built();
    const checked = checkId(this.#tables.rules(store.layout, table), id);
    const bags = { ...checked, bags: 1, offsets: undefined, weights: undefined };
    const group = makeGroup(this.device, [table], [bags], this.#tables.get(table));
    try {
      robeLookup(store.weight, this.#set(group), group.bags, group.tensor);
      return await group.read(0);
    } finally {
      group.release();
    }
  }

  /** Where the blocks of rows start: u32 `[ids, blocks]`. With Z > dim, of the block that several rows share. */
  starts(table: string, ids: RobeIds): Uint32Array<ArrayBuffer> {
    const { layout } = this.#built();
    const shape = rowShape(layout, this.#tables.get(table).dim), hash = this.#tables.hash(layout, table);
    const checked = checkIds(this.#tables.rules(layout, table), ids).ids;
    const starts = new Uint32Array(checked.length * shape.blocks);
    checked.forEach((id, i) => {
      for (let k = 0; k < shape.blocks; k++) starts[i * shape.blocks + k] = blockStart(layout, hash, shape, id, k);
    });
    return starts;
  }

  /** Allows more ids of a table: see {@linkcode RobeTable.grow}. */
  growTable(table: string, numEmbeddings: number): void {
    this.#tables.grow(table, numEmbeddings, this.#runningIds);
  }

  /**
   * Makes the array `factor` times as large without changing a bit of any look-up, state of the optimiser included: the
   * new array is `factor` copies, which training then tells apart.
   *
   * @throws {ConfigError} with `ref1` and `ref2`; segment-Adagrad wants a size that is a multiple of 32
   * @throws {LimitError} where the device cannot bind the larger array; it stays as it was then
   */
  async growArray(factor: number): Promise<void> {
    this.#built().grow(factor);
    this.#tables.reset();
    this.device.submit();
    await Promise.resolve();
  }

  /** Sizes, collision load, counts, and where blocks start. */
  stats(): RobeStats {
    const { layout, bytes, states, steps } = this.#built();
    const { specs, fullElements } = this.#tables;
    return {
      elements: layout.size,
      bytes,
      stateBytes: states.reduce((sum, { byteLength }) => sum + byteLength, 0),
      fullElements,
      compressionRatio: fullElements / layout.size,
      expectedCollisions: (fullElements - 1) / layout.size,
      steps,
      lookups: this.#lookups,
      outOfRange: this.#outOfRange,
      lastLoad: this.#lastLoad,
      startHistogram: startHistogram(
        layout,
        specs.map(({ name, numEmbeddings, dim }) => ({ numEmbeddings, dim, hash: this.#tables.hash(layout, name) })),
      ),
    };
  }

  /** Waits until all recorded work is done; throws what the device reported meanwhile. */
  async finish(): Promise<void> {
    await this.device.finish();
  }

  /**
   * Reads array and state and encodes them with the tables as a safetensors file.
   *
   * @param target takes the bytes, too, and is closed. Files: `saveRobeArray` of `@pocketrec/robe-array/node`
   */
  async save(target?: WritableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await encodeArray(this.#built(), this.#tables.specs);
    this.#keep(bytes);
    if (target) {
      const writer = target.getWriter();
      await writer.write(bytes);
      await writer.close();
    }
    return bytes;
  }

  /**
   * Overwrites array, state and steps with those of a saved array of the same layout (but for its size) and tables.
   *
   * @throws {CorruptModelError} where the bytes are damaged, or of another kind of array; this one is untouched then
   */
  async restore(source: Uint8Array | ReadableStream<Uint8Array>): Promise<void> {
    const store = this.#built();
    const bytes = await readBytes(source);
    const saved = decodeArray(bytes, { layout: store.layout, dtype: store.dtype, tables: this.#tables.specs });
    this.#write(saved);
    this.#tables.reset();
    this.#keep(bytes);
  }

  /** Frees the array, and the device where `create` or `load` opened it. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    releaseGradients(this.#pending.splice(0));
    this.#tables[Symbol.dispose]();
    this.#store?.[Symbol.dispose]();
    if (this.#owned) this.device[Symbol.dispose]();
  }

  /** Whether ids count on through all tables. */
  get #runningIds(): boolean {
    return this.#options.hash === "ref1" || this.#options.hash === "ref2";
  }

  get #accumulation(): RobeAccumulation {
    return this.#options.determinism === "fixed-point" ? "fixed-point" : "sorted";
  }

  /** The store of a usable array. */
  #built(): RobeStore {
    if (this.#disposed) throw new TypeError("Cannot use a ROBE array: it was disposed");
    if (this.#lost !== undefined) {
      throw new DeviceLostError(
        `Cannot use a ROBE array as ${this.device.label} was lost (${this.#lost}): want RobeArray.load(lastSave)`,
      );
    }
    if (this.#store) return this.#store;
    const store = this.#allocate();
    const most = this.#tables.specs.reduce((most, { numEmbeddings }) => Math.max(most, numEmbeddings), 1);
    store.randomize(store.layout.seed, this.#options.initScale ?? Math.sqrt(1 / most));
    return store;
  }

  #allocate(): RobeStore {
    const options = this.#options, { specs } = this.#tables;
    if (specs.length === 0) throw new ConfigError("Cannot build a ROBE array without tables: want addTable first");
    const layout = robeLayout({ ...options, size: sizeOf(options, () => this.#tables.fullElements) });
    const { dtype = "f32", optimizer } = options;
    this.#store = new RobeStore(this.device, { layout, dtype, optimizer: optimizer ?? undefined });
    for (const spec of specs) {
      // What does not depend on the size was told when the table was added.
      const told = warningsOf(layout, undefined, spec).length;
      this.#warn(warningsOf(layout, layout.size, spec).slice(told));
    }
    return this.#store;
  }

  #set(group: OutputGroup): ReturnType<TableRegistry["set"]> {
    return this.#tables.set(this.device, this.#built().layout, group.tables);
  }

  #write({ layout, weight, states, steps }: SavedArray): void {
    const store = this.#store!;
    store.load(layout.size, weight(store.dtype), store.stateNames.map((name) => states[name]));
    store.steps = steps;
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#options.keepLastSave ?? this.device.kind === "webgpu") this.#lastSave = bytes;
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#options.onWarning?.(warning);
  }
}
