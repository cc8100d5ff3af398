import { assertEquals, assertThrows } from "@std/assert";
import { type DlrmConfig, resolveConfig } from "./config.ts";
import { modelCost } from "./sizes.ts";
import { KAGGLE, MLPERF_V1, MLPERF_V2 } from "./testing/reference_shapes.ts";

const TERABYTE: DlrmConfig = { ...KAGGLE, dim: 64, bottom: [13, 512, 256, 64], top: [512, 512, 256, 1] };

Deno.test("modelCost() equals the published sizes of the reference configurations", () => {
  const kaggle = modelCost(KAGGLE), v1 = modelCost(MLPERF_V1), v2 = modelCost(MLPERF_V2);
  assertEquals(
    [kaggle, modelCost(TERABYTE), v1, v2].map((cost) => cost.denseParameters),
    [475_985, 762_177, 2_368_897, 16_044_545],
  );
  assertEquals([kaggle, v1, v2].map((cost) => cost.tableRows), [33_762_577, 187_767_399, 204_184_588]);
  assertEquals(kaggle.fullEmbeddingBytes, 2_160_804_928);
  assertEquals(v1.fullEmbeddingBytes, 96_136_908_288);
  const millions = [kaggle, modelCost(TERABYTE), v1, v2].map((cost) => cost.forwardFlops / 1e6);
  assertEquals(millions.map((flops) => flops.toFixed(3)), ["0.972", "1.613", "4.917", "32.061"]);
  assertEquals([kaggle.lookupBytes, modelCost(TERABYTE).lookupBytes, v1.lookupBytes], [1664, 6656, 13_312]);
  assertEquals(kaggle.forwardFlops - kaggle.forwardFlopsTriangle, 2 * 16 * (27 * 27 - 351));
});

Deno.test("resolveConfig() derives the width of the interaction", () => {
  assertEquals(resolveConfig(KAGGLE).interactionWidth, 367);
  assertEquals(resolveConfig({ ...KAGGLE, interactionItself: true }).interactionWidth, 367 + 27);
  assertEquals(resolveConfig({ ...KAGGLE, interaction: "cat" }).interactionWidth, 27 * 16);
  assertEquals(resolveConfig(MLPERF_V2).interactionWidth, 3456);
});

Deno.test("resolveConfig() names both numbers that do not fit", () => {
  assertThrows(() => resolveConfig({ ...KAGGLE, dim: 32 }), RangeError, "ends in 16 and embeddings have dim 32");
  assertThrows(
    () => resolveConfig({ ...KAGGLE, denseFeatures: 12 }),
    RangeError,
    "takes 13 inputs and the data has 12",
  );
  assertThrows(() => resolveConfig({ ...KAGGLE, top: [512, 2] }), RangeError, "ends in 2: want 1");
  assertThrows(() => resolveConfig({ ...KAGGLE, tables: [] }), RangeError, "no table");
  assertThrows(() => resolveConfig({ ...KAGGLE, tables: [{ name: "C1", rows: 0 }] }), RangeError, "table C1 is 0");
});
