import { KernelError } from "../errors.ts";
import type { WgslKernel } from "./kernel.ts";
import { GPU_STAGE_COMPUTE } from "./storage.ts";

/** A kernel made ready for a device. */
export interface Pipeline {
  readonly kernel: WgslKernel;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Bytes that its parameters take in the uniform buffer: a multiple of 256, 0 without parameters. */
  readonly stride: number;
}

/** The shortest form of an implementation's message that still has its place. */
export function firstLines(text: string): string {
  return text.split("\n").map((line) => line.trim()).filter((line) => line.length > 0).slice(0, 3).join(" ");
}

/** Pipelines by kernel label. Errors of compilation come late, through `report`. */
export class PipelineCache {
  readonly #gpu: GPUDevice;
  readonly #deviceLabel: string;
  readonly #report: (check: Promise<Error | undefined>) => void;
  readonly #pipelines = new Map<string, Pipeline>();

  /** Makes an empty cache; `report` gets, for every pipeline made, the promise of its error. */
  constructor(gpu: GPUDevice, deviceLabel: string, report: (check: Promise<Error | undefined>) => void) {
    this.#gpu = gpu;
    this.#deviceLabel = deviceLabel;
    this.#report = report;
  }

  /**
   * The pipeline of a kernel, made on first use.
   *
   * @throws {TypeError} where another kernel has the same label: it would get that one's pipeline
   */
  get(kernel: WgslKernel): Pipeline {
    const have = this.#pipelines.get(kernel.label);
    if (!have) return this.#make(kernel);
    if (have.kernel !== kernel && !sameKernel(have.kernel, kernel)) {
      throw new TypeError(`Cannot use two kernels under the label ${kernel.label}: want one label per variant`);
    }
    return have;
  }

  #make(kernel: WgslKernel): Pipeline {
    const gpu = this.#gpu;
    gpu.pushErrorScope("validation");
    const module = gpu.createShaderModule({ label: kernel.label, code: kernel.code });
    const entries: GPUBindGroupLayoutEntry[] = kernel.buffers.map((access, i) => ({
      binding: i + 1,
      visibility: GPU_STAGE_COMPUTE,
      buffer: { type: access === "read" ? "read-only-storage" : "storage" },
    }));
    if (kernel.parameters.length > 0) {
      entries.unshift({
        binding: 0,
        visibility: GPU_STAGE_COMPUTE,
        buffer: { type: "uniform", hasDynamicOffset: true },
      });
    }
    const layout = gpu.createBindGroupLayout({ label: kernel.label, entries });
    const pipeline = gpu.createComputePipeline({
      label: kernel.label,
      layout: gpu.createPipelineLayout({ label: kernel.label, bindGroupLayouts: [layout] }),
      compute: {
        module,
        entryPoint: kernel.entryPoint ?? "main",
        ...(kernel.constants ? { constants: { ...kernel.constants } } : {}),
      },
    });
    this.#report(this.#explain(kernel, module, gpu.popErrorScope()));
    const stride = Math.ceil(kernel.parameters.length * 4 / 256) * 256;
    const made = { kernel, pipeline, layout, stride };
    this.#pipelines.set(kernel.label, made);
    return made;
  }

  /** Turns the validation error of a kernel, if any, into one line with the place in the WGSL text. */
  async #explain(
    kernel: WgslKernel,
    module: GPUShaderModule,
    scope: Promise<GPUError | null>,
  ): Promise<Error | undefined> {
    const error = await scope;
    if (!error) return undefined;
    let where = firstLines(error.message);
    try {
      const message = (await module.getCompilationInfo()).messages.find((m) => m.type === "error");
      if (message) where = `line ${message.lineNum}:${message.linePos}: ${firstLines(message.message)}`;
    } catch {
      // Not every implementation has compilation info: the scope's message must do.
    }
    return new KernelError(`${kernel.label}: Cannot compile on ${this.#deviceLabel}: ${where}`);
  }
}

function sameKernel(a: WgslKernel, b: WgslKernel): boolean {
  return a.code === b.code && a.entryPoint === b.entryPoint &&
    JSON.stringify([a.parameters, a.buffers, a.constants]) === JSON.stringify([b.parameters, b.buffers, b.constants]);
}
