import { type Device, openCpuDevice, openWebGpuDevice } from "@pocketrec/compute";
import { ConfigError } from "../errors.ts";

/**
 * Where an array lives: `"cpu"`, `"webgpu"`, `"auto"` (a GPU where there is one, else the CPU), a device that is open
 * already, or a `GPUDevice` of the host.
 */
export type RobeDevice = "auto" | "cpu" | "webgpu" | Device | GPUDevice;

/** A device, and whether it goes with the array. */
export interface OpenDevice {
  /** The device. */
  readonly device: Device;
  /** Whether the array opened it, and so disposes it. */
  readonly owned: boolean;
}

/** Opens what is not open yet. */
export async function openDevice(choice: RobeDevice): Promise<OpenDevice> {
  if (typeof choice === "object") {
    if ("kind" in choice) return { device: choice, owned: false };
    // Disposing our wrapper leaves the host's device alive.
    return { device: (await openWebGpuDevice({ device: choice }))!, owned: true };
  }
  switch (choice) {
    case "cpu":
      return { device: openCpuDevice(), owned: true };
    case "auto":
      return { device: await openWebGpuDevice({ allowFallback: false }) ?? openCpuDevice(), owned: true };
    case "webgpu": {
      const device = await openWebGpuDevice();
      if (device) return { device, owned: true };
      throw new ConfigError(`Cannot make a ROBE array on webgpu as this host has no adapter: want "cpu" or "auto"`);
    }
    default:
      choice satisfies never;
      throw new ConfigError(
        `Cannot make a ROBE array on device "${choice}": want auto, cpu, webgpu, a Device or a GPUDevice`,
      );
  }
}
