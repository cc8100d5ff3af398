import { assert, assertAlmostEquals } from "@std/assert";
import { TestRandom } from "@pocketrec/compute/testing";
import { type DlrmConfig, resolveConfig } from "../config.ts";
import type { LossConfig } from "../loss/click_loss.ts";
import { crossParameters } from "../model/cross_layer.ts";
import { mlpParameters } from "../model/mlp.ts";
import { referenceDlrm } from "./reference_dlrm.ts";

const SMALL: DlrmConfig = {
  denseFeatures: 3,
  tables: [{ name: "a", rows: 5 }, { name: "b", rows: 7 }],
  dim: 4,
  bottom: [3, 5, 4],
  top: [6, 1],
  crossLayers: 2,
  crossRank: 3,
};
const BATCH = 3;

const CASES: [name: string, config: DlrmConfig, loss: LossConfig][] = [
  ["dot", SMALL, { kind: "bce" }],
  ["dot with itself, weighted", { ...SMALL, interactionItself: true }, { kind: "bce", classWeights: [0.5, 2] }],
  ["cat, squared error", { ...SMALL, interaction: "cat" }, { kind: "mse" }],
  ["dcn, threshold", { ...SMALL, interaction: "dcn" }, { kind: "bce", threshold: 1e-3 }],
];

for (const [name, config, loss] of CASES) {
  Deno.test(`referenceDlrm(): gradients equal central differences: ${name}`, () => {
    const shape = resolveConfig(config);
    const random = new TestRandom(11);
    const specs = [
      ...mlpParameters("bot_l", shape.bottom),
      ...shape.interaction === "dcn" ? crossParameters(shape) : [],
      ...mlpParameters("top_l", shape.topWidths),
    ];
    const parameters = Object.fromEntries(specs.map((spec) => {
      return [spec.name, Float64Array.from(random.f32(spec.shape.reduce((product, extent) => product * extent, 1)))];
    }));
    const inputs = {
      dense: random.f32(BATCH * 3),
      embeddings: Float64Array.from(random.f32(BATCH * 2 * 4)),
      labels: [1, 0, 1],
      parameters,
    };
    const { gradients, gradEmbeddings } = referenceDlrm(config, inputs, loss);
    let largest = 0;
    const check = (label: string, values: Float64Array, gradient: Float64Array) => {
      for (let i = 0; i < values.length; i++) {
        const [value, h] = [values[i]!, 1e-6];
        values[i] = value + h;
        const above = referenceDlrm(config, inputs, loss).loss;
        values[i] = value - h;
        const below = referenceDlrm(config, inputs, loss).loss;
        values[i] = value;
        // Truncation h^2 and rounding 1e-16 / h are both far below this.
        assertAlmostEquals(gradient[i]!, (above - below) / (2 * h), 1e-8, `${label}[${i}]`);
        largest = Math.max(largest, Math.abs(gradient[i]!));
      }
    };
    for (const { name } of specs) check(name, parameters[name]!, gradients[name]!);
    check("embeddings", inputs.embeddings, gradEmbeddings);
    assert(largest > 1e-2, "gradients are not all tiny");
  });
}
