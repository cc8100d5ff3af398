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

/** Decodes standard base64 without line breaks: not every host has `Uint8Array.fromBase64`, nor `atob`. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array(text.length / 4 * 3 - padding);
  let bits = 0;
  for (let i = 0, at = 0; at < bytes.length; i++) {
    const c = text.charCodeAt(i);
    // A-Z, a-z, 0-9, then + (43) and / (47).
    const six = c > 96 ? c - 71 : c > 64 ? c - 65 : c > 47 ? c + 4 : c === 43 ? 62 : 63;
    bits = bits << 6 | six;
    if (i % 4 !== 0) bytes[at++] = bits >>> (6 - i % 4 * 2);
  }
  return bytes;
}

function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(decodeBase64(kernelsWasm));
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
