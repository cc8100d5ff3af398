/**
 * What a file of an array holds, and the rules that hold between its parts.
 *
 * @module
 */
import { type RobeLayout, robeLayout, type RobeLayoutOptions } from "../layout.ts";
import { type RobeOptimizer, robeStateNames, robeStateShapes } from "../update/robe_optimizer.ts";

/** A table of a saved array. */
export interface RobeTableData {
  /** Unique. */
  readonly name: string;
  /** Number of the table in the hash, below 2^31; unique. */
  readonly index: number;
  /** Ids are 0 up to, not including, this; at most 2^53 - 1. */
  readonly numEmbeddings: number;
  /** Elements of a row. */
  readonly dim: number;
  /** Factor of what is looked up and of the gradient; finite, not 0. */
  readonly scale: number;
  /** How the rows of a bag are pooled. */
  readonly mode: "sum" | "mean";
  /** Whether ids from `numEmbeddings` on are refused (`"strict"`, the default) or looked up like others. */
  readonly bounds?: "strict" | "open";
  /** Id that reads as zeros. */
  readonly paddingIdx?: number;
}

/** A saved array. */
export interface RobeModelData {
  /** The array's layout, complete. */
  readonly layout: Required<RobeLayoutOptions>;
  /** Type of the elements; halves are bit patterns. */
  readonly dtype: "f32" | "f16";
  /** In the order in which `ref1` and `ref2` number their ids. */
  readonly tables: readonly RobeTableData[];
  /** The array: `layout.size` elements. */
  readonly weight: Float32Array | Uint16Array;
  /** States of the optimizer by name: `robe.state.` and a name of `robeStateNames`. */
  readonly states: Readonly<Record<string, Float32Array>>;
  /** Rule of the optimizer: its `kind`, and numbers by name. */
  readonly optimizer?: object;
  /** Updates so far. */
  readonly step: number;
}

/** Names of states begin with this. */
export const STATE = "robe.state.";

const KINDS: readonly string[] = ["sgd", "momentum", "adagrad", "segment-adagrad", "adam"];

/**
 * Checks all of a saved array but the values of its elements. `refuse` makes the error of a reason such as
 * `table "a" has dim 0: want a whole number >= 1`.
 */
export function checkModel(data: RobeModelData, refuse: (reason: string) => Error): RobeLayout {
  const { layout, dtype, weight, step, tables } = data;
  if (weight.length !== layout.size) {
    throw refuse(`robe.weight has ${weight.length} elements: want the ${layout.size} of its layout`);
  }
  if ((dtype === "f32") !== weight instanceof Float32Array) {
    throw refuse(`robe.weight is a ${weight.constructor.name}, which does not fit dtype ${dtype}`);
  }
  if (!(Number.isSafeInteger(step) && step >= 0)) throw refuse(`it has step ${step}: want a whole number >= 0`);
  checkTables(tables, layout.hash === "ref1" || layout.hash === "ref2", refuse);
  checkStates(data, refuse);
  try {
    return robeLayout(layout);
  } catch (error) {
    throw refuse((error as Error).message);
  }
}

/** Checks the tables of an array. */
export function checkTables(
  tables: readonly RobeTableData[],
  runningIds: boolean,
  refuse: (reason: string) => Error,
): void {
  const names = new Set<string>(), indices = new Set<number>();
  let ids = 0;
  for (const { name, index, numEmbeddings, dim, scale, mode, bounds = "strict", paddingIdx } of tables) {
    const check = (ok: boolean, what: string, value: unknown, want: string) => {
      if (!ok) throw refuse(`table ${JSON.stringify(name)} has ${what} ${show(value)}: want ${want}`);
    };
    const whole = (what: string, value: number, low: number, high: number) =>
      check(
        Number.isInteger(value) && value >= low && value <= high,
        what,
        value,
        `a whole number from ${low} to ${high}`,
      );
    check(typeof name === "string" && !names.has(name), "name", name, "a string that no other table has");
    whole("index", index, 0, 2 ** 31 - 1);
    check(!indices.has(index), "index", index, "one that no other table has");
    whole("numEmbeddings", numEmbeddings, 1, Number.MAX_SAFE_INTEGER);
    whole("dim", dim, 1, 2 ** 31);
    check(Number.isFinite(scale) && scale !== 0, "scale", scale, "a finite number other than 0");
    check(mode === "sum" || mode === "mean", "mode", mode, "sum or mean");
    check(bounds === "strict" || bounds === "open", "bounds", bounds, "strict or open");
    const last = (bounds === "open" ? 2 ** 32 : Math.min(numEmbeddings, 2 ** 32)) - 1;
    if (paddingIdx !== undefined) whole("paddingIdx", paddingIdx, 0, last);
    ids += numEmbeddings;
    if (runningIds) {
      check(ids <= 2 ** 32, "numEmbeddings", numEmbeddings, "at most 2^32 ids in all tables with this hash");
    }
    names.add(name);
    indices.add(index);
  }
}

/** As in JSON, but for NaN and infinity. */
function show(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

function checkStates({ layout, optimizer, states }: RobeModelData, refuse: (reason: string) => Error): void {
  const rule = (optimizer ?? { kind: "sgd" }) as RobeOptimizer;
  if (!KINDS.includes(rule.kind)) {
    throw refuse(`its optimizer is of kind ${JSON.stringify(rule.kind)}: want one of ${KINDS.join(", ")}`);
  }
  for (const [key, value] of Object.entries(rule)) {
    if (key !== "kind" && !Number.isFinite(value)) {
      throw refuse(`its optimizer has ${key} ${JSON.stringify(value)}: want a finite number`);
    }
  }
  const shapes = robeStateShapes(rule, layout.size), names = robeStateNames(rule.kind).map((name) => STATE + name);
  for (const name of Object.keys(states)) {
    if (!names.includes(name)) throw refuse(`it has a tensor "${name}": want ${names.join(", ") || "no state"}`);
  }
  for (const [i, name] of names.entries()) {
    const have = Object.hasOwn(states, name) ? states[name]!.length : 0, want = shapes[i]!.reduce((a, b) => a * b, 1);
    if (have !== want) throw refuse(`tensor "${name}" has ${have} elements: want ${want}`);
  }
}
