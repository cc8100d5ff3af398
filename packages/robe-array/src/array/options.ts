/**
 * How arrays are made and opened.
 *
 * @module
 */
import type { RobeLayoutOptions } from "../layout.ts";
import type { RobeDevice } from "./open_device.ts";
import type { RobeOptimizerConfig } from "./optimizer.ts";
import type { RobeDType } from "./robe_store.ts";
import { resolveSize, type RobeSize } from "./size.ts";

/** What does not come with a saved array. */
export interface RobeRunOptions {
  /** Where the array lives. Default `"auto"`: a GPU where there is one, else the CPU. */
  readonly device?: RobeDevice;
  /**
   * How gradients of a slot are added up: `"sorted"` (default) in a fixed order, so that the bits do not depend on the
   * number of threads; `"fixed-point"` in whole numbers, so that they do not depend on the device either; `"fast"`
   * promises nothing and takes what is fastest, which is `"sorted"` today.
   */
  readonly determinism?: "sorted" | "fixed-point" | "fast";
  /** Whether `step` looks for NaN and infinity in gradients first, and refuses them. It waits for the device. */
  readonly checkFinite?: boolean;
  /** Is told what works but not as well as it could. */
  readonly onWarning?: (warning: string) => void;
  /**
   * Whether the bytes of the last `save` or `load` stay in `lastSave`, to go on from after the device was lost. Default:
   * true on WebGPU, false on the CPU.
   */
  readonly keepLastSave?: boolean;
}

/** What a {@linkcode RobeArray} is made of. */
export interface RobeArrayOptions extends Omit<RobeLayoutOptions, "size">, RobeRunOptions {
  /** Size of the array. A ratio is resolved at the first use, over the tables added until then. */
  readonly size: RobeSize;
  /** `"f16"` takes half the bytes and is for inference. Default `"f32"`. */
  readonly dtype?: RobeDType;
  /** The array begins uniform within this of zero. Default: `sqrt(1 / n)` for the largest table's n ids. */
  readonly initScale?: number;
  /** Update rule; `null` (default) for inference only. */
  readonly optimizer?: RobeOptimizerConfig | null;
}

/** How a saved array is opened. */
export interface RobeLoadOptions extends RobeRunOptions {
  /** Default: the saved one. */
  readonly dtype?: RobeDType;
  /** Default: the saved one, with its state; `null`, the default with f16, for inference only. */
  readonly optimizer?: RobeOptimizerConfig | null;
}

/** {@linkcode RobeArrayOptions} of an array whose device is open. */
export type OpenArrayOptions = Omit<RobeArrayOptions, "device">;

/** Elements of an array; `fullElements` is asked where the size is a ratio. */
export function sizeOf(options: OpenArrayOptions, fullElements: () => number): number {
  const authors = options.hash === "ref1" || options.hash === "ref2";
  const { blockSize = 32, align = authors ? 1 : 4, dtype } = options;
  return resolveSize(options.size, { blockSize, align }, dtype === "f16" ? 2 : 4, fullElements);
}
