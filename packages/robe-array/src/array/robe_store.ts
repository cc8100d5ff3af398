/**
 * The array on a device with the state of its optimiser: what {@linkcode RobeArray} and `RobeCollection` share.
 *
 * @module
 */
import { anyDevice, type Device, randomUniform, streamOf, type Tensor, type TensorData } from "@pocketrec/compute";
import { ConfigError, LimitError } from "../errors.ts";
import { type RobeLayout, robeLayout } from "../layout.ts";
import { robeStateNames, robeStateShapes, SEGMENT_SLOTS } from "../update/robe_optimizer.ts";
import { robeUpdate } from "../update/robe_update.ts";
import type { RobeGradient } from "../update/update_plan.ts";
import { packHalves, uniformHalves } from "./half.ts";
import { optimizerStep, type RobeOptimizerConfig } from "./optimizer.ts";

/** Element types in which an array can be stored; `"f16"` for inference only. */
export type RobeDType = "f32" | "f16";

/** How gradients of a slot are added up; see `robeUpdate`. */
export type RobeAccumulation = "sorted" | "fixed-point";

/** What a {@linkcode RobeStore} holds. */
export interface RobeStoreOptions {
  readonly layout: RobeLayout;
  readonly dtype: RobeDType;
  /** `undefined`: inference only. */
  readonly optimizer: RobeOptimizerConfig | undefined;
}

/** Stream of the array's initial values. */
const STREAM = streamOf("robe.weight");

/** One array. */
export class RobeStore implements Disposable {
  readonly device: Device;
  readonly dtype: RobeDType;
  readonly optimizer: RobeOptimizerConfig | undefined;
  /** Names of the optimiser's states, in the order of {@linkcode RobeStore.states}. */
  readonly stateNames: readonly string[];
  /** Updates so far. */
  steps = 0;
  #layout: RobeLayout;
  #weight: Tensor;
  #states: readonly Tensor[];

  /**
   * Allocates zeros.
   *
   * @throws {LimitError} where the device cannot bind the array
   * @throws {ConfigError} where f16 is to be trained
   */
  constructor(device: Device, { layout, dtype, optimizer }: RobeStoreOptions) {
    if (dtype !== "f32" && dtype !== "f16") {
      throw new ConfigError(`Cannot store a ROBE array as ${dtype}: want f32 or f16`);
    }
    if (dtype === "f16" && optimizer) {
      throw new ConfigError(
        `Cannot train a ROBE array of f16 by ${optimizer.kind}: want dtype f32, or optimizer null for inference`,
      );
    }
    this.device = device;
    this.dtype = dtype;
    this.optimizer = optimizer;
    this.stateNames = optimizer ? robeStateNames(optimizer.kind) : [];
    this.#layout = layout;
    [this.#weight, ...this.#states] = this.#allocate(layout.size) as [Tensor, ...Tensor[]];
  }

  /** The layout; growth changes its size. */
  get layout(): RobeLayout {
    return this.#layout;
  }

  /** f32 `[M]`, or f16 as u32 `[ceil(M / 2)]`, the element of even index in the low half. */
  get weight(): Tensor {
    return this.#weight;
  }

  /** The optimiser's states. */
  get states(): readonly Tensor[] {
    return this.#states;
  }

  /** Bytes of the array. */
  get bytes(): number {
    return this.#layout.size * (this.dtype === "f16" ? 2 : 4);
  }

  /** Fills the array with uniform numbers within `scale` of zero, the same bits on every device. */
  randomize(seed: number, scale: number): void {
    if (!(scale > 0) || scale === Infinity) {
      throw new ConfigError(`Cannot fill a ROBE array within ${scale} of zero: want a number above 0`);
    }
    if (this.dtype === "f32") return randomUniform(this.#weight, { seed, stream: STREAM, low: -scale, high: scale });
    this.#weight.write(packHalves(uniformHalves(this.#layout.size, seed, STREAM, scale)));
  }

  /** One step of the optimiser; `parts` are the gradients of all look-ups since the last. */
  update(parts: readonly RobeGradient[], lr: number, accumulation: RobeAccumulation): void {
    if (!this.optimizer) throw new TypeError("Cannot update a ROBE array without an optimizer");
    robeUpdate(this.#weight, parts, optimizerStep(this.optimizer, this.steps + 1), this.#states, lr, { accumulation });
    this.steps++;
  }

  /**
   * Makes the array `factor` copies of itself, state included. Starts are `hash mod M` and memory is circular, so every
   * look-up reads the same bits as before.
   *
   * @throws {ConfigError} where the layout does not allow it
   * @throws {LimitError} where the device cannot bind the larger array; it stays as it was then
   */
  grow(factor: number): void {
    if (!Number.isInteger(factor) || factor < 1) {
      throw new ConfigError(`Cannot grow a ROBE array by factor ${factor}: want a whole number >= 1`);
    }
    if (factor === 1) return;
    const { size, hash } = this.#layout;
    if (hash === "ref1" || hash === "ref2") {
      throw new ConfigError(
        `Cannot grow a ROBE array with hash ${hash}, whose blocks do not wrap around: want mix32 or m31`,
      );
    }
    if (this.optimizer?.kind === "segment-adagrad" && size % SEGMENT_SLOTS !== 0) {
      throw new ConfigError(
        `Cannot grow a ROBE array of ${size} elements with segment-adagrad: want a multiple of ${SEGMENT_SLOTS}`,
      );
    }
    if (this.dtype === "f16" && size % 2 !== 0) {
      throw new ConfigError(`Cannot grow a ROBE array of ${size} elements of f16: want an even number`);
    }
    const layout = robeLayout({ ...this.#layout, size: size * factor });
    this.#replace(layout, (from, to) => repeat(from, to, factor));
  }

  /**
   * Overwrites the array, and the states as far as they are given (others become zeros where the size changes).
   * Everything is checked before anything is written.
   *
   * @param size elements of the array from now on
   * @throws {RangeError} naming the tensor whose size does not fit
   * @throws {LimitError} where the device cannot bind so large an array
   */
  load(size: number, weight: TensorData, states: readonly (TensorData | undefined)[]): void {
    const sizes = this.#shapes(size).map((shape) => shape.reduce((product, extent) => product * extent, 1));
    [weight, ...states].forEach((data, i) => {
      if (!data || data.length === sizes[i]) return;
      const name = i === 0 ? "robe.weight" : `robe.weight@${this.stateNames[i - 1]}`;
      throw new RangeError(`Cannot load tensor "${name}" of ${data.length} elements: want ${sizes[i]}`);
    });
    if (size !== this.#layout.size) this.#replace(robeLayout({ ...this.#layout, size }), () => {});
    [weight, ...states].forEach((data, i) => data && [this.#weight, ...this.#states][i]!.write(data));
  }

  /** Frees array and states. */
  [Symbol.dispose](): void {
    for (const tensor of [this.#weight, ...this.#states]) tensor[Symbol.dispose]();
  }

  #allocate(size: number): Tensor[] {
    const bytes = size * (this.dtype === "f16" ? 2 : 4);
    if (bytes > this.device.maxTensorBytes) throw limitError(this.device, bytes, this.dtype);
    const tensors: Tensor[] = [];
    try {
      this.#shapes(size).forEach((shape, i) => {
        const label = i === 0 ? "robe.weight" : `robe.weight@${this.stateNames[i - 1]}`;
        const dtype = i === 0 && this.dtype === "f16" ? "u32" : "f32";
        tensors.push(this.device.tensor(dtype, shape, { label }));
      });
    } catch (error) {
      for (const tensor of tensors) tensor[Symbol.dispose]();
      throw error;
    }
    return tensors;
  }

  /** Shapes of the array's tensor and of its states. */
  #shapes(size: number): number[][] {
    const states = this.optimizer ? robeStateShapes(optimizerStep(this.optimizer, 1), size) : [];
    return [[this.dtype === "f16" ? Math.ceil(size / 2) : size], ...states];
  }

  #replace(layout: RobeLayout, fill: (from: Tensor, to: Tensor) => void): void {
    const tensors = this.#allocate(layout.size);
    const old = [this.#weight, ...this.#states];
    old.forEach((tensor, i) => fill(tensor, tensors[i]!));
    [this.#weight, ...this.#states] = tensors as [Tensor, ...Tensor[]];
    this.#layout = layout;
    for (const tensor of old) tensor[Symbol.dispose]();
  }
}

/** Writes `count` copies of `from`, one after the other. */
function repeat(from: Tensor, to: Tensor, count: number): void {
  const device = anyDevice(from.device);
  for (let i = 0; i < count; i++) {
    if (device.kind === "cpu") device.hostView(to).set(device.hostView(from), i * from.size);
    else device.copy(from, 0, to, i * from.size, from.size);
  }
}

function limitError({ kind, label, maxTensorBytes }: Device, bytes: number, dtype: RobeDType): LimitError {
  const larger = kind === "webgpu"
    ? "a device with larger requiredLimits (maxStorageBufferBindingSize, maxBufferSize)"
    : "a CPU device with larger maxBytes";
  const ways = [larger, ...(dtype === "f32" ? ["dtype f16 (half the bytes, inference only)"] : []), "a smaller array"];
  return new LimitError(
    `Cannot bind a ROBE array of ${bytes} bytes on ${label}: it allows ${maxTensorBytes}; want ${
      ways.slice(0, -1).join(", ")
    } or ${ways.at(-1)}`,
  );
}
