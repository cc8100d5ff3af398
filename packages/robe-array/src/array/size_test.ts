import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../errors.ts";
import { resolveSize, sizeForRatio } from "./size.ts";

const shape = { blockSize: 32, align: 4 };
const never = () => {
  throw new Error("a size that is no ratio does not depend on the tables");
};

Deno.test("sizeForRatio() is the largest whole number of groups within the ratio", () => {
  assertEquals(sizeForRatio(540_201_232, 1000, shape), 540_200);
  assertEquals(sizeForRatio(540_201_232, 1000, { blockSize: 32, align: 8 }), 540_200);
  assertEquals(sizeForRatio(540_207_999, 1000, { blockSize: 1, align: 1 }), 540_204);
});

Deno.test("sizeForRatio() is at least one block", () => {
  assertEquals(sizeForRatio(100, 1000, { blockSize: 30, align: 1 }), 32);
  assertEquals(sizeForRatio(100, 1000, shape), 32);
});

Deno.test("resolveSize() takes floats exactly and bytes as an upper bound", () => {
  assertEquals(resolveSize({ floats: 27_000_001 }, shape, 4, never), 27_000_001);
  assertEquals(resolveSize({ bytes: 108_000_000 }, shape, 4, never), 27_000_000);
  assertEquals(resolveSize({ bytes: 108_000_015 }, shape, 4, never), 27_000_000);
  assertEquals(resolveSize({ bytes: 108_000_000 }, shape, 2, never), 54_000_000);
  assertEquals(resolveSize({ compressionRatio: 10 }, shape, 4, () => 4000), 400);
});

Deno.test("resolveSize() refuses what is no size", () => {
  for (const bytes of [0, -1, NaN, Infinity]) {
    assertThrows(() => resolveSize({ bytes }, shape, 4, never), ConfigError, `${bytes} bytes`);
  }
  for (const compressionRatio of [0, -1, NaN, Infinity]) {
    assertThrows(() => resolveSize({ compressionRatio }, shape, 4, () => 100), ConfigError, `${compressionRatio}`);
  }
  assertThrows(() => resolveSize({ bytes: 127 }, shape, 4, never), ConfigError, "want at least 128");
});
