import type { CpuDevice, CpuModule } from "./cpu_device.ts";

/** Two builds of the same kernels: with fused multiply-add where the host has it, and without (Node 20). */
export interface CpuModulePair {
  /** Needs relaxed SIMD. */
  readonly relaxed: CpuModule;
  /** Runs everywhere. */
  readonly unfused: CpuModule;
}

const choices = new WeakMap<CpuModulePair, CpuModule>();

/** The build that a device on this host takes. */
export function forHost(device: CpuDevice, pair: CpuModulePair): CpuModule {
  if (device.arithmetic === "portable") return pair.unfused;
  let choice = choices.get(pair);
  if (!choice) {
    const bytes = Uint8Array.from(atob(pair.relaxed.base64), (c) => c.charCodeAt(0));
    choice = WebAssembly.validate(bytes) ? pair.relaxed : pair.unfused;
    choices.set(pair, choice);
  }
  return choice;
}
