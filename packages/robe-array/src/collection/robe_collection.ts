/**
 * All tables of a model in one array, behind the interface that models ask for.
 *
 * @module
 */
import type { Bags, Device, Tensor, TensorData } from "@pocketrec/compute";
import type { RobeOptimizerConfig } from "../array/optimizer.ts";
import { type RobeAccumulation, RobeStore } from "../array/robe_store.ts";
import { ConfigError } from "../errors.ts";
import { type RobeLayout, robeLayout, type RobeLayoutOptions } from "../layout.ts";
import { robeLookup } from "../lookup/robe_lookup.ts";
import { type RobeTableSet, robeTableSet } from "../table_set.ts";

/** Update rules of a collection: an array's own, and `rowwise-adagrad`, which takes `segment-adagrad` (no rows here). */
export type RobeCollectionOptimizer =
  | RobeOptimizerConfig
  | {
    readonly kind: "rowwise-adagrad";
    /** Added to the root. Default 1e-10. */
    readonly epsilon?: number;
  };

/** What a {@linkcode RobeCollection} is made of. */
export interface RobeCollectionOptions {
  /** The tables; their order is that of the ids, and numbers them in the hash. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  /** Elements of an embedding vector. */
  readonly dim: number;
  /** Shape of the array. */
  readonly layout: RobeLayoutOptions;
  /** Update rule; learning rates come with `step`. */
  readonly optimizer: RobeCollectionOptimizer;
  /** Seed of the initial values. The layout has one of its own, for the hash. */
  readonly seed: number;
  /** How gradients of a slot are added up. Default `"sorted"`. */
  readonly accumulation?: RobeAccumulation;
  /** The array begins uniform within this of zero. Default: `sqrt(1 / n)` for the largest table's n rows. */
  readonly initScale?: number;
}

/** The array's name in checkpoints. */
const WEIGHT = "robe.weight";

/** Name of the number of steps in checkpoints. */
const STEP = `${WEIGHT}@step`;

/**
 * All embedding tables of a model in one ROBE array. Fits dlrm-model's `EmbeddingCollection`.
 *
 * State names are `robe.weight`, for optimiser state `robe.weight@<state>`, and `robe.weight@step`.
 */
export class RobeCollection implements Disposable {
  /** The tables; the order is that of the ids. */
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly dim: number }[];
  readonly #device: Device;
  readonly #dim: number;
  readonly #store: RobeStore;
  readonly #size: number;
  readonly #accumulation: RobeAccumulation;
  readonly #step: Tensor;
  #set: RobeTableSet;
  #bags: Bags | undefined;
  #gradOut: Tensor | undefined;

  /**
   * Allocates the array and fills it with its initial values.
   *
   * @throws {ConfigError} where the layout or the tables cannot work
   * @throws {LimitError} where the device cannot bind the array
   */
  constructor(device: Device, options: RobeCollectionOptions) {
    const { tables, dim, optimizer, accumulation = "sorted" } = options;
    const layout = robeLayout(options.layout);
    for (const { name, rows } of tables) {
      if (Number.isInteger(rows) && rows >= 1 && rows <= 2 ** 32) continue;
      throw new ConfigError(`Cannot add table "${name}" of ${rows} rows: want a whole number from 1 to 2^32`);
    }
    if (tables.length === 0) throw new ConfigError("Cannot make a collection of no tables");
    this.#device = device;
    this.#dim = dim;
    this.#size = layout.size;
    this.#accumulation = accumulation;
    this.tables = tables.map(({ name, rows }) => ({ name, rows, dim }));
    this.#store = new RobeStore(device, { layout, dtype: "f32", optimizer: ruleOf(optimizer) });
    const most = tables.reduce((most, { rows }) => Math.max(most, rows), 1);
    this.#store.randomize(options.seed, options.initScale ?? Math.sqrt(1 / most));
    this.#set = robeTableSet(device, layout, dim, tables);
    this.#step = device.tensor("u32", [1], { label: STEP });
  }

  /** The layout; growth changes its size. */
  get layout(): RobeLayout {
    return this.#store.layout;
  }

  /** Bytes of the array. */
  get parameterBytes(): number {
    return this.#store.bytes;
  }

  /**
   * Looks up and pools into f32 `[batch, tables, dim]`.
   *
   * @param ids ids below each table's rows
   */
  lookup(ids: Bags, out: Tensor): void {
    robeLookup(this.#store.weight, this.#set, ids, out);
    this.#bags = ids;
    this.#gradOut = undefined;
  }

  /** Takes the gradient of the last lookup's `out`. */
  backward(gradOut: Tensor): void {
    if (!this.#bags) throw new TypeError("Cannot take a gradient before a lookup");
    this.#gradOut = gradOut;
  }

  /** Updates the array at this learning rate. */
  step(lr: number): void {
    const bags = this.#bags, gradOut = this.#gradOut;
    if (!bags || !gradOut) throw new TypeError("Cannot update tables before a lookup and its gradient");
    this.#store.update([{ tables: this.#set, bags, gradOut }], lr, this.#accumulation);
  }

  /**
   * Makes the array `factor` times as large without changing a bit of any look-up, optimiser state included.
   *
   * @throws {ConfigError} with `ref1` and `ref2`; segment-Adagrad wants a size that is a multiple of 32
   * @throws {LimitError} where the device cannot bind the larger array; it stays as it was then
   */
  grow(factor: number): void {
    this.#store.grow(factor);
    this.#renewSet();
  }

  /** Array, optimiser state and number of steps, on the device; current until the next `step` or `grow`. */
  state(): Record<string, Tensor> {
    const { weight, states, stateNames, steps } = this.#store;
    this.#step.write(Uint32Array.of(steps));
    const named = stateNames.map((name, i) => [`${WEIGHT}@${name}`, states[i]!]);
    return { [WEIGHT]: weight, ...Object.fromEntries(named), [STEP]: this.#step };
  }

  /**
   * Overwrites the array, and optimiser state as far as it is given. An array that was saved before or after growth has
   * another size, a multiple of the one that the collection was made with; it is taken over.
   *
   * @throws {TypeError} where the array is missing or has the wrong type
   * @throws {RangeError} where a size does not fit
   */
  load(state: Readonly<Record<string, TensorData>>): void {
    const weight = state[WEIGHT], { stateNames } = this.#store;
    if (!weight) throw new TypeError(`Cannot load the array as tensor "${WEIGHT}" is missing`);
    const states = stateNames.map((name) => state[`${WEIGHT}@${name}`]);
    [weight, ...states].forEach((data, i) => {
      const name = i === 0 ? WEIGHT : `${WEIGHT}@${stateNames[i - 1]}`;
      if (data && !(data instanceof Float32Array)) {
        throw new TypeError(`Cannot load tensor "${name}": want float32 elements`);
      }
    });
    if (weight.length === 0 || weight.length % this.#size !== 0) {
      throw new RangeError(
        `Cannot load tensor "${WEIGHT}" of ${weight.length} elements: want ${this.#size}, or after growth a multiple of it`,
      );
    }
    const grown = weight.length !== this.layout.size;
    this.#store.load(weight.length, weight, states);
    if (grown) this.#renewSet();
    const step = state[STEP];
    if (step) this.#store.steps = step[0] ?? 0;
  }

  /** Frees the array. */
  [Symbol.dispose](): void {
    for (const resource of [this.#store, this.#set.records, this.#step]) resource[Symbol.dispose]();
  }

  /** Kernels take the size from the layout that comes with the tables. */
  #renewSet(): void {
    this.#set.records[Symbol.dispose]();
    this.#set = robeTableSet(this.#device, this.layout, this.#dim, this.tables);
  }
}

function ruleOf(optimizer: RobeCollectionOptimizer): RobeOptimizerConfig {
  return optimizer.kind === "rowwise-adagrad" ? { ...optimizer, kind: "segment-adagrad" } : optimizer;
}
