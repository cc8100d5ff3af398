/**
 * Trains two embedding tables in one shared array, grows the array half-way without changing a bit of what it gives, and
 * saves and loads it: `deno run -A examples/robe_array.ts [out.safetensors]`.
 *
 * The task: users rate items; a rating is the inner product of a user's and an item's row.
 *
 * @module
 */
import { RobeArray } from "@pocketrec/robe-array";
import { saveRobeArray } from "@pocketrec/robe-array/node";

const users = 2_000, items = 500, dim = 16, batch = 512;

using robe = await RobeArray.create({
  device: "auto",
  size: { compressionRatio: 20 },
  blockSize: 16,
  initScale: 0.3,
  optimizer: { kind: "adagrad", lr: 0.2 },
  onWarning: console.warn,
});
robe.addTable({ name: "user", numEmbeddings: users, dim });
robe.addTable({ name: "item", numEmbeddings: items, dim });
console.log(`${robe.device.label}: ${users + items} rows in ${robe.layout.size * 4} bytes`);

/** Popular users and items occur often; tastes go in four groups. */
function sample(step: number): { user: Uint32Array; item: Uint32Array; rating: Float32Array } {
  const random = (i: number) => Math.abs(Math.sin((step * batch + i) * 12.9898) * 43758.5453) % 1;
  const user = Uint32Array.from({ length: batch }, (_, i) => users * random(i) ** 3);
  const item = Uint32Array.from({ length: batch }, (_, i) => items * random(i + 0.5) ** 3);
  return { user, item, rating: Float32Array.from(user, (id, i) => id % 4 === item[i]! % 4 ? 1 : 0) };
}

async function train(step: number): Promise<number> {
  const { user, item, rating } = sample(step % 40);
  using out = robe.forward({ user: { indices: user }, item: { indices: item } });
  const [u, v] = await Promise.all([out.read("user"), out.read("item")]);
  let loss = 0;
  const gradU = new Float32Array(u.length), gradV = new Float32Array(v.length);
  for (let i = 0; i < batch; i++) {
    let score = 0;
    for (let k = i * dim; k < (i + 1) * dim; k++) score += u[k]! * v[k]!;
    const error = score - rating[i]!;
    loss += error * error / batch;
    for (let k = i * dim; k < (i + 1) * dim; k++) {
      gradU[k] = 2 * error * v[k]! / batch;
      gradV[k] = 2 * error * u[k]! / batch;
    }
  }
  await robe.update(out, { user: gradU, item: gradV });
  return loss;
}

const losses: number[] = [];
for (let step = 0; step < 400; step++) {
  if (step === 200) {
    const before = await robe.row("user", 3);
    await robe.growArray(2);
    const after = await robe.row("user", 3);
    if (!after.every((value, i) => value === before[i])) throw new Error("growth changed a row");
    console.log(`step ${step}: grown to ${robe.layout.size * 4} bytes`);
  }
  losses.push(await train(step));
  if (step % 100 === 99) console.log(`step ${step + 1}: mean loss ${mean(losses.slice(-100)).toFixed(4)}`);
}
if (!(mean(losses.slice(-20)) < 0.8 * mean(losses.slice(0, 20)))) throw new Error("the array learned nothing");

using loaded = await RobeArray.load(await robe.save(), { device: "cpu" });
console.log("the same row from the file:", (await loaded.row("user", 3)).slice(0, 4));
if (Deno.args[0]) await saveRobeArray(robe, Deno.args[0]);

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
