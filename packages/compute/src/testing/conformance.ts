import type { AnyDevice } from "../device.ts";
import { DEVICE_NAMES, type DeviceName, INSTALL_HINTS, openTestDevices } from "./devices.ts";

/** A conformance test as a host without `Deno.test` collects it. */
export interface ConformanceTest {
  /** What is tested. */
  readonly name: string;
  /** Does the test on a device. */
  readonly body: (device: AnyDevice) => void | Promise<void>;
  /** Devices that it is for. */
  readonly devices: readonly DeviceName[];
}

/** Options of {@linkcode testOnEachDevice}. */
export interface ConformanceOptions {
  /** Devices that the test is for. Default: all. */
  readonly devices?: readonly DeviceName[];
}

const collected: ConformanceTest[] = [];

/** The tests registered so far, in a host that has no `Deno.test` (a browser page runs them itself). */
export function collectedTests(): readonly ConformanceTest[] {
  return collected;
}

const hasDenoTest = typeof Deno !== "undefined" && typeof Deno.test === "function";
const devices = hasDenoTest ? await openTestDevices() : new Map<DeviceName, AnyDevice>();
const required = new Set(hasDenoTest ? (Deno.env.get("POCKETREC_REQUIRE") ?? "").split(",") : []);

/**
 * Registers one test per device. An absent device shows as ignored, with what to install in its name; with
 * `POCKETREC_REQUIRE=blas,webgpu,dawn` it fails instead. The body must not use `Deno.*`: browsers run it too.
 */
export function testOnEachDevice(
  name: string,
  body: (device: AnyDevice) => void | Promise<void>,
  options: ConformanceOptions = {},
): void {
  const names = options.devices ?? DEVICE_NAMES;
  if (!hasDenoTest) {
    collected.push({ name, body, devices: names });
    return;
  }
  for (const deviceName of names) {
    const device = devices.get(deviceName);
    const missing = !device && required.has(deviceName);
    Deno.test({
      name: device ? `${name} [${deviceName}]` : `${name} [${deviceName}: absent, ${INSTALL_HINTS[deviceName]}]`,
      ignore: !device && !missing,
      // A device outlives its tests, and so do the buffers and threads that it keeps.
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        if (!device) throw new Error(`Device "${deviceName}" is required but absent: ${INSTALL_HINTS[deviceName]}`);
        await body(device);
        await device.finish();
      },
    });
  }
}
