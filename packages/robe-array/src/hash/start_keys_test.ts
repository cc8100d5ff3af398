import { assertEquals } from "@std/assert";
import { type DeviceName, testOnEachDevice } from "@pocketrec/compute/testing";
import { rowSigns } from "../layout.ts";
import { hashKeys, hashKeysReference, keyKinds, randomKeys } from "./start_keys.ts";

const BATCH = 2 ** 16;
/** Batches of each of the ten kinds: 10.5 million keys on the CPU; elsewhere what software renderers do in seconds. */
const BATCHES: Partial<Record<DeviceName, number>> = { cpu: 16, webgpu: 2, dawn: 2 };

testOnEachDevice("starts and signs have the bits of the hashes in TypeScript", async (device, name) => {
  using keys = device.tensor("u32", [2, BATCH]);
  using records = device.tensor("u32", [256, 4]);
  using out = device.tensor("u32", [2, BATCH]);
  for (const [at, kind] of keyKinds().entries()) {
    for (let i = 0; i < BATCHES[name]!; i++) {
      const batch = randomKeys(kind, 1000 * at + i, BATCH), expected = hashKeysReference(batch);
      keys.write(batch.keys);
      records.write(batch.records);
      for (const form of device.kind === "cpu" ? ["scalar", "vector"] as const : ["scalar"] as const) {
        // Signs of affine hashes have no vector form.
        const count = form === "vector" && kind.hash !== "mix32" ? BATCH : 2 * BATCH;
        hashKeys(device, batch, [keys, records, out], form);
        const actual = await out.read();
        for (let j = 0; j < count; j++) {
          if (actual[j] === expected[j]) continue;
          const key = { ...kind, form, x: batch.keys[j % BATCH], k: batch.keys[BATCH + j % BATCH] };
          assertEquals(actual[j], expected[j], `${j < BATCH ? "start" : "sign word"} of ${JSON.stringify(key)}`);
        }
      }
    }
  }
}, { devices: ["cpu", "webgpu", "dawn"] });

Deno.test("sign words have the bits of the signs of rows", () => {
  for (const kind of keyKinds().filter(({ hash }) => hash === "mix32" || hash === "m31")) {
    const batch = randomKeys(kind, 5, 4096), words = hashKeysReference(batch);
    for (let i = 0; i < batch.size; i++) {
      const t = i % 256, layout = batch.layouts[t]!, x = batch.keys[i]!, word = batch.keys[batch.size + i]! >>> 5;
      if (word > 3 || layout.blockSize > 128) continue;
      const signs = rowSigns(layout, batch.hashes[t]!, 128, x);
      const bits = signs.slice(32 * word, 32 * word + 32).map((sign, bit) => sign < 0 ? 2 ** bit : 0);
      assertEquals(words[batch.size + i], bits.reduce((sum, bit) => sum + bit));
    }
  }
});
