/**
 * The kernels in WebAssembly with SIMD, compiled when they are first wanted: those that gain much from it. The others are the
 * TypeScript ones, on the same memory.
 *
 * @module
 */
import { type DtypeId, F64, type Kernels } from "./kernels.ts";
import { kernelsWasm } from "./kernels_wasm.ts";
import type { Lanes } from "./lanes.ts";
import { createPlainKernels } from "./plain.ts";
import { WasmMemory } from "./wasm_memory.ts";

/** What the module exports. */
type Exports =
  & Lanes
  & Omit<
    Kernels,
    | "name"
    | "memory"
    | "roundMantissa"
    | "restoreMantissa"
    | "ansEncode"
    | "ansDecode"
    | "huffEncode"
    | "huffDecode"
  >;

/** `null`: the host does not compile it. */
let module: WebAssembly.Module | null | undefined;

/** `fromText` of `tools/wasm/text.ts`. */
function decodeText(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 35;
    if (digit < 90) bytes.push(high + digit - 6);
    high = digit < 90 ? 0 : (digit - 89) * 90;
  }
  return Uint8Array.from(bytes);
}

function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(decodeText(kernelsWasm));
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
    const exports = new WebAssembly.Instance(module, { env: { memory: memory.memory } }).exports as unknown as Exports;
    const plain = createPlainKernels(memory, exports);
    // The module knows f16 and f32.
    const byType = <A extends unknown[], R>(
      f64: (dtype: DtypeId, ...args: A) => R,
      others: (dtype: DtypeId, ...args: A) => R,
    ) =>
    (dtype: DtypeId, ...args: A): R => (dtype === F64 ? f64 : others)(dtype, ...args);
    return {
      ...plain,
      ...exports,
      name: "wasm",
      memory,
      range: byType(plain.range, exports.range),
      quantise: byType(plain.quantise, exports.quantise),
      dequantise: byType(plain.dequantise, exports.dequantise),
    };
  } catch {
    // The host refuses the memory, perhaps for now only.
    return undefined;
  }
}
