/**
 * Which bound holds for a table at an iteration: classes of tables times decay over iterations (arXiv 2407.04272).
 *
 * @module
 */
import { checkDecay, type Decay, decayFactor } from "./decay.ts";
import { type ClassBounds, TABLE_CLASSES, type TableClass } from "./table_classes.ts";

/** A table under a policy. */
export interface PolicyTable {
  /** For messages and logs. */
  readonly name: string;
  /** Which of the bounds is the table's. */
  readonly class: TableClass;
  /** The mode to encode it with, where one was chosen offline. */
  readonly mode?: string;
}

/** Everything that a policy is made of. */
export interface PolicyParts {
  /** Relative bound of each class. */
  readonly bounds: ClassBounds;
  /** The tables by index. */
  readonly tables: readonly PolicyTable[];
  /** The factor on all bounds. */
  readonly decay: Decay;
  /** Iterations from which on all bounds are halved, each once more; a closed loop adds them. Default: none. */
  readonly halvings?: readonly number[];
}

/** A policy as JSON. */
export interface PolicyJson extends Required<PolicyParts> {
  /** What this is. */
  readonly format: "pocketrec-dual-level";
  /** Of the format. */
  readonly version: 1;
}

/**
 * A policy: an immutable value, and a pure function of table and iteration. Ranks that hold equal policies use equal
 * bounds without a word about them.
 *
 * ```ts
 * import { DualLevelPolicy } from "@pocketrec/lossy-codec/dual-level";
 *
 * const policy = new DualLevelPolicy({
 *   bounds: { tighten: 0.01, base: 0.03, loosen: 0.05 },
 *   tables: [{ name: "user", class: "tighten" }, { name: "weekday", class: "loosen" }],
 *   decay: { kind: "linear", initial: 2, iterations: 1000 },
 * });
 * const sent = JSON.stringify(policy);
 * const received = DualLevelPolicy.fromJSON(JSON.parse(sent));
 * if (received.bound(0, 500) !== 0.015) throw new Error("1.5 times 0.01");
 * if (received.bound(1, 5000) !== 0.05) throw new Error("the decay is over");
 * ```
 */
export class DualLevelPolicy {
  /** Relative bound of each class. */
  readonly bounds: ClassBounds;
  /** The tables by index. */
  readonly tables: readonly PolicyTable[];
  /** The factor on all bounds. */
  readonly decay: Decay;
  /** Iterations from which on all bounds are halved, each once more. */
  readonly halvings: readonly number[];

  /**
   * A policy of copies of the parts.
   *
   * @throws {TypeError} for unknown classes or kinds of decay
   * @throws {RangeError} for bounds that are not positive, and other impossible numbers
   */
  constructor({ bounds, tables, decay, halvings = [] }: PolicyParts) {
    for (const name of TABLE_CLASSES) {
      if (!(bounds[name] > 0 && bounds[name] < Infinity)) {
        throw new RangeError(`Cannot bound tables of class ${name} by ${bounds[name]}: want a number > 0`);
      }
    }
    tables.forEach(({ name, class: own }) => {
      if (TABLE_CLASSES.includes(own)) return;
      throw new TypeError(`Cannot put table ${name} into class ${own}: want ${TABLE_CLASSES.join(", ")}`);
    });
    checkDecay(decay);
    halvings.forEach((iteration, i) => {
      if (Number.isSafeInteger(iteration) && iteration >= (halvings[i - 1] ?? 0)) return;
      throw new RangeError(`Cannot halve bounds from iteration ${iteration} on: want whole numbers in ascending order`);
    });
    const { tighten, base, loosen } = bounds, { kind, initial, iterations } = decay;
    this.bounds = Object.freeze({ tighten, base, loosen });
    this.tables = Object.freeze(
      tables.map(({ name, class: own, mode }) =>
        Object.freeze({ name, class: own, ...(mode === undefined ? {} : { mode }) })
      ),
    );
    this.decay = Object.freeze({ kind, initial, iterations });
    this.halvings = Object.freeze([...halvings]);
  }

  /**
   * The relative bound: the largest error allowed, as a share of the range of values of a slice.
   *
   * @param table index of the table
   * @param iteration the first is 0
   * @throws {RangeError} where there is no such table, or no such iteration can be
   */
  bound(table: number, iteration: number): number {
    const own = this.tables[table];
    if (!own) throw new RangeError(`Cannot bound table ${table}: the policy has ${this.tables.length}`);
    return this.bounds[own.class] * this.factor(iteration);
  }

  /** What the bounds of the classes are multiplied by at an iteration. */
  factor(iteration: number): number {
    if (!(Number.isSafeInteger(iteration) && iteration >= 0)) {
      throw new RangeError(`Cannot bound tables at iteration ${iteration}: want a whole number >= 0`);
    }
    let factor = decayFactor(this.decay, iteration);
    for (const from of this.halvings) if (iteration >= from) factor /= 2;
    return factor;
  }

  /** The same policy with some parts replaced. */
  with(parts: Partial<PolicyParts>): DualLevelPolicy {
    return new DualLevelPolicy({ ...this.#parts(), ...parts });
  }

  /** What `JSON.stringify` writes; {@linkcode DualLevelPolicy.fromJSON} reads it back to an equal policy. */
  toJSON(): PolicyJson {
    return { format: "pocketrec-dual-level", version: 1, ...this.#parts() };
  }

  /**
   * A policy from parsed JSON.
   *
   * @throws {TypeError} where it is none, or of another version
   * @throws {RangeError} where its numbers cannot be
   */
  static fromJSON(value: unknown): DualLevelPolicy {
    const json = (value ?? {}) as Partial<Record<keyof PolicyJson, unknown>>;
    if (json.format !== "pocketrec-dual-level" || json.version !== 1) {
      throw new TypeError(
        `Cannot read a policy of format ${json.format} version ${json.version}: want pocketrec-dual-level version 1`,
      );
    }
    const { bounds, tables, decay, halvings } = json;
    const isObject = (x: unknown) => typeof x === "object" && x !== null;
    const named = (x: unknown) => isObject(x) && typeof (x as PolicyTable).name === "string";
    if (
      !isObject(bounds) || !isObject(decay) || !Array.isArray(tables) || !tables.every(named) ||
      !Array.isArray(halvings)
    ) {
      throw new TypeError("Cannot read a policy without bounds, tables with names, decay and halvings");
    }
    return new DualLevelPolicy({
      bounds: bounds as ClassBounds,
      tables: tables as PolicyTable[],
      decay: decay as Decay,
      halvings: halvings as number[],
    });
  }

  #parts(): Required<PolicyParts> {
    const { bounds, tables, decay, halvings } = this;
    return { bounds, tables, decay, halvings };
  }
}
