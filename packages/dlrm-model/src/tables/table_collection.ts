import { type Device, streamOf, type Tensor } from "@pocketrec/compute";
import { type QrOperation, storedElements, type TableScheme } from "../compression/index_split.ts";
import type { EmbeddingCollection, EmbeddingTable, IdBatch, OnnxGraph, StateData } from "../embedding_collection.ts";
import { type OptimizerConfig, stateNames } from "../optimizer.ts";
import { combineFactors, combineFactorsBackward, type Factors } from "./combine_factors/combine_factors.ts";
import { factorRange, tableRange } from "./initial_range.ts";
import { mapIds, NO_ROW } from "./map_ids/map_ids.ts";
import { RowStore } from "./row_store.ts";
import { ScratchTensor } from "./scratch_tensor.ts";
import { loadTables, type StoredTable } from "./table_state.ts";
import { tablesToOnnx } from "./table_onnx.ts";

/** What a {@linkcode TableCollection} is made of. */
export interface TableCollectionOptions {
  /** The tables, uncompressed. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  /** Elements of an embedding vector. */
  readonly dim: number;
  /** How each table is stored; see `planCompression`. Default: all full. */
  readonly schemes?: readonly TableScheme[];
  /** How QR's factors combine. Default `"mult"`. */
  readonly qrOperation?: QrOperation;
  /**
   * How QR's factors begin: `"composed"` (default) gives the combined vectors the variance of a full table, `"upstream"`
   * is facebookresearch/dlrm's range, `sqrt(1 / rows)` up to 1.
   */
  readonly qrInit?: "composed" | "upstream";
  /** Update rule. */
  readonly optimizer: OptimizerConfig;
  /** Seed of the initial values. */
  readonly seed: number;
  /** Upper bound of the bytes of one tensor; larger sets of tables are cut. Default: the device's. */
  readonly maxTensorBytes?: number;
}

/** The divisors and moduli that take ids to rows of a store; u32 `[tables]` each. */
interface IdMap {
  readonly divisors: Tensor;
  readonly moduli: Tensor;
  readonly zeros: Tensor;
  readonly ids: ScratchTensor;
}

/** One of the two sets of factors, or the only one. */
interface Part {
  readonly store: RowStore;
  /** Absent where ids are rows already. */
  readonly map: IdMap | undefined;
  readonly pooled: ScratchTensor;
  readonly gradient: ScratchTensor;
  bags: IdBatch | undefined;
  gradOut: Tensor | undefined;
}

/**
 * Embedding tables as one row per id (full), rows shared by remainder (hash), or two factors (QR), mixed as one likes:
 * the baselines of every other {@linkcode EmbeddingCollection}.
 *
 * All rows of all tables are packed into one tensor, so look-up and update are one dispatch each. A bag of QR tables is
 * pooled by factor before the factors combine, as in facebookresearch/dlrm.
 *
 * State names are `emb_l.{t}.weight`, for QR `emb_l.{t}.weight_q` and `emb_l.{t}.weight_r`; with `"concat"` full and
 * hashed tables are kept as left and right halves of these names too. Optimiser state is `<name>@<state>`. Where the
 * device cannot bind a table at once, its tensors are `<name>.part0` and so on.
 */
export class TableCollection implements EmbeddingCollection, Disposable {
  /** See {@linkcode EmbeddingCollection.tables}. */
  readonly tables: readonly EmbeddingTable[];
  /** See {@linkcode EmbeddingCollection.parameterBytes}. */
  readonly parameterBytes: number;
  /** How each table is stored. */
  readonly schemes: readonly TableScheme[];
  readonly #device: Device;
  readonly #dim: number;
  readonly #operation: QrOperation;
  readonly #optimizer: OptimizerConfig;
  readonly #parts: readonly Part[];
  readonly #single: Tensor;
  readonly #stored: readonly StoredTable[];
  readonly #stepTensor: Tensor;
  #steps = 0;

  /**
   * Allocates the tables and fills them with their initial values.
   *
   * @throws {DeviceMemoryError} where the device cannot hold tables and optimiser state
   * @throws {RangeError} where a scheme does not fit its table
   */
  constructor(device: Device, options: TableCollectionOptions) {
    const { tables, dim, qrOperation = "mult", optimizer } = options;
    const schemes = options.schemes ?? tables.map(() => ({ kind: "full" }));
    checkSchemes(tables, schemes, dim, qrOperation);
    this.#device = device;
    this.#dim = dim;
    this.#operation = qrOperation;
    this.#optimizer = optimizer;
    this.schemes = schemes;
    this.tables = tables.map(({ name, rows }) => ({ name, rows, dim }));
    this.parameterBytes = 4 *
      tables.reduce((sum, { rows }, i) => sum + storedElements(rows, dim, schemes[i]!, qrOperation), 0);
    const layouts = layOut(tables.map(({ rows }) => rows), schemes, qrOperation);
    const width = layouts.length === 2 && qrOperation === "concat" ? dim / 2 : dim;
    this.#parts = layouts.map((layout, i) => this.#makePart(layout, width, i, options));
    const single = schemes.map(({ kind }) => Number(kind !== "qr" && qrOperation !== "concat"));
    this.#single = device.tensor("u32", [tables.length], { label: "tables without factors", data: u32(single) });
    this.#stepTensor = device.tensor("u32", [1], { label: "emb_l@step" });
    this.#stored = tables.flatMap((_, table) =>
      this.#parts.flatMap(({ store }, i) => {
        if (layouts[i]!.rows[table] === 0) return [];
        const both = this.#parts.length === 2 && layouts[1]!.rows[table]! > 0;
        return [{ store, table, name: `emb_l.${table}.weight${both ? i === 0 ? "_q" : "_r" : ""}` }];
      })
    );
    for (const { store, table, name } of this.#stored) {
      const { rows } = tables[table]!, scheme = schemes[table]!;
      const range = scheme.kind === "qr"
        ? factorRange(rows, qrOperation, options.qrInit ?? "composed")
        : tableRange(rows);
      store.randomize(table, { seed: options.seed, stream: streamOf(name), ...range });
    }
  }

  /** See {@linkcode EmbeddingCollection.lookup}. */
  lookup(ids: IdBatch, out: Tensor): void {
    for (const part of this.#parts) part.bags = rowsOf(part, ids);
    const [first, second] = this.#parts;
    if (!second) return first!.store.lookup(first!.bags!, out);
    for (const part of this.#parts) part.store.lookup(part.bags!, this.#pooled(part, ids));
    combineFactors(this.#factors(ids), out);
  }

  /** See {@linkcode EmbeddingCollection.backward}. */
  backward(gradOut: Tensor): void {
    const [first, second] = this.#parts;
    const ids = first!.bags;
    if (!ids) throw new TypeError("Cannot take a gradient before a lookup");
    first!.gradOut = gradOut;
    if (!second) return;
    second.gradOut = gradOut;
    if (this.#operation === "add") return; // both factors have the gradient of their sum
    for (const part of this.#parts) part.gradOut = part.gradient.of([ids.batch, ids.tables, this.#width]);
    combineFactorsBackward(this.#factors(ids), gradOut, first!.gradOut, second.gradOut);
  }

  /** See {@linkcode EmbeddingCollection.step}. */
  step(lr: number): void {
    this.#steps++;
    for (const { store, bags, gradOut } of this.#parts) {
      if (!bags || !gradOut) throw new TypeError("Cannot update tables before a lookup and its gradient");
      store.update(bags, gradOut, lr, this.#steps);
    }
  }

  /** See {@linkcode EmbeddingCollection.state}. */
  state(): Record<string, Tensor> {
    const state: Record<string, Tensor> = {};
    for (const { store, table, name } of this.#stored) {
      [undefined, ...stateNames(this.#optimizer.kind).keys()].forEach((index) => {
        const suffix = index === undefined ? "" : `@${stateNames(this.#optimizer.kind)[index]}`;
        const pieces = store.pieces(table, index);
        pieces.forEach(({ tensor }, i) => state[`${name}${suffix}${pieces.length > 1 ? `.part${i}` : ""}`] = tensor);
      });
    }
    this.#stepTensor.write(Uint32Array.of(this.#steps));
    state["emb_l@step"] = this.#stepTensor;
    return state;
  }

  /** See {@linkcode EmbeddingCollection.load}. */
  load(state: StateData): void {
    loadTables(this.#stored, stateNames(this.#optimizer.kind), state);
    const step = state["emb_l@step"];
    if (step) this.#steps = step[0] ?? 0;
  }

  /** See {@linkcode EmbeddingCollection.toOnnx}. */
  toOnnx(graph: OnnxGraph, input: string): string {
    return tablesToOnnx(graph, input, { tables: this.tables, schemes: this.schemes, operation: this.#operation });
  }

  /** Frees all tables. */
  [Symbol.dispose](): void {
    for (const { store, map, pooled, gradient } of this.#parts) {
      for (const resource of [store, pooled, gradient, ...Object.values(map ?? {})]) resource[Symbol.dispose]();
    }
    this.#single[Symbol.dispose]();
    this.#stepTensor[Symbol.dispose]();
  }

  get #width(): number {
    return this.#operation === "concat" && this.#parts.length === 2 ? this.#dim / 2 : this.#dim;
  }

  #pooled(part: Part, { batch, tables }: IdBatch): Tensor {
    return part.pooled.of([batch, tables, this.#width]);
  }

  #factors(ids: IdBatch): Factors {
    const [first, second] = this.#parts as [Part, Part];
    return {
      batch: ids.batch,
      tables: ids.tables,
      dim: this.#dim,
      operation: this.#operation,
      single: this.#single,
      first: this.#pooled(first, ids),
      second: this.#pooled(second, ids),
    };
  }

  #makePart(layout: PartLayout, width: number, index: number, options: TableCollectionOptions): Part {
    const device = this.#device, label = `embedding tables${index ? ", second factors" : ""}`;
    const { optimizer, maxTensorBytes } = options;
    const perTable = (values: readonly number[]) =>
      device.tensor("u32", [values.length], { label: `${label}: id map`, data: u32(values) });
    return {
      store: new RowStore(device, {
        label,
        dim: width,
        rows: layout.rows,
        optimizer,
        ...(maxTensorBytes === undefined ? {} : { maxTensorBytes }),
      }),
      map: layout.identity ? undefined : {
        divisors: perTable(layout.divisors),
        moduli: perTable(layout.rows),
        zeros: perTable(layout.rows.map(() => 0)),
        ids: new ScratchTensor(device, "u32", `${label}: rows looked up`),
      },
      pooled: new ScratchTensor(device, "f32", `${label}: pooled`),
      gradient: new ScratchTensor(device, "f32", `${label}: gradient`),
      bags: undefined,
      gradOut: undefined,
    };
  }
}

/** What a part stores of each table, and how ids find it: `row = floor(id / divisor) mod rows`. */
interface PartLayout {
  readonly rows: readonly number[];
  readonly divisors: readonly number[];
  readonly identity: boolean;
}

function layOut(rows: readonly number[], schemes: readonly TableScheme[], operation: QrOperation): PartLayout[] {
  const one = rows.map(() => 1);
  const remainders = (scheme: TableScheme, i: number) => scheme.kind === "hash" ? scheme.rows : rows[i]!;
  if (schemes.every(({ kind }) => kind !== "qr")) {
    return [{ rows: schemes.map(remainders), divisors: one, identity: schemes.every(({ kind }) => kind === "full") }];
  }
  const first = schemes.map((scheme, i) =>
    scheme.kind === "qr" ? Math.ceil(rows[i]! / scheme.divisor) : remainders(scheme, i)
  );
  // Side by side, a table without factors is kept as two halves; else it has no second factor.
  const second = schemes.map((scheme, i) =>
    scheme.kind === "qr" ? scheme.divisor : operation === "concat" ? remainders(scheme, i) : 0
  );
  const divisors = schemes.map((scheme) => scheme.kind === "qr" ? scheme.divisor : 1);
  return [{ rows: first, divisors, identity: false }, { rows: second, divisors: one, identity: false }];
}

/** The bags with ids replaced by rows of a part's tables. */
function rowsOf({ map }: Part, bags: IdBatch): IdBatch {
  if (!map) return bags;
  const { divisors, moduli, zeros } = map;
  const ids = map.ids.of(bags.ids.shape);
  mapIds(bags, ids, { divisors, moduli, rowBase: zeros, start: 0, end: NO_ROW });
  return { ...bags, ids };
}

function checkSchemes(
  tables: TableCollectionOptions["tables"],
  schemes: readonly TableScheme[],
  dim: number,
  operation: QrOperation,
): void {
  if (schemes.length !== tables.length) {
    throw new RangeError(`Cannot store ${tables.length} tables by ${schemes.length} schemes: want one each`);
  }
  schemes.forEach((scheme, i) => {
    if (scheme.kind === "full") return;
    const value = scheme.kind === "hash" ? scheme.rows : scheme.divisor;
    if (!Number.isInteger(value) || value < 1 || value > tables[i]!.rows) {
      throw new RangeError(
        `Cannot store table ${tables[i]!.name} of ${tables[i]!.rows} rows by ${JSON.stringify(scheme)}: ` +
          `want a whole number from 1 to its rows`,
      );
    }
    if (scheme.kind === "qr" && operation === "concat" && dim % 2 !== 0) {
      throw new RangeError(`Cannot put QR factors side by side in ${dim} elements: want an even dim`);
    }
  });
}

function u32(values: readonly number[]): Uint32Array {
  return Uint32Array.from(values);
}
