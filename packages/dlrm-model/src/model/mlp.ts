import { type Device, gemm, type GemmOptions, sumRows, type Tensor } from "@pocketrec/compute";
import { BatchBuffer } from "../batch_buffer.ts";
import type { DenseParameters, Parameter, ParameterSpec } from "./dense_parameters.ts";
import { reluBackward } from "./relu_backward/relu_backward.ts";

/** Rows that buffers hold. */
export interface Capacity {
  /** Samples of the largest batch. */
  readonly forward: number;
  /** Samples of the largest batch that is trained on. */
  readonly backward: number;
}

/** A layer sequence tied to the tensors of one batch size. */
export interface BoundMlp {
  /** Output of the last layer, `[batch, width]`. */
  readonly output: Tensor;
  /** Records the forward pass. */
  forward(): void;
  /**
   * Records the gradients of all weights, and that of the input where one was bound.
   */
  backward(): void;
  /** Where the gradient of `output` goes before `backward`; with a last ReLU, masked by it. */
  gradOutput(): Tensor;
}

/** Names, shapes and initial values of an MLP: facebookresearch/dlrm's, whose odd indices are activations. */
export function mlpParameters(prefix: string, widths: readonly number[]): ParameterSpec[] {
  return widths.slice(1).flatMap((outputs, i) => {
    const inputs = widths[i]!;
    return [
      { name: `${prefix}.${2 * i}.weight`, shape: [outputs, inputs], deviation: Math.sqrt(2 / (outputs + inputs)) },
      { name: `${prefix}.${2 * i}.bias`, shape: [outputs], deviation: Math.sqrt(1 / outputs) },
    ];
  });
}

interface Layer {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly output: BatchBuffer;
  readonly gradient: BatchBuffer;
  readonly forward: GemmOptions;
}

/** Linear layers with ReLU after each, or after each but the last. */
export class Mlp implements Disposable {
  readonly #layers: readonly Layer[];
  readonly #lastRelu: boolean;

  /** Takes its parameters by {@linkcode mlpParameters}'s names. */
  constructor(
    device: Device,
    parameters: DenseParameters,
    options: { prefix: string; widths: readonly number[]; lastRelu: boolean; capacity: Capacity },
  ) {
    const { prefix, widths, lastRelu, capacity } = options;
    this.#lastRelu = lastRelu;
    this.#layers = widths.slice(1).map((width, i) => {
      const bias = parameters.get(`${prefix}.${2 * i}.bias`);
      const relu = lastRelu || i < widths.length - 2;
      return {
        weight: parameters.get(`${prefix}.${2 * i}.weight`),
        bias,
        output: new BatchBuffer(device, `${prefix}.${2 * i} output`, capacity.forward, [width]),
        gradient: new BatchBuffer(device, `${prefix}.${2 * i} gradient`, capacity.backward, [width]),
        forward: { transposeB: true, bias: bias.value, activation: relu ? "relu" : "none" },
      };
    });
  }

  /**
   * Ties the layers to a batch size and an input.
   *
   * @param gradInput gets the gradient of `input`; without it none is computed. Called once, before the first backward
   */
  bind(input: Tensor, gradInput?: () => Tensor): BoundMlp {
    const batch = input.shape[0]!;
    const outputs = this.#layers.map((layer) => layer.output.at(batch));
    const inputs = [input, ...outputs];
    const last = this.#layers.length - 1;
    let gradients: Tensor[] | undefined, gradOfInput: Tensor | undefined;
    let inputOptions: GemmOptions[] = [];
    const bindGradients = (): Tensor[] => {
      if (gradients) return gradients;
      gradients = this.#layers.map((layer) => layer.gradient.at(batch));
      gradOfInput = gradInput?.();
      inputOptions = outputs.map((reluMask) => ({ reluMask }));
      return gradients;
    };
    return {
      output: outputs[last]!,
      forward: () => {
        this.#layers.forEach((layer, i) => gemm(inputs[i]!, layer.weight.value, outputs[i]!, layer.forward));
      },
      gradOutput: () => bindGradients()[last]!,
      backward: () => {
        const grads = bindGradients();
        if (this.#lastRelu) reluBackward(grads[last]!, outputs[last]!);
        for (let i = last; i >= 0; i--) {
          const { weight, bias } = this.#layers[i]!;
          const gradient = grads[i]!;
          gemm(gradient, inputs[i]!, weight.gradient, WEIGHT_GRADIENT);
          sumRows(gradient, bias.gradient);
          if (i > 0) gemm(gradient, weight.value, grads[i - 1]!, inputOptions[i - 1]!);
          else if (gradOfInput) gemm(gradient, weight.value, gradOfInput);
        }
      },
    };
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    for (const { output, gradient } of this.#layers) {
      output[Symbol.dispose]();
      gradient[Symbol.dispose]();
    }
  }
}

const WEIGHT_GRADIENT: GemmOptions = { transposeA: true };
