import { assert, assertEquals, assertThrows } from "@std/assert";
import { openCpuDevice } from "@pocketrec/compute";
import { type CodecSpec, parseCodecSpec } from "../config/codec_spec.ts";
import { RunError } from "../errors.ts";
import { noComm } from "../run/comm.ts";
import { CodecExchange } from "./codec_exchange.ts";

/** 4 samples, 2 tables, dim 2. Table 0 has a range of 8, table 1 of 80. */
const VALUES = [0, 8, 0, 80, 1.2, 3, 12, 30, 1.3, 3, 13, 30, 4, 4.6, 40, 46];
const TABLES = [{ name: "a", rows: 10 }, { name: "b", rows: 200_000 }];

function exchange(text: string, steps = 100, step = 1) {
  const spec = parseCodecSpec(text, "--codec") as Exclude<CodecSpec, { kind: "off" }>;
  const totals = noComm();
  return { codec: new CodecExchange({ spec, fromStep: 0, steps, totals }, TABLES, step), totals };
}

/** What an exchange leaves of `values`. */
async function through(codec: CodecExchange, way: "train" | "predict" | "backward", values = VALUES) {
  using device = openCpuDevice({ threads: 1 });
  using tensor = device.tensor("f32", [4, 2, 2], { data: Float32Array.from(values) });
  await (way === "backward" ? codec.backward(tensor) : codec.forward(tensor, way));
  return [...await tensor.read()];
}

Deno.test("the codec rounds by the range of each table, in training only and one way only", async () => {
  // A little over 1/16, as bounds are rounded down: steps of 1 and of 10.
  const rounded = [0, 8, 0, 80, 1, 3, 10, 30, 1, 3, 10, 30, 4, 5, 40, 50];
  const { codec, totals } = exchange("lossy:0.06251");
  assertEquals(await through(codec, "train"), rounded);
  assertEquals(await through(codec, "predict"), VALUES.map(Math.fround));
  assertEquals(await through(codec, "backward"), VALUES.map(Math.fround));
  assertEquals([totals.rawBytes, totals.maxError], [64, 4]);
  assertEquals(totals.sizedRawBytes, 64);
  assert(totals.sizedBytes >= 2 * 8 && totals.sizedBytes < 256, `${totals.sizedBytes}`);
  codec.step = 2;
  await through(codec, "train");
  assertEquals([totals.rawBytes, totals.sizedRawBytes], [128, 64], "step 2 is not encoded");

  const back = exchange("lossy:0.125,direction=backward,gradient=0.06251").codec;
  assertEquals(await through(back, "train"), VALUES.map(Math.fround));
  assertEquals(await through(back, "backward"), rounded);
  const both = exchange("lossy:0.06251,direction=both").codec;
  assertEquals([await through(both, "train"), await through(both, "backward")], [rounded, rounded]);
});

Deno.test("the codec's slices have ranges of their own", async () => {
  // Table 0: ranges 8 and 3.3 in the halves of the batch; 3.3/8 has 33/40 = 211.2/256 and becomes 211/256.
  const rounded = await through(exchange("lossy:0.06251,slices=2").codec, "train");
  assertEquals(rounded.slice(0, 8), [0, 8, 0, 80, 1, 3, 10, 30]);
  const step = 211 / 512;
  assertEquals([8, 9, 12, 13].map((i) => rounded[i]! / step), [3, 7, 10, 11]);
});

Deno.test("the codec's bounds fall with the steps", async () => {
  const { codec } = exchange("lossy:0.06251,decay=linear,c0=2,phase=0.5");
  const first = await through(codec, "train");
  assertEquals(first.slice(0, 2), [0, 8]);
  assertEquals(first[4], 2, "steps of 2");
  codec.step = 51;
  assertEquals((await through(codec, "train"))[4], 1, "steps of 1 from half of the run on");
});

Deno.test("fp16 rounds, scales gradients, and is half of the bytes", async () => {
  const { codec, totals } = exchange("fp16,direction=both");
  const third = Math.fround(1 / 3), values = [third, 1e6, -1e6, 1e-7, ...Array<number>(12).fill(0)];
  const [a, b, c, d] = await through(codec, "train", values);
  // 11 bits: 0.0101010101|01 in binary; 1e-7 is nearest to twice the smallest, 2^-24.
  assertEquals([a, b, c, d], [1365 / 4096, 65504, -65504, 2 ** -23]);
  assertEquals([totals.rawBytes, totals.sizedBytes], [64, 32]);
  const tiny = await through(codec, "backward", [2 ** -25, ...Array<number>(15).fill(0)]);
  assertEquals(tiny[0], 2 ** -25, "four samples: times 4, representable");
});

Deno.test("an adaptive codec puts tables into classes by the batches after the warm-up, and keeps that", async () => {
  const text = "lossy:0.03,adaptive,decay=none,warmup=0.02,samples=2";
  const { codec } = exchange(text);
  const policy = () => JSON.parse(codec.save()!);
  const classes = () => policy().policy.tables.map((table: { class: string }) => table.class);
  assertEquals(classes(), ["base", "tighten"], "by rows before there is data");
  // At bound 0.01 the vectors 1.2 3 and 1.21 3 of table 0 are one; those of table 1 stay four.
  const values = VALUES.with(8, 1.21).with(10, 16);
  for (let step = 1; step <= 4; step++) {
    codec.step = step;
    await through(codec, "train", values);
    const counted = Math.max(0, step - 2);
    assertEquals(policy().counts[0], { batches: counted, rows: 4 * counted, quantised: [3 * counted] });
    assertEquals(classes(), counted < 2 ? ["base", "tighten"] : ["tighten", "base"]);
  }
  const again = exchange(text).codec;
  again.load(codec.save()!);
  assertEquals(again.save(), codec.save());
  again.step = codec.step = 5;
  assertEquals(await through(again, "train"), await through(codec, "train"));
  assertEquals(policy().counts[0].batches, 2);
});

Deno.test("an adaptive codec that works backwards only looks at the way forward", async () => {
  const { codec } = exchange("lossy,adaptive,direction=backward,warmup=0,samples=1");
  assertEquals(await through(codec, "train"), VALUES.map(Math.fround));
  assert(codec.save()!.includes('"batches":1'));
});

Deno.test("the codec refuses the state of other tables", () => {
  const { codec } = exchange("lossy,adaptive");
  const saved = JSON.parse(codec.save()!);
  saved.policy.tables.pop();
  assertThrows(() => codec.load(JSON.stringify(saved)), RunError, "of 1 tables: the model has 2");
  assertThrows(() => codec.load("{}"), RunError, "Cannot restore the codec's policy");
  assertEquals(exchange("fp16").codec.save(), undefined);
});
