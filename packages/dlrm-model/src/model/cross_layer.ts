import { axpy, type Device, gemm, mul, mulAdd, sumRows, type Tensor } from "@pocketrec/compute";
import { BatchBuffer } from "../batch_buffer.ts";
import type { DlrmShape } from "../config.ts";
import type { DenseParameters, Parameter, ParameterSpec } from "./dense_parameters.ts";
import type { BoundInteraction, InteractionInputs, InteractionLayer } from "./interaction_layer.ts";
import type { Capacity } from "./mlp.ts";
import { flatten, joinVectors, splitVectors } from "./side_by_side.ts";

/** Names, shapes and initial values (Xavier-normal, zero biases) of the cross network: TorchRec's `LowRankCrossNet`. */
export function crossParameters({ interactionWidth: width, crossLayers, crossRank }: DlrmShape): ParameterSpec[] {
  const deviation = Math.sqrt(2 / (width + crossRank));
  return Array.from({ length: crossLayers }, (_, layer) => [
    { name: `crossnet.V_kernels.${layer}`, shape: [crossRank, width], deviation },
    { name: `crossnet.W_kernels.${layer}`, shape: [width, crossRank], deviation },
    { name: `crossnet.bias.${layer}`, shape: [width], deviation: 0 },
  ]).flat();
}

interface Layer {
  readonly v: Parameter;
  readonly w: Parameter;
  readonly bias: Parameter;
  /** `V x_l`, `[batch, rank]`. */
  readonly inner: BatchBuffer;
  /** `W V x_l + b`, `[batch, width]`. */
  readonly factor: BatchBuffer;
  /** `x_{l + 1}`, `[batch, width]`. */
  readonly output: BatchBuffer;
}

/**
 * The low-rank cross network of DCNv2 (Wang et al., arXiv 2008.13535, equation 2) over all vectors side by side:
 * `x_{l+1} = x_0 * (W_l (V_l x_l) + b_l) + x_l`.
 */
export class CrossLayer implements InteractionLayer {
  readonly #layers: readonly Layer[];
  readonly #input: BatchBuffer;
  readonly #gradient: BatchBuffer;
  readonly #gradInput: BatchBuffer;
  readonly #gradFactor: BatchBuffer;
  readonly #gradInner: BatchBuffer;

  /** Takes its parameters by {@linkcode crossParameters}' names. */
  constructor(device: Device, shape: DlrmShape, parameters: DenseParameters, { forward, backward }: Capacity) {
    const width = [shape.interactionWidth], rank = [shape.crossRank];
    this.#input = new BatchBuffer(device, "cross input", forward, width);
    this.#gradient = new BatchBuffer(device, "cross gradient", backward, width);
    this.#gradInput = new BatchBuffer(device, "cross input gradient", backward, width);
    this.#gradFactor = new BatchBuffer(device, "cross factor gradient", backward, width);
    this.#gradInner = new BatchBuffer(device, "cross inner gradient", backward, rank);
    this.#layers = Array.from({ length: shape.crossLayers }, (_, layer) => ({
      v: parameters.get(`crossnet.V_kernels.${layer}`),
      w: parameters.get(`crossnet.W_kernels.${layer}`),
      bias: parameters.get(`crossnet.bias.${layer}`),
      inner: new BatchBuffer(device, `cross ${layer} inner`, forward, rank),
      factor: new BatchBuffer(device, `cross ${layer} factor`, forward, width),
      output: new BatchBuffer(device, `cross ${layer} output`, forward, width),
    }));
  }

  /** See {@linkcode InteractionLayer.bind}. */
  bind({ dense, embeddings, gradDense, gradEmbeddings }: InteractionInputs): BoundInteraction {
    const batch = dense.shape[0]!;
    const flat = flatten(embeddings), x0 = this.#input.at(batch);
    const layers = this.#layers.map(({ inner, factor, output, v, w, bias }) => {
      return { v, w, bias, inner: inner.at(batch), factor: factor.at(batch), output: output.at(batch) };
    });
    const inputs = [x0, ...layers.map(({ output }) => output)];
    const forwardOptions = layers.map(({ bias }) => ({ transposeB: true, bias: bias.value }));
    let bound: ReturnType<typeof bindGradients> | undefined;
    const bindGradients = () => ({
      gradient: this.#gradient.at(batch),
      gradInput: this.#gradInput.at(batch),
      gradFactor: this.#gradFactor.at(batch),
      gradInner: this.#gradInner.at(batch),
      gradDense: gradDense(),
      gradFlat: flatten(gradEmbeddings()),
    });
    const gradients = () => bound ??= bindGradients();
    return {
      output: inputs.at(-1)!,
      forward: () => {
        joinVectors(dense, flat, x0);
        layers.forEach(({ v, w, inner, factor, output }, l) => {
          gemm(inputs[l]!, v.value, inner, TRANSPOSE_B);
          gemm(inner, w.value, factor, forwardOptions[l]!);
          mulAdd(x0, factor, inputs[l]!, output);
        });
      },
      gradOutput: () => gradients().gradient,
      backward: () => {
        // `gradient` is that of x_{l+1}, then of x_l; `gradInput` collects what x_0 gets as a factor.
        const { gradient, gradInput, gradFactor, gradInner, gradDense, gradFlat } = gradients();
        for (let l = layers.length - 1; l >= 0; l--) {
          const { v, w, bias, inner, factor } = layers[l]!;
          if (l === layers.length - 1) mul(gradient, factor, gradInput);
          else addProduct(gradient, factor, gradFactor, gradInput);
          mul(gradient, x0, gradFactor);
          gemm(gradFactor, inner, w.gradient, TRANSPOSE_A);
          sumRows(gradFactor, bias.gradient);
          gemm(gradFactor, w.value, gradInner);
          gemm(gradInner, inputs[l]!, v.gradient, TRANSPOSE_A);
          gemm(gradInner, v.value, gradient, ADD);
        }
        axpy(1, gradInput, gradient);
        splitVectors(gradient, gradDense, gradFlat);
      },
    };
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    const own = [this.#input, this.#gradient, this.#gradInput, this.#gradFactor, this.#gradInner];
    for (const buffer of [...own, ...this.#layers.flatMap(({ inner, factor, output }) => [inner, factor, output])]) {
      buffer[Symbol.dispose]();
    }
  }
}

const TRANSPOSE_A = { transposeA: true } as const,
  TRANSPOSE_B = { transposeB: true } as const,
  ADD = { beta: 1 } as const;

/** `sum += a b`, through `scratch`. */
function addProduct(a: Tensor, b: Tensor, scratch: Tensor, sum: Tensor): void {
  mul(a, b, scratch);
  axpy(1, scratch, sum);
}
