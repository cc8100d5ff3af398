import {
  anyDevice,
  axpy,
  type Device,
  embeddingLookup,
  randomUniform,
  sparseStateShapes,
  sparseUpdate,
  type Tensor,
  type TensorData,
} from "@pocketrec/compute";
import type { IdBatch } from "../embedding_collection.ts";
import { type OptimizerConfig, optimizerStep } from "../optimizer.ts";
import { mapIds } from "./map_ids/map_ids.ts";

/** Rows of tables start at multiples of this, so that every table can be a view on every device. */
const ROW_ALIGNMENT = 64;

/** A contiguous part of all rows, in tensors of its own. */
interface Arena {
  readonly start: number;
  readonly end: number;
  readonly weights: Tensor;
  readonly states: readonly Tensor[];
}

/** A part of one table inside one arena. */
export interface TablePiece {
  /** First row of the piece within its table. */
  readonly firstRow: number;
  /** Rows of the piece. */
  readonly rows: number;
  /** `[rows, dim]`, or an optimiser state of these rows. */
  readonly tensor: Tensor;
}

/** What a {@linkcode RowStore} holds. */
export interface RowStoreOptions {
  /** Name for messages. */
  readonly label: string;
  /** Elements of a row. */
  readonly dim: number;
  /** Rows of each table; 0 for a table that has none here. */
  readonly rows: readonly number[];
  /** Update rule. */
  readonly optimizer: OptimizerConfig;
  /** Upper bound of the bytes of one tensor. Default: the device's. */
  readonly maxTensorBytes?: number;
}

/**
 * The rows of several tables packed one after the other, with the state of their optimiser.
 *
 * All live in one tensor where the device can bind it. Else the rows are cut into several ("arenas"), tables too if need
 * be; each arena is looked up and updated by a dispatch of its own, in which ids of rows elsewhere read as zeros.
 */
export class RowStore implements Disposable {
  readonly #device: Device;
  readonly #dim: number;
  readonly #rows: readonly number[];
  readonly #base: readonly number[];
  readonly #optimizer: OptimizerConfig;
  readonly #arenas: readonly Arena[];
  readonly #rowBase: Tensor;
  readonly #cut: { readonly zeros: Tensor; readonly ones: Tensor; readonly moduli: Tensor } | undefined;

  /** Allocates zeros. */
  constructor(device: Device, options: RowStoreOptions) {
    const { label, dim, rows, optimizer } = options;
    this.#device = device;
    this.#dim = dim;
    this.#rows = rows;
    this.#optimizer = optimizer;
    let total = 0;
    this.#base = rows.map((count) => {
      const base = total;
      total += Math.ceil(count / ROW_ALIGNMENT) * ROW_ALIGNMENT;
      return base;
    });
    const bytes = Math.min(options.maxTensorBytes ?? Infinity, device.maxTensorBytes);
    const most = Math.max(1, Math.floor(bytes / (dim * 4 * ROW_ALIGNMENT))) * ROW_ALIGNMENT;
    const arenas: Arena[] = [];
    for (let start = 0; start < Math.max(total, 1); start += most) {
      const end = Math.min(start + most, total);
      const states = sparseStateShapes(optimizer.kind, end - start, dim);
      arenas.push({
        start,
        end,
        weights: device.tensor("f32", [end - start, dim], { label }),
        states: states.map((shape) => device.tensor("f32", shape, { label: `${label} state` })),
      });
    }
    this.#arenas = arenas;
    const perTable = (values: readonly number[]) =>
      device.tensor("u32", [rows.length], { label: `${label} rows`, data: Uint32Array.from(values) });
    this.#rowBase = perTable(this.#base);
    this.#cut = arenas.length === 1
      ? undefined
      : { zeros: perTable(rows.map(() => 0)), ones: perTable(rows.map(() => 1)), moduli: perTable(rows) };
  }

  /** Elements of all rows, padding not counted. */
  get elements(): number {
    return this.#rows.reduce((sum, count) => sum + count, 0) * this.#dim;
  }

  /** Looks up and pools into f32 `[batch, tables, dim]`. Ids are rows of their tables, or `NO_ROW`. */
  lookup(bags: IdBatch, out: Tensor): void {
    if (!this.#cut) return embeddingLookup(this.#arenas[0]!.weights, this.#rowBase, bags, out);
    this.#arenas.forEach((arena, i) => {
      const target = i === 0 ? out : this.#scratch("f32", out.size).reshape(out.shape);
      embeddingLookup(arena.weights, this.#cut!.zeros, this.#within(arena, bags), target);
      if (i > 0) axpy(1, target, out);
    });
  }

  /** Updates the rows that occur in `bags` by the gradient of their pooled vectors. `step` is 1 for the first. */
  update(bags: IdBatch, gradOut: Tensor, lr: number, step: number): void {
    const rule = optimizerStep(this.#optimizer, step);
    for (const arena of this.#arenas) {
      const rowBase = this.#cut?.zeros ?? this.#rowBase;
      const own = this.#cut ? this.#within(arena, bags) : bags;
      sparseUpdate(arena.weights, rowBase, own, gradOut, rule, arena.states, lr);
    }
  }

  /** Fills a table with uniform numbers in [low, high), a function of seed, stream and element alone. */
  randomize(table: number, options: { seed: number; stream: number; low: number; high: number }): void {
    for (const { firstRow, tensor } of this.pieces(table)) {
      randomUniform(tensor, { ...options, offset: firstRow * this.#dim });
    }
  }

  /** The parts of a table's weights, or with `state` of that optimiser state; one where there is one arena. */
  pieces(table: number, state?: number): TablePiece[] {
    const base = this.#base[table]!, last = base + this.#rows[table]!;
    return this.#arenas.filter((arena) => arena.start < last && arena.end > base).map((arena) => {
      const from = Math.max(base, arena.start), rows = Math.min(last, arena.end) - from;
      const tensor = state === undefined ? arena.weights : arena.states[state]!;
      const shape = tensor.shape.length === 1 ? [rows] : [rows, this.#dim];
      const width = tensor.shape.length === 1 ? 1 : this.#dim;
      return { firstRow: from - base, rows, tensor: tensor.view((from - arena.start) * width, shape) };
    });
  }

  /** Overwrites all rows of a table, or with `state` of that optimiser state; `data` has exactly their elements. */
  write(table: number, data: TensorData, state?: number): void {
    let at = 0;
    for (const { tensor } of this.pieces(table, state)) {
      tensor.write(data.subarray(at, at + tensor.size));
      at += tensor.size;
    }
  }

  /** Elements of a table, or with `state` of that optimiser state. */
  size(table: number, state?: number): number {
    return this.pieces(table, state).reduce((sum, { tensor }) => sum + tensor.size, 0);
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    for (const { weights, states } of this.#arenas) {
      weights[Symbol.dispose]();
      for (const state of states) state[Symbol.dispose]();
    }
    this.#rowBase[Symbol.dispose]();
    if (this.#cut) { for (const tensor of Object.values(this.#cut)) tensor[Symbol.dispose](); }
  }

  /** The same bags with ids that count from the start of an arena; rows outside it become `NO_ROW`. */
  #within(arena: Arena, bags: IdBatch): IdBatch {
    const { ones: divisors, moduli } = this.#cut!;
    const ids = this.#scratch("u32", bags.ids.size).reshape(bags.ids.shape);
    mapIds(bags, ids, { divisors, moduli, rowBase: this.#rowBase, start: arena.start, end: arena.end });
    return { ...bags, ids };
  }

  #scratch(dtype: "f32" | "u32", size: number): Tensor {
    return anyDevice(this.#device).workspace("dlrm-model/arenas", dtype, size).view(0, [size]);
  }
}
