import { type DenseOptimizer, denseUpdate, type Device, randomNormal, streamOf, type Tensor } from "@pocketrec/compute";
import type { StateData } from "../embedding_collection.ts";
import { type OptimizerConfig, optimizerStep, stateNames } from "../optimizer.ts";

/** Elements that every parameter starts at a multiple of, so that each can be a view on every device. */
const ALIGNMENT = 64;

/** Name, shape and initial spread of a parameter. */
export interface ParameterSpec {
  /** Name in files. */
  readonly name: string;
  /** Extents. */
  readonly shape: readonly number[];
  /** Standard deviation of the normal distribution that it starts with; 0 for zeros. */
  readonly deviation: number;
}

/** A parameter and its gradient. */
export interface Parameter extends ParameterSpec {
  /** Current value. */
  readonly value: Tensor;
  /** Gradient of the last backward pass. */
  readonly gradient: Tensor;
}

/**
 * All dense parameters of a model in one flat tensor, their gradients in a second, and optimiser states alike, so that an
 * update is one call and an all-reduce one message.
 */
export class DenseParameters implements Disposable {
  /** All gradients, flat, in file order, with zeros between parameters. */
  readonly gradients: Tensor;
  readonly #values: Tensor;
  readonly #states: readonly Tensor[];
  readonly #parameters = new Map<string, Parameter>();
  readonly #offsets = new Map<string, number>();
  readonly #optimizer: OptimizerConfig;
  readonly #stepTensor: Tensor;
  #steps = 0;

  /** Allocates the parameters and fills them with their initial values. */
  constructor(device: Device, specs: readonly ParameterSpec[], optimizer: OptimizerConfig, seed: number) {
    // Row-wise states are for rows of tables; other parameters have one per element.
    this.#optimizer = optimizer.kind === "rowwise-adagrad" ? { ...optimizer, kind: "adagrad" } : optimizer;
    let total = 0;
    for (const { name, shape } of specs) {
      this.#offsets.set(name, total);
      total += Math.ceil(elements(shape) / ALIGNMENT) * ALIGNMENT;
    }
    const make = (label: string) => device.tensor("f32", [total], { label });
    this.#values = make("dense parameters");
    this.gradients = make("dense gradients");
    this.#states = stateNames(this.#optimizer.kind).map((state) => make(`dense ${state}`));
    this.#stepTensor = device.tensor("u32", [1], { label: "dense@step" });
    for (const spec of specs) {
      const at = this.#offsets.get(spec.name)!;
      const value = this.#values.view(at, spec.shape, spec.name);
      const gradient = this.gradients.view(at, spec.shape, `${spec.name} gradient`);
      this.#parameters.set(spec.name, { ...spec, value, gradient });
      if (spec.deviation > 0) {
        randomNormal(value, { seed, stream: streamOf(spec.name), mean: 0, std: spec.deviation });
      }
    }
  }

  /** The parameter of that name. */
  get(name: string): Parameter {
    const parameter = this.#parameters.get(name);
    if (!parameter) {
      throw new RangeError(`Cannot find parameter "${name}": want one of ${[...this.#parameters.keys()]}`);
    }
    return parameter;
  }

  /** All parameters, in file order. */
  all(): Iterable<Parameter> {
    return this.#parameters.values();
  }

  /** Updates all parameters by their gradients. */
  step(lr: number): void {
    this.#steps++;
    const rule = optimizerStep(this.#optimizer, this.#steps) as DenseOptimizer;
    denseUpdate(this.#values, this.gradients, rule, this.#states, lr);
  }

  /** Values and optimiser states by name, and the number of steps. */
  state(): Record<string, Tensor> {
    const state: Record<string, Tensor> = {};
    const names = stateNames(this.#optimizer.kind);
    for (const { name, shape, value } of this.#parameters.values()) {
      state[name] = value;
      names.forEach((suffix, i) => {
        state[`${name}@${suffix}`] = this.#states[i]!.view(this.#offsets.get(name)!, shape, `${name}@${suffix}`);
      });
    }
    this.#stepTensor.write(Uint32Array.of(this.#steps));
    state["dense@step"] = this.#stepTensor;
    return state;
  }

  /**
   * Overwrites values, and optimiser states as far as they are given.
   *
   * @throws {TypeError} where a parameter is missing or has the wrong type
   * @throws {RangeError} where one has the wrong number of elements
   */
  load(state: StateData): void {
    const own = this.state();
    for (const [name, tensor] of Object.entries(own)) {
      const data = state[name];
      if (!data) {
        if (this.#parameters.has(name)) {
          throw new TypeError(`Cannot load the model as tensor "${name}" is missing`);
        }
      } else if (data.length !== tensor.size) {
        throw new RangeError(`Cannot load tensor "${name}" of ${data.length} elements: want [${tensor.shape}]`);
      } else if (tensor.dtype === "f32" && !(data instanceof Float32Array)) {
        throw new TypeError(`Cannot load tensor "${name}": want float32 elements`);
      }
    }
    for (const [name, tensor] of Object.entries(own)) {
      const data = state[name];
      if (data && name !== "dense@step") tensor.write(data);
    }
    this.#steps = state["dense@step"]?.[0] ?? this.#steps;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    for (const tensor of [this.#values, this.gradients, this.#stepTensor, ...this.#states]) tensor[Symbol.dispose]();
  }
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
