import { assert, assertEquals, assertThrows } from "@std/assert";
import { DeviceMemoryError } from "../errors.ts";
import { addressOf, openCpuDevice } from "./cpu_device.ts";

Deno.test("CpuDevice.tensor() gives zeros, also from recycled memory", async () => {
  using device = openCpuDevice({ threads: 1 });
  const first = device.tensor("f32", [1000], { data: new Float32Array(1000).fill(7) });
  const address = addressOf(first);
  first[Symbol.dispose]();
  const second = device.tensor("u32", [500]);
  assertEquals(addressOf(second), address);
  assert((await second.read()).every((x) => x === 0));
});

Deno.test("CpuDevice.tensor() merges freed neighbours", () => {
  using device = openCpuDevice({ threads: 1 });
  const [a, b, c] = [0, 1, 2].map(() => device.tensor("f32", [1024]));
  const address = addressOf(a!);
  for (const tensor of [a!, c!, b!]) tensor[Symbol.dispose]();
  assertEquals(addressOf(device.tensor("f32", [3072])), address);
});

Deno.test("CpuDevice.tensor() refuses what does not fit, naming tensor and bytes", () => {
  using device = openCpuDevice({ threads: 1, maxBytes: 1 << 24 });
  const error = assertThrows(() => device.tensor("f32", [1 << 22], { label: "table 3" }), DeviceMemoryError);
  assert(error.message.includes("table 3") && error.message.includes("16777216"), error.message);
  device.tensor("f32", [1 << 20]); // still usable
});
