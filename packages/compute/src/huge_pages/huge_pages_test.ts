import { assertEquals } from "@std/assert";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { fill } from "../elementwise/copy.ts";
import { adviseHugePages } from "./mod.ts";

Deno.test("adviseHugePages() agrees where Linux allows it, and the memory works as before", async () => {
  const setting = "/sys/kernel/mm/transparent_hugepage/enabled";
  const text = await Deno.readTextFile(setting).catch(() => "");
  let agreed: boolean | undefined, asked = 0;
  using device = openCpuDevice({
    threads: 1,
    maxBytes: 2 ** 30,
    onMemory: (buffer, bytes) => {
      agreed = adviseHugePages(buffer, bytes);
      asked = bytes;
    },
  });
  assertEquals(agreed, Deno.build.os === "linux" && text !== "");
  assertEquals(asked, 2 ** 30);
  using tensor = device.tensor("f32", [4 << 20]);
  fill(tensor, 3);
  assertEquals((await tensor.read())[tensor.size - 1], 3);
});
