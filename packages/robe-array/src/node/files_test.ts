import { assertEquals, assertRejects } from "@std/assert";
import { openCpuDevice } from "@pocketrec/compute";
import { RobeArray } from "../array/robe_array.ts";
import { CorruptModelError } from "../errors.ts";
import { loadRobeArray, saveRobeArray } from "./files.ts";

Deno.test("saveRobeArray() replaces the file as a whole, and loadRobeArray() reads it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using device = openCpuDevice({ threads: 1 });
    using robe = await RobeArray.create({ device, size: { floats: 640 } });
    robe.addTable({ name: "user", numEmbeddings: 100, dim: 16 });
    const path = `${folder}/model.safetensors`;
    await Deno.writeTextFile(path, "something else");
    await assertRejects(() => loadRobeArray(path, { device }), CorruptModelError);
    await saveRobeArray(robe, path);
    using loaded = await loadRobeArray(path, { device });
    assertEquals(await loaded.row("user", 42), await robe.row("user", 42));
    await assertRejects(() => saveRobeArray(robe, `${folder}/absent/model.safetensors`));
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["model.safetensors"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
