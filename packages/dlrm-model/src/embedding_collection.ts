/**
 * What the model asks of embeddings: all tables at once, behind one interface. Providers fit it structurally and need
 * not import it.
 *
 * @module
 */
import type { Bags, Tensor, TensorData } from "@pocketrec/compute";

/**
 * The row ids of a batch, as `compute` takes them. Without `offsets` every bag holds one id (the layout of Criteo); with
 * them bags hold any number, none included, and an empty bag gives zeros. Bag `sample * tables + table` belongs to one
 * sample and one table.
 */
export type IdBatch = Bags;

/** One table as the model sees it; how its rows are stored is the collection's business. */
export interface EmbeddingTable {
  /** Name for messages and reports. */
  readonly name: string;
  /** Ids are 0 up to, not including, this. */
  readonly rows: number;
  /** Elements of a pooled vector. */
  readonly dim: number;
}

/** Host copies of named state tensors, as read from a file. */
export type StateData = Readonly<Record<string, TensorData>>;

/** The part of an ONNX graph builder that a collection needs to describe its lookup. */
export interface OnnxGraph {
  /** Adds a node and returns the name of its (first) output. */
  node(operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, unknown>>): string;
  /** Adds the state tensor of that name as an initializer and returns the initializer's name. */
  weight(name: string): string;
  /** Adds a constant of 64-bit integers and returns its name. */
  constant(values: readonly number[]): string;
}

/**
 * All embedding tables of a model. ROBE and table-batched tensor trains need one dispatch for all tables, so this, not
 * the table, is the unit that is replaced.
 *
 * One training step calls `lookup`, `backward`, `step`, in this order. All three record commands and return without
 * waiting. A collection may do its work in `backward` or in `step`, so from `lookup` to `step` the caller keeps the
 * tensors of the {@linkcode IdBatch}, and from `backward` to `step` the gradient, as they are. `lookup` alone (no
 * gradient wanted) may be called any number of times.
 */
export interface EmbeddingCollection {
  /** The tables; the order is that of {@linkcode IdBatch}, and all `dim` are equal. */
  readonly tables: readonly EmbeddingTable[];
  /** Bytes of trained parameters, optimiser state and padding not counted. */
  readonly parameterBytes: number;
  /**
   * Looks up and pools.
   *
   * @param ids row ids below each table's `rows`; the model has checked them
   * @param out f32 `[batch, tables, dim]`, overwritten
   */
  lookup(ids: IdBatch, out: Tensor): void;
  /** Takes the gradient of the last lookup's `out`: f32 `[batch, tables, dim]`. */
  backward(gradOut: Tensor): void;
  /** Updates the parameters by the collection's own optimiser at this learning rate. */
  step(lr: number): void;
  /**
   * Parameters and optimiser state by name, on the device: what a checkpoint must hold for an exact resume. Values are
   * current until the next `step`.
   */
  state(): Record<string, Tensor>;
  /**
   * Overwrites parameters, and optimiser state as far as it is given, with the values of {@linkcode state}'s tensors.
   *
   * @throws {TypeError} naming the tensor where a parameter is missing, or one has the wrong type
   * @throws {RangeError} naming the tensor, its elements and those wanted
   */
  load(state: StateData): void;
  /** Describes the lookup of `input` (int64 `[batch, tables]`) and returns the name of `[batch, tables, dim]`. */
  toOnnx?(graph: OnnxGraph, input: string): string;
}
