import { assertEquals } from "@std/assert";
import { openCpuDevice, randomUniform } from "@pocketrec/compute";
import { TestRandom } from "@pocketrec/compute/testing";
import { fromHalf, packHalves, toHalf, uniformHalves, unpackHalves } from "./half.ts";

const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const isNaNBits = (bits: number) => (bits & 0x7fff) > 0x7c00;

Deno.test("fromHalf() widens all 65,536 halves, and toHalf() takes them back", () => {
  const wide = fromHalf(all);
  assertEquals(wide[1], 2 ** -24);
  assertEquals(wide[0x0400], 2 ** -14);
  assertEquals(wide[0x3c00], 1);
  assertEquals(wide[0x7bff], 65504);
  assertEquals(wide[0xfc00], -Infinity);
  const back = toHalf(wide);
  all.forEach((bits, i) => {
    if (isNaNBits(bits)) assertEquals(isNaNBits(back[i]!), true);
    else assertEquals(back[i], bits);
  });
});

Deno.test("toHalf() rounds to the nearest half, ties to even", () => {
  const random = new TestRandom(1);
  const values: number[] = [65519.99, 65520, 2 ** -25, 2 ** -25 * 1.0001, 3 * 2 ** -25, -(2 ** -26), 1 + 2 ** -11];
  assertEquals(
    [...toHalf(Float32Array.from(values))],
    [0x7bff, 0x7c00, 0, 1, 2, 0x8000, 0x3c00],
  );
  const finite = fromHalf(all.slice(0, 0x7c00));
  for (let i = 0; i < 2000; i++) {
    const value = Math.fround((random.u32() / 2 ** 32) * 2 ** (random.below(42) - 26));
    const bits = toHalf(Float32Array.of(value))[0]!;
    if (bits === 0x7c00) continue;
    const error = Math.abs(finite[bits]! - value);
    for (const other of [bits - 1, bits + 1]) {
      if (other < 0 || other >= 0x7c00) continue;
      const rival = Math.abs(finite[other]! - value);
      if (rival < error || (rival === error && bits % 2 === 1)) throw new Error(`${value} became half ${bits}`);
    }
  }
});

Deno.test("packHalves() and unpackHalves() are inverse for odd counts, too", () => {
  const halves = Uint16Array.of(1, 0xffff, 0x8000);
  assertEquals(packHalves(halves), Uint32Array.of(0xffff0001, 0x8000));
  assertEquals(unpackHalves(packHalves(halves), 3), halves);
});

Deno.test("uniformHalves() rounds what randomUniform() gives", async () => {
  using device = openCpuDevice({ threads: 1 });
  using tensor = device.tensor("f32", [1001]);
  const seed = 2 ** 40 + 7, stream = 99, scale = 0.0123;
  randomUniform(tensor, { seed, stream, low: -scale, high: scale });
  assertEquals(uniformHalves(1001, seed, stream, scale), toHalf(await tensor.read() as Float32Array));
});
