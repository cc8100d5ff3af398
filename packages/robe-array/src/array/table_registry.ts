/**
 * The tables of an array: their declarations, and their records on the device.
 *
 * @module
 */
import type { Device } from "@pocketrec/compute";
import { ConfigError } from "../errors.ts";
import { checkTables, type RobeTableData } from "../file/model_data.ts";
import { type RobeLayout, type TableHash, tableHash } from "../layout.ts";
import { type RobeTableSet, robeTableSet } from "../table_set.ts";
import { foldOf, type IdRules } from "./ids.ts";
import type { RobeTableInfo, RobeTableOptions } from "./robe_table.ts";

/** Ids that kernels know: all u32. */
const DEVICE_IDS = 2 ** 32;

/** A table as files hold it. */
export function tableData({ paddingIdx, ...table }: RobeTableInfo): RobeTableData {
  return paddingIdx === undefined ? table : { ...table, paddingIdx };
}

/** Declared tables, in order of their declaration. */
export class TableRegistry implements Disposable {
  readonly #specs = new Map<string, RobeTableInfo>();
  /** Tables that came with a file and were not declared since. */
  readonly #loaded = new Set<string>();
  readonly #sets = new Map<string, RobeTableSet>();
  readonly #rules = new Map<string, IdRules>();

  /** All tables by name. */
  get byName(): ReadonlyMap<string, RobeTableInfo> {
    return this.#specs;
  }

  /** All tables. */
  get specs(): readonly RobeTableInfo[] {
    return [...this.#specs.values()];
  }

  /** Elements of all tables, were they full. */
  get fullElements(): number {
    return this.specs.reduce((sum, { numEmbeddings, dim }) => sum + numEmbeddings * dim, 0);
  }

  /**
   * Declares a table.
   *
   * @param runningIds whether ids count on through all tables, as with `ref1` and `ref2`
   * @throws {ConfigError} where the name is taken or an option out of range
   */
  add(options: RobeTableOptions, runningIds: boolean): RobeTableInfo {
    const { name, numEmbeddings, dim, mode = "sum", bounds = "strict", paddingIdx, scale = 1 } = options;
    const known = this.#specs.get(name);
    if (known && this.#loaded.has(name)) return this.#declareLoaded(known, options);
    if (known) throw new ConfigError(`Cannot add table "${name}": the array has one of that name`);
    const taken = new Set(this.specs.map((spec) => spec.index));
    let index = options.index ?? 0;
    while (options.index === undefined && taken.has(index)) index++;
    const spec = { name, numEmbeddings, dim, mode, bounds, paddingIdx, scale, index };
    checkTables([...this.specs, spec].map(tableData), runningIds, (reason) => {
      return new ConfigError(`Cannot add a table as ${reason}`);
    });
    this.#specs.set(name, spec);
    return spec;
  }

  /** Marks all tables as come with a file: each may be declared once more, as what it is. */
  markLoaded(): void {
    for (const name of this.#specs.keys()) this.#loaded.add(name);
  }

  /**
   * A table by its name.
   *
   * @throws {TypeError} where there is none
   */
  get(name: string): RobeTableInfo {
    const spec = this.#specs.get(name);
    if (spec) return spec;
    const known = [...this.#specs.keys()].map((other) => `"${other}"`).join(", ");
    throw new TypeError(`Cannot look up table "${name}": want ${known || "a table added before"}`);
  }

  /** Moves a table's bound; see `RobeTable.grow`. */
  grow(name: string, numEmbeddings: number, runningIds: boolean): void {
    const spec = this.get(name);
    if (!Number.isSafeInteger(numEmbeddings) || numEmbeddings < spec.numEmbeddings) {
      throw new ConfigError(
        `Cannot grow table "${name}" to ${numEmbeddings} ids: want a whole number >= ${spec.numEmbeddings}`,
      );
    }
    if (runningIds && this.specs.at(-1) !== spec && numEmbeddings > spec.numEmbeddings) {
      throw new ConfigError(
        `Cannot grow table "${name}" with a hash that numbers ids through all tables: want the last table, or hash mix32 or m31`,
      );
    }
    this.#specs.set(name, { ...spec, numEmbeddings });
    this.reset();
  }

  /** Hash constants of a table. */
  hash(layout: RobeLayout, name: string): TableHash {
    return tableHash(layout, this.get(name).index, this.#firstId(name));
  }

  /** How ids of a table are checked. */
  rules(layout: RobeLayout, name: string): IdRules {
    let rules = this.#rules.get(name);
    if (!rules) {
      const { numEmbeddings, bounds, paddingIdx, index } = this.get(name);
      const open = bounds === "open";
      rules = { table: name, numEmbeddings, open, paddingIdx, fold: foldOf(layout, index) };
      this.#rules.set(name, rules);
    }
    return rules;
  }

  /** Tables of equal width as kernels take them. */
  set(device: Device, layout: RobeLayout, names: readonly string[]): RobeTableSet {
    const key = JSON.stringify(names);
    let set = this.#sets.get(key);
    if (!set) {
      const tables = names.map((name) => {
        const { index, numEmbeddings, bounds, paddingIdx, scale } = this.get(name);
        const rows = bounds === "open" ? DEVICE_IDS : Math.min(numEmbeddings, DEVICE_IDS);
        return { index, rows, paddingIdx, scale, firstId: this.#firstId(name) };
      });
      set = robeTableSet(device, layout, this.get(names[0]!).dim, tables);
      this.#sets.set(key, set);
    }
    return set;
  }

  /** Forgets what was made for a layout or for bounds that are no more. */
  reset(): void {
    for (const { records } of this.#sets.values()) records[Symbol.dispose]();
    this.#sets.clear();
    this.#rules.clear();
  }

  /** Frees the records. */
  [Symbol.dispose](): void {
    this.reset();
  }

  #firstId(name: string): number {
    let first = 0;
    for (const spec of this.#specs.values()) {
      if (spec.name === name) break;
      first += spec.numEmbeddings;
    }
    return first;
  }

  #declareLoaded(spec: RobeTableInfo, options: RobeTableOptions): RobeTableInfo {
    const { name, numEmbeddings } = options;
    for (const key of ["dim", "mode", "paddingIdx", "scale", "index"] as const) {
      if (options[key] !== undefined && options[key] !== spec[key]) {
        throw new ConfigError(
          `Cannot add table "${name}" with ${key} ${options[key]}: the loaded array has it with ${spec[key]}`,
        );
      }
    }
    if (numEmbeddings < spec.numEmbeddings) {
      throw new ConfigError(
        `Cannot add table "${name}" with numEmbeddings ${numEmbeddings}: the loaded array has it with ${spec.numEmbeddings}; want as many or more`,
      );
    }
    this.#loaded.delete(name);
    const declared = { ...spec, numEmbeddings, bounds: options.bounds ?? spec.bounds };
    this.#specs.set(name, declared);
    this.reset();
    return declared;
  }
}
