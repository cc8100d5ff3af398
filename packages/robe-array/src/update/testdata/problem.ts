/** Seeded updates for tests, on the host and on devices. */
import type { AnyDevice } from "@pocketrec/compute";
import { TestRandom } from "@pocketrec/compute/testing";
import { type RobeLayout, robeLayout, type RobeLayoutOptions, tableHash } from "../../layout.ts";
import { type RobeTableSet, robeTableSet, type RobeTableSpec } from "../../table_set.ts";
import { type RobeOptimizer, robeStateShapes } from "../robe_optimizer.ts";
import { robeUpdate } from "../robe_update.ts";
import { type HostRobeGradient, robeUpdateReference } from "../robe_update_reference.ts";
import type { RobeGradient } from "../update_plan.ts";

export type Accumulation = "sorted" | "fixed-point";

export const OPTIMIZERS: readonly RobeOptimizer[] = [
  { kind: "sgd" },
  { kind: "momentum", momentum: 0.9 },
  { kind: "adagrad", epsilon: 1e-8 },
  { kind: "segment-adagrad", epsilon: 1e-8 },
  { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 3 },
];

export interface PartShape {
  readonly dim: number;
  readonly tables: readonly RobeTableSpec[];
  /** Longest bag; undefined: one-hot. */
  readonly longest?: number | undefined;
  readonly weighted?: boolean;
  readonly mode?: "sum" | "mean";
}

export interface Shape {
  readonly seed: number;
  readonly batch: number;
  readonly layout: RobeLayoutOptions;
  readonly parts: readonly PartShape[];
  readonly optimizer: RobeOptimizer;
  readonly lr?: number;
  /** Ids are drawn from so many of a table's first rows. Default: all. */
  readonly drawn?: number;
}

/** A part as the host has it, and what the device's part is made from. */
export interface HostPart extends HostRobeGradient {
  readonly specs: readonly RobeTableSpec[];
}

export interface Problem {
  readonly layout: RobeLayout;
  readonly parts: readonly HostPart[];
  readonly array: Float32Array;
  readonly states: readonly Float32Array[];
  readonly optimizer: RobeOptimizer;
  readonly lr: number;
}

export function makeProblem(shape: Shape): Problem {
  const { seed, batch, optimizer, lr = 0.05, drawn = Infinity } = shape;
  const random = new TestRandom(seed), layout = robeLayout(shape.layout);
  const parts = shape.parts.map(({ dim, tables, longest, weighted, mode }): HostPart => {
    const bags = batch * tables.length;
    const offsets = new Uint32Array(bags + 1);
    for (let bag = 0; bag < bags; bag++) {
      offsets[bag + 1] = offsets[bag]! + (longest === undefined ? 1 : random.below(longest + 1));
    }
    const ids = new Uint32Array(offsets[bags]!);
    for (let bag = 0; bag < bags; bag++) {
      // Squares crowd at zero: many duplicates, and rows that occur once; some ids lie beyond.
      const { rows } = tables[bag % tables.length]!;
      for (let i = offsets[bag]!; i < offsets[bag + 1]!; i++) {
        ids[i] = random.below(50) === 0
          ? Math.min(rows, 2 ** 32 - 1)
          : Math.floor((random.u32() / 2 ** 32) ** 2 * Math.min(rows, drawn));
      }
    }
    let idsBefore = 0;
    return {
      dim,
      specs: tables,
      tables: tables.map((table, i) => {
        const hash = tableHash(layout, table.index ?? i, idsBefore);
        idsBefore += table.rows;
        return { ...table, hash };
      }),
      batch,
      ids,
      offsets: longest === undefined ? undefined : offsets,
      weights: weighted ? random.f32(ids.length) : undefined,
      mode,
      gradOut: random.f32(bags * dim),
    };
  });
  return {
    layout,
    parts,
    array: random.f32(layout.size),
    states: robeStateShapes(optimizer, layout.size).map(([n]) => random.f32(n!, 0.1, 1)),
    optimizer,
    lr,
  };
}

/** Runs the update on a device; returns array and states. */
export async function update(device: AnyDevice, p: Problem, accumulation?: Accumulation): Promise<Float32Array[]> {
  using stack = new DisposableStack();
  const f32 = (data: ArrayLike<number>) =>
    stack.use(device.tensor("f32", [data.length], { data: Float32Array.from(data) }));
  const u32 = (data: ArrayLike<number>) =>
    stack.use(device.tensor("u32", [data.length], { data: Uint32Array.from(data) }));
  const array = f32(p.array), states = p.states.map(f32);
  const parts = p.parts.map((part): RobeGradient => {
    const tables: RobeTableSet = robeTableSet(device, p.layout, part.dim, part.specs);
    stack.use(tables.records);
    const bags = {
      batch: part.batch,
      tables: part.tables.length,
      ids: u32(part.ids),
      ...(part.offsets ? { offsets: u32(part.offsets) } : {}),
      ...(part.weights ? { weights: f32(part.weights) } : {}),
      ...(part.mode ? { mode: part.mode } : {}),
    };
    return { tables, bags, gradOut: f32(part.gradOut) };
  });
  robeUpdate(array, parts, p.optimizer, states, p.lr, accumulation ? { accumulation } : {});
  return await Promise.all([array, ...states].map((tensor) => tensor.read() as Promise<Float32Array>));
}

/** Array and states after the update, in float64. */
export function expected(p: Problem): Float64Array[] {
  const array = Float64Array.from(p.array), states = p.states.map((state) => Float64Array.from(state));
  robeUpdateReference(array, p.layout, p.parts, p.optimizer, states, p.lr);
  return [array, ...states];
}

