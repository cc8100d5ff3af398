import { assert, assertEquals } from "@std/assert";
import { chooseUnit } from "../chunk/unit.ts";
import { F16, F32 } from "../kernels/kernels.ts";
import { f16BitsOf } from "../kernels/plain_range.ts";
import { random } from "./_test_chunks.ts";
import { STEP_WORDS } from "./layout.ts";
import { stepsFor } from "./steps.ts";

const view = new DataView(new ArrayBuffer(4));

function singleOf(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

/** The step that a kernel takes from the words of a bound. */
function stepIn(words: readonly number[], greatest: number): number {
  view.setFloat32(0, greatest);
  let at = 2;
  for (let left = words[0]!; left > 1 && view.getUint32(0) > words[at]!; left--) at += STEP_WORDS;
  return singleOf(words[at + 1]!);
}

Deno.test("the steps of a bound are those that the CPU chooses for any greatest magnitude", () => {
  const next = random(3);
  for (let i = 0; i < 3000; i++) {
    const dtype = i % 2 === 0 ? F32 : F16;
    const bound = dtype === F32 ? singleOf(Math.floor(next() * 0x7f800000)) * next() : 2 ** (-30 + 45 * next());
    const words = stepsFor(dtype, bound);
    assertEquals(words === undefined, chooseUnit(dtype, { kind: "abs", error: bound }, 0) === undefined);
    if (words === undefined) continue;
    for (let j = 0; j < 20; j++) {
      const near = singleOf(words[2 + STEP_WORDS * Math.floor(next() * words[0]!)]!);
      const pattern = Math.floor(next() * 0x7f800000);
      view.setFloat32(0, Number.isFinite(near) ? near : 1);
      const beside = singleOf(Math.min(0x7f7fffff, Math.max(0, view.getUint32(0) + Math.floor(3 * next()) - 1)));
      const any = j % 2 === 0 ? beside : singleOf(pattern);
      const greatest = dtype === F32 ? any : Math.min(65504, Math.abs(halfValue(f16BitsOf(any))));
      const unit = chooseUnit(dtype, { kind: "abs", error: bound }, greatest);
      assert(unit?.kind === "step");
      assertEquals(stepIn(words, greatest), unit.step, `bound ${bound}, greatest magnitude ${greatest}`);
    }
  }
});

function halfValue(half: number): number {
  const exponent = half >> 10 & 31, mantissa = half & 1023;
  return exponent === 31 ? 65504 : exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
}
