/**
 * Opens the device that the configuration asks for.
 *
 * @module
 */
import { type AnyDevice, openCpuDevice, openWebGpuDevice } from "@pocketrec/compute";
import { findBlas } from "@pocketrec/compute/blas";
import { openDawn } from "@pocketrec/compute/dawn";
import { adviseHugePages } from "@pocketrec/compute/huge-pages";
import type { TrainConfig } from "../config/resolve.ts";
import { RunError } from "../errors.ts";

/** What of the configuration decides about the device. */
export type DeviceConfig = Pick<TrainConfig, "device" | "gpu" | "blas" | "threads">;

/**
 * Opens a device. `auto` takes a GPU when there is a real one, never a software adapter, else the CPU.
 *
 * @throws {RunError} when WebGPU is demanded and absent.
 */
export async function openDevice(config: DeviceConfig): Promise<AnyDevice> {
  if (config.device !== "cpu") {
    // Mesa complains on standard error about a missing folder that computing does not need.
    if (Deno.build.os === "linux" && !Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
    const gpu = config.gpu === "dawn" ? await openDawn() : undefined;
    if (config.gpu === "dawn" && !gpu) {
      throw new RunError("Cannot open Dawn as the npm package webgpu cannot be loaded; want --gpu deno, or install it");
    }
    const device = await openWebGpuDevice({ ...(gpu ? { gpu } : {}), allowFallback: config.device === "webgpu" });
    if (device) return device;
    if (config.device === "webgpu") {
      throw new RunError(
        "Cannot open a WebGPU device as there is no adapter; want a GPU with a Vulkan, Metal or D3D12 driver, or --device cpu",
      );
    }
  }
  const blas = config.blas === "auto"
    ? findBlas({ setEnvironment: (name, value) => Deno.env.get(name) ?? Deno.env.set(name, value) })
    : undefined;
  return openCpuDevice({
    onMemory: adviseHugePages,
    ...(config.threads > 0 ? { threads: config.threads } : {}),
    ...(blas ? { blas } : {}),
    ...(config.blas === "portable" ? { arithmetic: "portable" } : {}),
  });
}

/** One line about a device, saying whether a BLAS was found. */
export function deviceLine(device: AnyDevice, config: DeviceConfig): string {
  const hint = device.kind === "cpu" && config.blas === "auto" && !device.blas
    ? "; no system BLAS found, oneDNN (libdnnl2) or OpenBLAS would make dense layers faster"
    : "";
  return `device  ${device.label}${hint}`;
}
