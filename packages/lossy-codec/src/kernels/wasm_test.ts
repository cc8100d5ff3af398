import { assert, assertEquals, assertThrows } from "@std/assert";
import { createPlainKernels } from "./plain.ts";
import { createWasmKernels } from "./wasm.ts";
import { WasmMemory } from "./wasm_memory.ts";

Deno.test("createWasmKernels() gives all that the TypeScript kernels give, each with a memory of its own", () => {
  const a = createWasmKernels()!, b = createWasmKernels()!;
  assertEquals(Object.keys(createPlainKernels()).filter((name) => !(name in a)), []);
  a.memory.u8[5] = 1;
  assertEquals(b.memory.u8[5], 0);
});

Deno.test("WasmMemory: grows with its contents, replaces its views and keeps its end to itself", () => {
  const memory = new WasmMemory();
  assertEquals(memory.u8.length, 65536);
  memory.f64[1] = 2.5;
  const before = memory.u8;
  memory.reserve(65536);
  assertEquals(memory.u8, before);
  memory.reserve(65537);
  assert(memory.u8 !== before);
  assertEquals(before.length, 0);
  assertEquals(memory.f64[1], 2.5);
  assertEquals(memory.u8.length, memory.memory.buffer.byteLength - 131072);
  assertEquals(memory.f32.byteLength, memory.u8.length);
  assertThrows(() => memory.reserve(2 ** 33), RangeError);
  assertEquals(memory.f64[1], 2.5);
});
