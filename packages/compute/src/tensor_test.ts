import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { DeviceMemoryError } from "./errors.ts";
import { assertSameBits, testOnEachDevice, TestRandom } from "./testing/mod.ts";
import { elementsOf } from "./tensor.ts";

testOnEachDevice("Device.tensor() gives zeros", async (device) => {
  using tensor = device.tensor("f32", [3, 5]);
  assertEquals([tensor.size, tensor.byteLength, tensor.dtype], [15, 60, "f32"]);
  assertEquals([...await tensor.read()], new Array(15).fill(0));
});

testOnEachDevice("Tensor.write() and read() keep every bit of every dtype", async (device) => {
  const bits = new TestRandom(1).ids(1000, 2 ** 32);
  bits.set([0x7fc00001, 0xff800000, 0x80000000, 0x00000001]); // NaN with payload, -infinity, -0, denormal
  for (const dtype of ["f32", "u32", "i32"] as const) {
    const Array = { f32: Float32Array, u32: Uint32Array, i32: Int32Array }[dtype];
    using tensor = device.tensor(dtype, [1000], { data: new Array(bits.buffer.slice(0)) });
    const read = await tensor.read();
    assertStrictEquals(read.constructor, Array);
    assertSameBits(dtype, read, bits);
  }
});

testOnEachDevice("Tensor.write() and read() work on parts", async (device) => {
  using tensor = device.tensor("u32", [6], { data: Uint32Array.of(0, 1, 2, 3, 4, 5) });
  tensor.write(Uint32Array.of(20, 30), 2);
  tensor.write(new Uint32Array(0), 6);
  assertEquals([...await tensor.read()], [0, 1, 20, 30, 4, 5]);
  assertEquals([...await tensor.read(3)], [30, 4, 5]);
  assertEquals([...await tensor.read(1, 2)], [1, 20]);
  assertEquals([...await tensor.read(6)], []);
});

testOnEachDevice("Tensor.write() takes views on shared memory", async (device) => {
  const shared = new Uint32Array(new SharedArrayBuffer(16));
  shared.set([1, 2, 3, 4]);
  using tensor = device.tensor("u32", [3], { data: shared.subarray(1) });
  shared.fill(9);
  assertEquals([...await tensor.read()], [2, 3, 4]);
});

testOnEachDevice("Tensor.view() shares the bytes and outlives nothing", async (device) => {
  const tensor = device.tensor("f32", [4, 64]);
  const view = tensor.view(64, [2, 32], "part");
  view.write(Float32Array.of(5), 63);
  assertEquals((await tensor.read())[127], 5);
  assertEquals((await view.view(0, [64]).read(63)).at(0), 5);
  view[Symbol.dispose](); // frees nothing
  assertEquals((await tensor.read(127, 1))[0], 5);
  const other = tensor.view(0, [256]);
  tensor[Symbol.dispose]();
  tensor[Symbol.dispose]();
  assertEquals(other.disposed, true);
  await assertRejects(() => other.read(), TypeError, "disposed");
  assertThrows(() => tensor.write(new Float32Array(1)), TypeError, "disposed");
  assertThrows(() => tensor.view(0, [1]), TypeError, "disposed");
  assertThrows(() => tensor.reshape([256]), TypeError, "disposed");
});

testOnEachDevice("Tensor.reshape() keeps the elements", async (device) => {
  using tensor = device.tensor("i32", [2, 3], { data: Int32Array.of(1, 2, 3, 4, 5, 6) });
  const other = tensor.reshape([3, 2]);
  assertEquals([other.shape, [...await other.read()]], [[3, 2], [1, 2, 3, 4, 5, 6]]);
  assertThrows(() => tensor.reshape([4]), RangeError, "4 elements, want 6");
});

testOnEachDevice("Tensor refuses what does not fit, naming itself", async (device) => {
  using tensor = device.tensor("f32", [256], { label: "weights" });
  assertThrows(() => tensor.write(new Float32Array(2), 255), RangeError, '"weights"');
  assertThrows(() => tensor.write(new Float32Array(2), -1), RangeError, '"weights"');
  assertThrows(() => tensor.write(new Float32Array(2), 0.5), RangeError, '"weights"');
  assertThrows(() => tensor.write(new Float32Array(2), NaN), RangeError, '"weights"');
  assertThrows(() => tensor.write(new Uint32Array(2)), TypeError, "want f32");
  assertThrows(() => tensor.write(new Float64Array(2) as unknown as Float32Array), TypeError, "Float64Array");
  await assertRejects(() => tensor.read(250, 7), RangeError, '"weights"');
  await assertRejects(() => tensor.read(NaN), RangeError, '"weights"');
  await assertRejects(() => tensor.read(0, 1.5), RangeError, '"weights"');
  assertThrows(() => tensor.view(192, [65]), RangeError, '"weights"');
  assertThrows(() => tensor.view(0.5, [1]), RangeError, '"weights"');
});

testOnEachDevice("Tensor.view() refuses a start that the device cannot bind", (device) => {
  using tensor = device.tensor("f32", [256]);
  if (device.kind === "cpu") assertEquals(tensor.view(1, [2]).byteOffset, 4);
  else assertThrows(() => tensor.view(1, [2]), RangeError, "want a multiple of 256");
});

testOnEachDevice("Device.tensor() refuses shapes and data that make no tensor", (device) => {
  assertThrows(() => device.tensor("f32", [-1]), RangeError, "whole numbers");
  assertThrows(() => device.tensor("f32", [1.5]), RangeError, "whole numbers");
  assertThrows(() => device.tensor("f32", [2 ** 30, 2 ** 30]), RangeError, "too large");
  assertThrows(() => device.tensor("f32", [2], { data: new Float32Array(3) }), RangeError, "want 2");
  assertThrows(() => device.tensor("f32", [2], { data: new Int32Array(2) }), TypeError, "i32");
});

testOnEachDevice("Device.tensor() refuses a tensor above the device's limit and stays usable", async (device) => {
  const elements = device.maxTensorBytes / 4 + 64;
  assertThrows(() => device.tensor("f32", [elements], { label: "huge" }), DeviceMemoryError, '"huge"');
  using small = device.tensor("f32", [1], { data: Float32Array.of(3) });
  assertEquals([...await small.read()], [3]);
});

testOnEachDevice("Device.tensor() makes empty tensors", async (device) => {
  using tensor = device.tensor("f32", [0, 4]);
  assertEquals([tensor.size, (await tensor.read()).length], [0, 0]);
});

testOnEachDevice("Device.workspace() keeps its memory until it must grow", (device) => {
  const name = "tensor_test";
  const first = device.workspace(name, "f32", 1000);
  assertStrictEquals(device.workspace(name, "f32", 10), first);
  const grown = device.workspace(name, "f32", 5000);
  assertEquals([first.disposed, grown.size >= 5000], [true, true]);
});

testOnEachDevice("elementsOf() multiplies the extents", () => {
  assertEquals([elementsOf([]), elementsOf([3, 4]), elementsOf([0, 4])], [1, 12, 0]);
});
