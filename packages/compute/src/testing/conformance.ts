import type { AnyDevice } from "../device.ts";
import { DEVICE_NAMES, type DeviceName, INSTALL_HINTS, openTestDevices } from "./devices.ts";
import { testWith } from "./requirement.ts";

/** A test of any device. */
export type ConformanceBody = (device: AnyDevice, name: DeviceName) => void | Promise<void>;

/** A conformance test as a host without `Deno.test` collects it. */
export interface ConformanceTest {
  /** What is tested. */
  readonly name: string;
  /** Does the test on a device; `name` tells which one, for a test that opens another of its kind. */
  readonly body: ConformanceBody;
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

/**
 * Runs a test body on a device and waits for the device. An error that the device reports late belongs to this test, so
 * it is fetched also after a failure, and shown: a kernel that did not compile explains a wrong result.
 */
export async function runOnDevice(body: ConformanceBody, device: AnyDevice, name: DeviceName): Promise<void> {
  try {
    await body(device, name);
  } catch (error) {
    const late = await device.finish().then(() => undefined, (reason: Error) => reason);
    if (!late || late === error) throw error;
    throw new Error(`${(error as Error).message}\nThe device reported: ${late.message}`, { cause: error });
  }
  await device.finish();
}

/**
 * Registers one test per device. An absent device shows as ignored, with what to install in its name; with
 * `POCKETREC_REQUIRE=blas,webgpu,dawn` it fails instead. The body must not use `Deno.*`: browsers run it too.
 */
export function testOnEachDevice(
  name: string,
  body: ConformanceBody,
  options: ConformanceOptions = {},
): void {
  const names = options.devices ?? DEVICE_NAMES;
  if (!hasDenoTest) {
    collected.push({ name, body, devices: names });
    return;
  }
  for (const deviceName of names) {
    const device = devices.get(deviceName);
    const requirement = { name: deviceName, present: device !== undefined, hint: INSTALL_HINTS[deviceName] };
    testWith(requirement, device ? `${name} [${deviceName}]` : name, () => runOnDevice(body, device!, deviceName));
  }
}

/** A condition that a device may not meet without being at fault. */
export interface DeviceCondition {
  /** Whether a device meets it. */
  holds(device: AnyDevice): boolean | Promise<boolean>;
  /** Why a device that does not is left out, shown in the ignored test's name. */
  readonly otherwise: string;
}

/**
 * {@linkcode testOnEachDevice} for the devices that meet a condition. Others show as ignored, even where
 * `POCKETREC_REQUIRE` names them: they are there, and only give other bits. Not collected for browser pages.
 */
export async function testOnDevicesWhere(
  condition: DeviceCondition,
  name: string,
  body: ConformanceBody,
  options: ConformanceOptions = {},
): Promise<void> {
  if (!hasDenoTest) return;
  for (const deviceName of options.devices ?? DEVICE_NAMES) {
    const device = devices.get(deviceName);
    if (!device || await condition.holds(device)) {
      testOnEachDevice(name, body, { devices: [deviceName] });
    } else {
      Deno.test({ name: `${name} [${deviceName}: ${condition.otherwise}]`, ignore: true, fn: () => {} });
    }
  }
}
