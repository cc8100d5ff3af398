import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Device } from "../device.ts";
import { Tensor } from "../tensor.ts";
import { BindGroupCache } from "./bind_groups.ts";
import { WebGpuStorage } from "./storage.ts";

function tensor(): Tensor {
  const storage = new WebGpuStorage({} as GPUBuffer, () => {});
  return new Tensor({ viewAlignment: 256 } as Device, "f32", [1024], storage, { label: "t" });
}

const make = () => ({}) as GPUBindGroup;

Deno.test("BindGroupCache.get() keys by kernel, tensor, offset and size", () => {
  const cache = new BindGroupCache();
  const a = tensor(), b = tensor();
  const group = cache.get("k", [a, b], make);
  assertStrictEquals(cache.get("k", [a, b], make), group);
  assertStrictEquals(cache.get("k", [a.reshape([32, 32]), b], make), group);
  for (const other of [[b, a], [a.view(64, [64]), b], [a.view(0, [64]), b]]) {
    assertEquals(cache.get("k", other, make) === group, false);
  }
  assertEquals(cache.get("other", [a, b], make) === group, false);
  assertEquals(cache.size, 5);
});

Deno.test("BindGroupCache.forget() drops the groups of a storage and only those", () => {
  const cache = new BindGroupCache();
  const weights = tensor(), kept = cache.get("k", [weights], make);
  for (let i = 0; i < 100; i++) {
    const batch = tensor();
    cache.get("k", [weights, batch], make);
    cache.forget(batch.storage as WebGpuStorage);
  }
  assertEquals(cache.size, 1);
  assertStrictEquals(cache.get("k", [weights], make), kept);
  cache.forget(weights.storage as WebGpuStorage);
  assertEquals(cache.size, 0);
});

Deno.test("BindGroupCache drops the oldest group beyond its capacity", () => {
  const cache = new BindGroupCache(3);
  const tensors = [tensor(), tensor(), tensor(), tensor()];
  const groups = tensors.map((t) => cache.get("k", [t], make));
  assertEquals(cache.size, 3);
  assertStrictEquals(cache.get("k", [tensors[3]!], make), groups[3]);
  const again = cache.get("k", [tensors[0]!], make);
  assertEquals(again === groups[0], false);
  cache.forget(tensors[1]!.storage as WebGpuStorage); // evicted already
  assertEquals(cache.size, 3);
});
