/**
 * The whole model in float64, plain loops: the definition that the model is tested against.
 *
 * @module
 */
import { type DlrmConfig, resolveConfig } from "../config.ts";
import type { LossConfig } from "../loss/click_loss.ts";

/** Inputs of {@linkcode referenceDlrm}. */
export interface ReferenceInputs {
  /** `[batch, denseFeatures]`. */
  readonly dense: ArrayLike<number>;
  /** Pooled vectors, `[batch, tables, dim]`. */
  readonly embeddings: ArrayLike<number>;
  /** `[batch]`. */
  readonly labels: ArrayLike<number>;
  /** Dense parameters by name. */
  readonly parameters: Readonly<Record<string, ArrayLike<number>>>;
}

/** Everything that a training step computes before its update. */
export interface ReferenceOutputs {
  /** `[batch]`. */
  readonly logits: Float64Array;
  /** Mean loss. */
  readonly loss: number;
  /** Gradients of the mean loss by the dense parameters. */
  readonly gradients: Record<string, Float64Array>;
  /** Gradient of the mean loss by the pooled vectors, `[batch, tables, dim]`. */
  readonly gradEmbeddings: Float64Array;
}

interface Stage {
  readonly output: Float64Array;
  backward(gradOutput: Float64Array): Float64Array;
}

/** Forward and backward pass of a batch. */
export function referenceDlrm(config: DlrmConfig, inputs: ReferenceInputs, lossConfig: LossConfig): ReferenceOutputs {
  const shape = resolveConfig(config);
  const { dim, vectors } = shape, batch = inputs.labels.length, tables = vectors - 1;
  const gradients: Record<string, Float64Array> = {};
  const linear = (x: Float64Array, name: string, n: number, m: number, biasName?: string): Stage => {
    const w = inputs.parameters[name]!, b = biasName ? inputs.parameters[biasName]! : undefined;
    const output = new Float64Array(batch * m);
    for (let s = 0; s < batch; s++) {
      for (let o = 0; o < m; o++) {
        let sum = b ? b[o]! : 0;
        for (let i = 0; i < n; i++) sum += x[s * n + i]! * w[o * n + i]!;
        output[s * m + o] = sum;
      }
    }
    return {
      output,
      backward: (g) => {
        const gradW = gradients[name] = new Float64Array(m * n), gradX = new Float64Array(batch * n);
        const gradB = new Float64Array(m);
        for (let s = 0; s < batch; s++) {
          for (let o = 0; o < m; o++) {
            gradB[o]! += g[s * m + o]!;
            for (let i = 0; i < n; i++) {
              gradW[o * n + i]! += g[s * m + o]! * x[s * n + i]!;
              gradX[s * n + i]! += g[s * m + o]! * w[o * n + i]!;
            }
          }
        }
        if (biasName) gradients[biasName] = gradB;
        return gradX;
      },
    };
  };
  const mlp = (x: Float64Array, prefix: string, widths: readonly number[], lastRelu: boolean): Stage => {
    const layers: { stage: Stage; active: Float64Array; relu: boolean }[] = [];
    for (let i = 1; i < widths.length; i++) {
      const name = `${prefix}.${2 * (i - 1)}`;
      const stage = linear(layers.at(-1)?.active ?? x, `${name}.weight`, widths[i - 1]!, widths[i]!, `${name}.bias`);
      const relu = lastRelu || i < widths.length - 1;
      layers.push({ stage, relu, active: relu ? stage.output.map((v) => Math.max(v, 0)) : stage.output });
    }
    return {
      output: layers.at(-1)!.active,
      backward: (g) =>
        layers.reduceRight(
          (grad, { stage, active, relu }) => stage.backward(relu ? grad.map((v, i) => active[i]! > 0 ? v : 0) : grad),
          g,
        ),
    };
  };

  const bottom = mlp(Float64Array.from(inputs.dense), "bot_l", shape.bottom, true);
  const all = new Float64Array(batch * vectors * dim); // [batch, vectors, dim]
  for (let s = 0; s < batch; s++) {
    for (let k = 0; k < dim; k++) all[s * vectors * dim + k] = bottom.output[s * dim + k]!;
    for (let k = 0; k < tables * dim; k++) all[(s * vectors + 1) * dim + k] = inputs.embeddings[s * tables * dim + k]!;
  }
  let interaction: Stage;
  switch (shape.interaction) {
    case "dot":
      interaction = dot(all, batch, vectors, dim, shape.interactionItself);
      break;
    case "cat":
      interaction = { output: all, backward: (g) => g };
      break;
    case "dcn":
      interaction = cross(all, shape.interactionWidth, shape.crossLayers, shape.crossRank);
      break;
  }
  const top = mlp(interaction.output, "top_l", shape.topWidths, false);
  const logits = top.output;
  let loss = 0;
  const gradLogits = new Float64Array(batch);
  for (let s = 0; s < batch; s++) {
    const sample = lossOf(logits[s]!, inputs.labels[s]!, lossConfig);
    loss += sample.loss / batch;
    gradLogits[s] = sample.gradient / batch;
  }
  const gradAll = interaction.backward(top.backward(gradLogits));
  const gradDense = new Float64Array(batch * dim), gradEmbeddings = new Float64Array(batch * tables * dim);
  for (let s = 0; s < batch; s++) {
    for (let k = 0; k < dim; k++) gradDense[s * dim + k] = gradAll[s * vectors * dim + k]!;
    for (let k = 0; k < tables * dim; k++) gradEmbeddings[s * tables * dim + k] = gradAll[(s * vectors + 1) * dim + k]!;
  }
  bottom.backward(gradDense);
  return { logits, loss, gradients, gradEmbeddings };

  function cross(x0: Float64Array, width: number, layers: number, rank: number): Stage {
    const steps: { inner: Stage; outer: Stage }[] = [];
    let x = x0;
    for (let l = 0; l < layers; l++) {
      const inner = linear(x, `crossnet.V_kernels.${l}`, width, rank);
      const outer = linear(inner.output, `crossnet.W_kernels.${l}`, rank, width, `crossnet.bias.${l}`);
      const last = x;
      x = x0.map((v, i) => v * outer.output[i]! + last[i]!);
      steps.push({ inner, outer });
    }
    return {
      output: x,
      backward: (g) => {
        const gradX0 = new Float64Array(g.length);
        for (const { inner, outer } of steps.toReversed()) {
          g.forEach((v, i) => gradX0[i]! += v * outer.output[i]!);
          const through = inner.backward(outer.backward(g.map((v, i) => v * x0[i]!)));
          g = g.map((v, i) => v + through[i]!);
        }
        return g.map((v, i) => v + gradX0[i]!);
      },
    };
  }
}

function dot(all: Float64Array, batch: number, vectors: number, dim: number, self: boolean): Stage {
  const pairs: [number, number][] = [];
  for (let i = 0; i < vectors; i++) for (let j = 0; j < (self ? i + 1 : i); j++) pairs.push([i, j]);
  const width = dim + pairs.length;
  const output = new Float64Array(batch * width);
  const at = (s: number, i: number, k: number) => (s * vectors + i) * dim + k;
  for (let s = 0; s < batch; s++) {
    for (let k = 0; k < dim; k++) output[s * width + k] = all[at(s, 0, k)]!;
    pairs.forEach(([i, j], p) => {
      for (let k = 0; k < dim; k++) output[s * width + dim + p]! += all[at(s, i, k)]! * all[at(s, j, k)]!;
    });
  }
  return {
    output,
    backward: (g) => {
      const gradAll = new Float64Array(all.length);
      for (let s = 0; s < batch; s++) {
        for (let k = 0; k < dim; k++) gradAll[at(s, 0, k)]! += g[s * width + k]!;
        pairs.forEach(([i, j], p) => {
          for (let k = 0; k < dim; k++) {
            gradAll[at(s, i, k)]! += g[s * width + dim + p]! * all[at(s, j, k)]!;
            gradAll[at(s, j, k)]! += g[s * width + dim + p]! * all[at(s, i, k)]!;
          }
        });
      }
      return gradAll;
    },
  };
}

function lossOf(logit: number, label: number, config: LossConfig): { loss: number; gradient: number } {
  const threshold = config.threshold ?? 0;
  const p = 1 / (1 + Math.exp(-logit));
  const clamped = Math.min(Math.max(p, threshold), 1 - threshold), inside = p >= threshold && p <= 1 - threshold;
  if (config.kind === "mse") {
    return { loss: (clamped - label) ** 2, gradient: inside ? 2 * (p - label) * p * (1 - p) : 0 };
  }
  const [w0, w1] = config.classWeights ?? [1, 1], weight = w0 + label * (w1 - w0);
  const loss = threshold > 0
    ? -(label * Math.log(clamped) + (1 - label) * Math.log(1 - clamped))
    : Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)));
  return { loss: weight * loss, gradient: inside ? weight * (p - label) : 0 };
}
