/**
 * Which kernels run.
 *
 * @module
 */
import type { Kernels } from "./kernels.ts";
import { createPlainKernels } from "./plain.ts";
import { createWasmKernels } from "./wasm.ts";

/** `"auto"`: WebAssembly where the host compiles it, else TypeScript (`"plain"`). The bytes are the same. */
export type KernelChoice = "auto" | "plain";

/** A new instance, with a memory of its own. */
export function openKernels(choice: KernelChoice): Kernels {
  return (choice === "auto" ? createWasmKernels() : undefined) ?? createPlainKernels();
}
