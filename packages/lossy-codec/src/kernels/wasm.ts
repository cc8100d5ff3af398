/**
 * The kernels in WebAssembly with SIMD, compiled when they are first wanted.
 *
 * @module
 */
import type { Kernels } from "./kernels.ts";
import { kernelsWasm } from "./kernels_wasm.ts";
import { WasmMemory } from "./wasm_memory.ts";

/** `null`: the host does not compile it. */
let module: WebAssembly.Module | null | undefined;

/** Not every host has `Uint8Array.fromHex`. */
function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(decodeHex(kernelsWasm));
  } catch {
    // No WebAssembly, no SIMD, a policy that forbids it, or a page that refuses to compile synchronously.
    return null;
  }
}

/**
 * An instance with a memory of its own.
 *
 * @returns `undefined` where the host does not run it: use the TypeScript kernels then
 */
export function createWasmKernels(): Kernels | undefined {
  if (module === undefined) module = compile();
  if (module === null) return undefined;
  try {
    const memory = new WasmMemory();
    const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.memory } });
    return { ...exports as unknown as Omit<Kernels, "name" | "memory">, name: "wasm", memory };
  } catch {
    // The host refuses the memory, perhaps for now only.
    return undefined;
  }
}
