import { assert, assertEquals } from "@std/assert";
import { DEVICE_NAMES, INSTALL_HINTS, openTestDevice } from "./devices.ts";
import { type Requirement, testWith } from "./requirement.ts";

const webgpu = await openTestDevice("webgpu");
const dawn = await openTestDevice("dawn");

const both: Requirement = {
  name: "dawn",
  present: webgpu !== undefined && dawn !== undefined,
  hint: `${INSTALL_HINTS.webgpu}; ${INSTALL_HINTS.dawn}`,
};

testWith(both, "openTestDevice() gives two implementations of WebGPU, not one twice", () => {
  assert(dawn!.label.includes("SwiftShader"), dawn!.label);
  // Were VK_DRIVER_FILES set from outside, Deno's adapter would silently be SwiftShader as well.
  assert(!webgpu!.label.includes("SwiftShader"), webgpu!.label);
  assertEquals(Deno.env.get("VK_DRIVER_FILES"), undefined);
});

Deno.test("INSTALL_HINTS says for every optional device how to get it", () => {
  for (const name of DEVICE_NAMES) assert(name === "cpu" || INSTALL_HINTS[name].includes("apt-get install"), name);
});
