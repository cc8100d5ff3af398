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
  blas: "apt-get install -y libdnnl2 libopenblas0-pthread",
  webgpu: "apt-get install -y mesa-vulkan-drivers libvulkan1",
  dawn: "apt-get install -y chromium (its SwiftShader) and npm's webgpu package",
};

/**
 * SwiftShader's Vulkan manifest, as Debian's and Ubuntu's Chromium packages ship it; `undefined` where there is none.
 */
export const SWIFTSHADER_MANIFEST: string | undefined = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
].find(exists);

/** Two threads: the fewest that can show a race. */
const TEST_THREADS = 2;

/**
 * Opens every device that the host has.
 *
 * Deno's adapter is requested before Dawn's: Dawn refuses llvmpipe, so for it `VK_DRIVER_FILES` is pointed at
 * SwiftShader, which would give Deno that adapter too.
 */
export async function openTestDevices(): Promise<Map<DeviceName, AnyDevice>> {
  const devices = new Map<DeviceName, AnyDevice>();
  for (const name of DEVICE_NAMES) {
    const device = await openTestDevice(name);
    if (device) devices.set(name, device);
  }
  return devices;
}

/**
 * Opens one device as tests use it: two threads, and on a GPU the default limits, so that a kernel which needs more fails
 * here. `undefined` where the host lacks it.
 */
export async function openTestDevice(name: DeviceName): Promise<AnyDevice | undefined> {
  switch (name) {
    case "cpu":
      return openCpuDevice({ threads: TEST_THREADS });
    case "blas": {
      const blas = findBlas();
      return blas && openCpuDevice({ threads: TEST_THREADS, blas });
    }
    case "webgpu":
      return await openWebGpuDevice({ limits: "default" }).catch(() => undefined);
    case "dawn":
      return typeof Deno === "undefined" ? undefined : await openDawnOnSwiftShader();
  }
}

async function openDawnOnSwiftShader(): Promise<WebGpuDevice | undefined> {
  if (SWIFTSHADER_MANIFEST) Deno.env.set("VK_DRIVER_FILES", SWIFTSHADER_MANIFEST);
  try {
    const gpu = await openDawn();
    return gpu && await openWebGpuDevice({ gpu, limits: "default" });
  } catch {
    return undefined;
  } finally {
    if (SWIFTSHADER_MANIFEST) Deno.env.delete("VK_DRIVER_FILES");
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // also in a browser
  }
}
