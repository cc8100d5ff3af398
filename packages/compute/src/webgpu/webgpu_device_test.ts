import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { DeviceLostError, KernelError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { type DeviceName, openTestDevice, testOnEachDevice } from "../testing/mod.ts";
import type { WgslKernel } from "./kernel.ts";
import { openWebGpuDevice, type WebGpuDevice } from "./webgpu_device.ts";

/** `out[at] = in[0] * factor`, one thread. */
const scaleOne: WgslKernel = {
  label: "compute/test_scale_one",
  code: /* wgsl */ `
struct Parameters { at: u32, factor: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> target_: array<u32>;
@compute @workgroup_size(1) fn main() { target_[p.at] = source[0] * p.factor; }`,
  parameters: ["u32", "u32"],
  buffers: ["read", "read-write"],
};

function testOnGpus(name: string, body: (device: WebGpuDevice, name: DeviceName) => void | Promise<void>): void {
  testOnEachDevice(name, (device, deviceName) => body(device as WebGpuDevice, deviceName), {
    devices: ["webgpu", "dawn"],
  });
}

const numbers = async (tensor: Tensor) => [...await tensor.read()];

testOnGpus("WebGpuDevice gets the default limits in tests", (device) => {
  assertEquals([device.maxTensorBytes, device.gpu.limits.maxComputeWorkgroupStorageSize], [2 ** 27, 16384]);
});

testOnGpus("WebGpuDevice.dispatch() keeps the order of dispatches and writes", async (device) => {
  using source = device.tensor("u32", [1], { data: Uint32Array.of(1) });
  using target = device.tensor("u32", [3]);
  device.dispatch(scaleOne, [0, 2], [source, target], [1, 1, 1]);
  source.write(Uint32Array.of(10));
  device.dispatch(scaleOne, [1, 2], [source, target], [1, 1, 1]);
  device.copy(target, 1, source, 0, 1);
  device.dispatch(scaleOne, [2, 3], [source, target], [1, 1, 1]);
  assertEquals(await numbers(target), [2, 20, 60]);
  device.clear(target, 1, 1);
  assertEquals(await numbers(target), [2, 0, 60]);
});

testOnGpus("WebGpuDevice.dispatch() takes more parameters between submits than its buffer holds", async (device) => {
  using source = device.tensor("u32", [1], { data: Uint32Array.of(1) });
  using target = device.tensor("u32", [600]); // 600 * 256 bytes of parameters
  for (let i = 0; i < 600; i++) device.dispatch(scaleOne, [i, i + 1], [source, target], [1, 1, 1]);
  assertEquals(await numbers(target), Array.from({ length: 600 }, (_, i) => i + 1));
});

testOnGpus("WebGpuDevice.dispatch() binds views at their offset", async (device) => {
  using both = device.tensor("u32", [128]);
  both.write(Uint32Array.of(7), 64);
  using target = device.tensor("u32", [2]);
  device.dispatch(scaleOne, [0, 1], [both.view(64, [1]), target], [1, 1, 1]);
  device.dispatch(scaleOne, [1, 1], [both.view(0, [1]), target], [1, 1, 1]);
  assertEquals(await numbers(target), [7, 0]);
});

testOnGpus("WebGpuDevice.dispatch() binds empty tensors and empty views to arrays of vectors", async (device) => {
  const countWide: WgslKernel = {
    label: "compute/test_count_wide",
    code: "@group(0) @binding(1) var<storage, read> a: array<vec4f>;\n" +
      "@group(0) @binding(2) var<storage, read_write> out: array<u32>;\n" +
      "@compute @workgroup_size(1) fn main() { out[0] = arrayLength(&a); }",
    parameters: [],
    buffers: ["read", "read-write"],
  };
  using empty = device.tensor("f32", [0, 4]);
  using some = device.tensor("f32", [64]);
  using out = device.tensor("u32", [1]);
  for (const tensor of [empty, some.view(64, [0]), some]) {
    device.dispatch(countWide, [], [tensor, out], [1, 1, 1]);
    assertEquals(await numbers(out), [tensor === some ? 16 : 1]);
  }
});

testOnGpus("WebGpuDevice frees a tensor only after the commands that use it", async (device) => {
  using target = device.tensor("u32", [1]);
  {
    using source = device.tensor("u32", [1], { data: Uint32Array.of(4) });
    device.dispatch(scaleOne, [0, 5], [source, target], [1, 1, 1]);
  }
  assertEquals(await numbers(target), [20]);
});

testOnGpus(
  "WebGpuDevice.dispatch() refuses disposed and foreign tensors, also when their like is cached",
  async (device, name) => {
    using source = device.tensor("u32", [1]);
    using target = device.tensor("u32", [1]);
    device.dispatch(scaleOne, [0, 1], [source, target], [1, 1, 1]);
    const gone = device.tensor("u32", [1], { label: "gone" });
    device.dispatch(scaleOne, [0, 1], [gone, target], [1, 1, 1]);
    gone[Symbol.dispose]();
    const again = () => device.dispatch(scaleOne, [0, 1], [gone, target], [1, 1, 1]);
    assertThrows(again, TypeError, 'compute/test_scale_one as tensor "gone" was disposed');
    using other = await openTestDevice(name) as WebGpuDevice;
    for (let i = 0; i < 64; i++) {
      using foreign = other.tensor("u32", [1]);
      assertThrows(() => device.dispatch(scaleOne, [0, 1], [foreign, target], [1, 1, 1]), TypeError, "want webgpu");
    }
  },
);

testOnGpus("WebGpuDevice.dispatch() refuses wrong counts and a label used twice", (device) => {
  using one = device.tensor("u32", [1]);
  using two = device.tensor("u32", [1]);
  assertThrows(() => device.dispatch(scaleOne, [1], [one, two], [1, 1, 1]), TypeError, "want 2 and 2");
  assertThrows(() => device.dispatch(scaleOne, [1, 1], [one], [1, 1, 1]), TypeError, "want 2 and 2");
  device.dispatch(scaleOne, [0, 1], [one, two], [0, 1, 1]); // an empty grid does nothing
  device.dispatch({ ...scaleOne }, [0, 1], [one, two], [1, 1, 1]); // an equal kernel is the same kernel
  const other = { ...scaleOne, code: scaleOne.code + "\n" };
  assertThrows(() => device.dispatch(other, [0, 1], [one, two], [1, 1, 1]), TypeError, "two kernels under the label");
});

testOnGpus("WebGpuDevice.finish() names the kernel that did not compile and where, once", async (device) => {
  const broken: WgslKernel = {
    label: "compute/test_broken[x]",
    code: "@group(0) @binding(1) var<storage, read_write> a: array<u32>;\n" +
      "@compute @workgroup_size(1) fn main() {\n  a[0] = nothing; }",
    parameters: [],
    buffers: ["read-write"],
  };
  using tensor = device.tensor("u32", [1], { data: Uint32Array.of(3) });
  device.dispatch(broken, [], [tensor], [1, 1, 1]);
  const error = await assertRejects(() => device.finish(), KernelError);
  assert(/^compute\/test_broken\[x\]: Cannot compile on .*line 3:10: .*nothing/.test(error.message), error.message);
  await device.finish();
  assertEquals(await numbers(tensor), [3]);
});

testOnGpus("WebGpuDevice.finish() names the kernels of a refused submit", async (device) => {
  using source = device.tensor("u32", [1]);
  using target = device.tensor("u32", [1]);
  device.dispatch(scaleOne, [0, 1], [source, target], [70_000, 1, 1]);
  const error = await assertRejects(() => device.finish(), KernelError);
  assert(/^compute\/test_scale_one: Cannot run on .*70000/.test(error.message), error.message);
  await device.finish();
});

testOnGpus("Tensor.read() reports what went wrong before it", async (device) => {
  using source = device.tensor("u32", [1]);
  using target = device.tensor("u32", [1]);
  device.dispatch(scaleOne, [0, 1], [source, target], [1, 70_000, 1]);
  await assertRejects(() => target.read(), KernelError, "compute/test_scale_one");
});

testOnGpus("WebGpuDevice throws DeviceLostError from then on when its GPU is lost", async (_, name) => {
  const device = await openTestDevice(name) as WebGpuDevice;
  const tensor = device.tensor("u32", [1]);
  device.gpu.destroy();
  await assertRejects(() => tensor.read(), DeviceLostError);
  await assertRejects(() => device.finish(), DeviceLostError, "Lost the WebGPU device");
  assertThrows(() => device.tensor("f32", [1]), DeviceLostError);
  assertThrows(() => device.submit(), DeviceLostError);
  tensor[Symbol.dispose]();
  device[Symbol.dispose]();
});

testOnGpus("WebGpuDevice.finish() alone notices the loss", async (_, name) => {
  using device = await openTestDevice(name) as WebGpuDevice;
  device.gpu.destroy();
  await assertRejects(() => device.finish(), DeviceLostError);
});

testOnGpus("WebGpuDevice refuses use after its disposal, but lets tensors go", async (_, name) => {
  const device = await openTestDevice(name) as WebGpuDevice;
  const tensor = device.tensor("u32", [1]);
  device[Symbol.dispose]();
  device[Symbol.dispose]();
  assertThrows(() => device.tensor("u32", [1]), TypeError, "was disposed");
  assertThrows(() => tensor.write(Uint32Array.of(1)), TypeError, "was disposed");
  await assertRejects(() => tensor.read(), TypeError, "was disposed");
  await assertRejects(() => device.finish(), TypeError, "was disposed");
  tensor[Symbol.dispose]();
});

testOnGpus("openWebGpuDevice() works on a given GPUDevice and leaves it alive", async (_, name) => {
  using first = await openTestDevice(name) as WebGpuDevice;
  const ours = (await openWebGpuDevice({ device: first.gpu }))!;
  assertStrictEquals(ours.gpu, first.gpu);
  using kept = ours.tensor("u32", [1], { data: Uint32Array.of(8) });
  assertEquals(await numbers(kept), [8]);
  ours[Symbol.dispose]();
  using tensor = first.tensor("u32", [1], { data: Uint32Array.of(9) });
  assertEquals(await numbers(tensor), [9]);
});

/** A provider that gives this adapter. */
function providerOf(adapter: Partial<GPUAdapter> | null): GPU {
  return { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
}

Deno.test("openWebGpuDevice() gives undefined without an adapter, or for a fallback that was not wanted", async () => {
  assertEquals(await openWebGpuDevice({ gpu: providerOf(null) }), undefined);
  const software = { info: { isFallbackAdapter: true } as GPUAdapterInfo };
  assertEquals(await openWebGpuDevice({ gpu: providerOf(software), allowFallback: false }), undefined);
});
