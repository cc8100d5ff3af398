import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DeviceMemoryError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { TestRandom } from "../testing/random.ts";
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

Deno.test("CpuDevice.tensor() gives freed memory at the end back, and zeros it again", async () => {
  using device = openCpuDevice({ threads: 1, maxBytes: 1 << 24 });
  let tensor = device.tensor("f32", [1000]);
  const address = addressOf(tensor);
  for (let size = 1000; size * 4 < 15 << 20; size = Math.floor(size * 1.5)) { // as a growing workspace does
    tensor[Symbol.dispose]();
    tensor = device.tensor("f32", [size]);
    assertEquals(addressOf(tensor), address);
    assert((await tensor.read()).every((x) => x === 0));
    tensor.write(new Float32Array(size).fill(7));
  }
});

Deno.test("CpuDevice.tensor() keeps tensors apart and zeroed over random allocations", () => {
  using device = openCpuDevice({ threads: 1, maxBytes: 1 << 26 });
  const random = new TestRandom(3);
  const live: { tensor: Tensor; tag: number }[] = [];
  const untouched = device.usedBytes;
  for (let step = 1; step < 3000; step++) {
    if (live.length > 40 || (live.length > 0 && random.below(2) === 0)) {
      const [{ tensor, tag }] = live.splice(random.below(live.length), 1) as [typeof live[number]];
      assert(device.hostView(tensor).every((x) => x === tag), `tensor ${tag} was overwritten`);
      tensor[Symbol.dispose]();
    } else {
      const tensor = device.tensor("u32", [random.below(random.below(4) === 0 ? 20_000 : 200)]);
      assertEquals(addressOf(tensor) % 64, 0);
      assert(device.hostView(tensor).every((x) => x === 0), "not zeroed");
      device.hostView(tensor).fill(step);
      live.push({ tensor, tag: step });
    }
  }
  for (const { tensor } of live) tensor[Symbol.dispose]();
  assertEquals(device.usedBytes, untouched);
});

Deno.test("openCpuDevice() refuses impossible options", () => {
  for (const threads of [0, -1, 1.5, NaN]) assertThrows(() => openCpuDevice({ threads }), RangeError, "threads");
  for (const maxBytes of [0, 1000, NaN]) {
    assertThrows(() => openCpuDevice({ maxBytes }), RangeError, "at least 1048576");
  }
  using small = openCpuDevice({ threads: 1, maxBytes: 1 << 20 });
  assertEquals(small.maxTensorBytes, 1 << 20);
});

Deno.test("CpuDevice refuses use after its disposal, but lets tensors go", async () => {
  const device = openCpuDevice({ threads: 2 });
  const tensor = device.tensor("f32", [1]);
  device[Symbol.dispose]();
  assertThrows(() => device.tensor("f32", [1]), TypeError, "was disposed");
  assertThrows(() => tensor.write(new Float32Array(1)), TypeError, "was disposed");
  await assertRejects(() => tensor.read(), TypeError, "was disposed");
  tensor[Symbol.dispose]();
});

Deno.test("openCpuDevice() refuses an arithmetic that it does not know, and BLAS with the portable one", () => {
  assertThrows(
    () => openCpuDevice({ arithmetic: "exact" as "host" }),
    RangeError,
    'Cannot open the CPU device with arithmetic "exact": want "host" or "portable"',
  );
  assertThrows(
    () => openCpuDevice({ arithmetic: "portable", blas: { path: "libx.so", name: "X" } }),
    TypeError,
    "Cannot open the CPU device with portable arithmetic and X: want no BLAS",
  );
  using device = openCpuDevice({ threads: 1, arithmetic: "portable" });
  assertEquals(device.label, "cpu (1 thread, portable wasm simd)");
});
