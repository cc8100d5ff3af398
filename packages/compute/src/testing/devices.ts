import { findBlas } from "../blas/mod.ts";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { openDawn } from "../dawn/mod.ts";
import type { AnyDevice } from "../device.ts";
import { openWebGpuDevice, type WebGpuDevice } from "../webgpu/webgpu_device.ts";

/** Devices that the conformance suite knows. In a browser `webgpu` is the browser's, and there is no BLAS and no Dawn. */
export type DeviceName = "cpu" | "blas" | "webgpu" | "dawn";

/** All names, in the order of opening. */
export const DEVICE_NAMES: readonly DeviceName[] = ["cpu", "blas", "webgpu", "dawn"];

/** How to install what an absent device needs; shown by the test command. */
export const INSTALL_HINTS: Readonly<Record<DeviceName, string>> = {
  cpu: "",
  blas: "apt-get install -y libopenblas0-pthread",
  webgpu: "apt-get install -y mesa-vulkan-drivers libvulkan1",
  dawn: "apt-get install -y chromium (its SwiftShader) and npm's webgpu package",
};

/** SwiftShader's Vulkan manifest, as Debian's and Ubuntu's Chromium packages ship it. */
const SWIFTSHADER_MANIFESTS = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
];

/** Two threads: the fewest that can show a race. */
const TEST_THREADS = 2;

/**
 * Opens every device that the host has. WebGPU devices get the default limits, so a kernel that needs more fails here.
 *
 * Deno's adapter must be requested before Dawn's: Dawn refuses llvmpipe, so for it `VK_DRIVER_FILES` is pointed at
 * SwiftShader, which would give Deno that adapter too.
 */
export async function openTestDevices(): Promise<Map<DeviceName, AnyDevice>> {
  const devices = new Map<DeviceName, AnyDevice>([["cpu", openCpuDevice({ threads: TEST_THREADS })]]);
  const add = (name: DeviceName, device: AnyDevice | undefined) => device && devices.set(name, device);
  const blas = findBlas();
  if (blas) add("blas", openCpuDevice({ threads: TEST_THREADS, blas }));
  add("webgpu", await openWebGpuDevice({ limits: "default" }).catch(() => undefined));
  if (typeof Deno !== "undefined") add("dawn", await openDawnOnSwiftShader());
  return devices;
}

async function openDawnOnSwiftShader(): Promise<WebGpuDevice | undefined> {
  const manifest = SWIFTSHADER_MANIFESTS.find(exists);
  if (manifest) Deno.env.set("VK_DRIVER_FILES", manifest);
  try {
    const gpu = await openDawn();
    return gpu && await openWebGpuDevice({ gpu, limits: "default" });
  } catch {
    return undefined;
  } finally {
    if (manifest) Deno.env.delete("VK_DRIVER_FILES");
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
