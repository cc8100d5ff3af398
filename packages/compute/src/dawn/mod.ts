/**
 * Dawn as a provider of WebGPU for Deno and Node: faster read-backs than Deno's own implementation, and a second
 * implementation to test against. Needs the npm package `webgpu`, which is loaded only when asked for.
 *
 * @module
 */

import { calmPolling } from "./calm_polling.ts";

/** Options of {@linkcode openDawn}. */
export interface OpenDawnOptions {
  /** Dawn toggles and backend choice, e.g. `"backend=vulkan"`, `"enable-dawn-features=allow_unsafe_apis"`. */
  readonly flags?: readonly string[];
}

// Dawn's instance must outlive every device made from it: were it collected, the process would crash in a later submit.
const instances: unknown[] = [];

/** Loads Dawn and returns its `GPU`, or `undefined` where the package or its native part is missing. */
export async function openDawn(options: OpenDawnOptions = {}): Promise<GPU | undefined> {
  const specifier = "webgpu"; // by variable: a literal import would download 135 MB even when never run
  try {
    const dawn = await import(specifier);
    calmPolling();
    const gpu = dawn.create([...(options.flags ?? [])]) as GPU;
    instances.push(gpu);
    return gpu;
  } catch {
    return undefined;
  }
}
