import { assertEquals } from "@std/assert";
import { testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { reluBackward } from "./relu_backward.ts";

testOnEachDevice("reluBackward() keeps gradients where the output is above zero", async (device) => {
  for (const size of [1, 7, 64, 16_387, 40_000]) {
    const random = new TestRandom(size);
    const output = random.f32(size).map((x) => Math.max(x, 0)), gradient = random.f32(size);
    using o = device.tensor("f32", [size], { data: output });
    using g = device.tensor("f32", [size], { data: gradient });
    reluBackward(g, o);
    assertEquals(await g.read(), gradient.map((x, i) => output[i]! > 0 ? x : 0));
  }
});
