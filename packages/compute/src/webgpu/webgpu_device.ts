import type { Device, TensorOptions } from "../device.ts";
import { DeviceLostError, DeviceMemoryError, KernelError } from "../errors.ts";
import { checkNewTensor } from "../new_tensor.ts";
import { type DType, hostArray, Tensor, type TensorData } from "../tensor.ts";
import { BindGroupCache } from "./bind_groups.ts";
import type { ParameterType, WgslKernel } from "./kernel.ts";
import { firstLines, type Pipeline, PipelineCache } from "./pipelines.ts";
import { bufferOf, GPU_BUFFER, GPU_MAP_READ, WebGpuStorage } from "./storage.ts";

export { bufferOf, WebGpuStorage } from "./storage.ts";

/** Options of {@linkcode openWebGpuDevice}. */
export interface WebGpuDeviceOptions {
  /** Where adapters come from. Default: `navigator.gpu`. Dawn's comes from the `./dawn` entry. */
  readonly gpu?: GPU;
  /** Use this device as it is, instead of requesting one; disposing ours leaves it alive. */
  readonly device?: GPUDevice;
  /** Passed to `requestAdapter`. */
  readonly powerPreference?: GPUPowerPreference;
  /** `"adapter"` (default) asks for the largest buffers that the adapter has; `"default"` for WebGPU's guaranteed ones. */
  readonly limits?: "adapter" | "default";
  /** Whether software adapters (llvmpipe, SwiftShader) count. Default: true. */
  readonly allowFallback?: boolean;
}

/**
 * A binding must hold one element of the kernel's array, so an empty tensor binds as much as the widest, a `vec4`, and
 * nobody reads it.
 */
const EMPTY_BYTES = 16;

/** Bytes of uniform parameters collected before a submit. */
const PARAMETER_BYTES = 65_536;

/**
 * Any `GPUDevice` as a device: Deno's, a browser's, Dawn's. Dispatches are recorded into one command encoder and run on
 * {@linkcode WebGpuDevice.submit}, which nothing on a training step's path needs to wait for.
 *
 * Needs no feature and no limit above WebGPU's defaults.
 */
export class WebGpuDevice implements Device {
  readonly kind = "webgpu";
  readonly label: string;
  readonly viewAlignment = 256;
  readonly maxTensorBytes: number;
  /** The device as the host gave it. */
  readonly gpu: GPUDevice;
  /** Whether the adapter computes in software. */
  readonly isFallback: boolean;
  readonly #ownsGpu: boolean;
  readonly #pipelines: PipelineCache;
  readonly #bindGroups = new BindGroupCache();
  readonly #workspaces = new Map<string, Tensor>();
  readonly #parameters: GPUBuffer;
  readonly #staging: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(PARAMETER_BYTES));
  readonly #doomed: GPUBuffer[] = [];
  /** Errors on their way: compilations and submits that the implementation has not answered yet. */
  readonly #checks = new Set<Promise<void>>();
  /** Labels of the kernels recorded since the last submit. */
  readonly #recorded = new Set<string>();
  #stagingUsed = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #nextCheck = 0;
  #error: Error | undefined;
  /** Number of the check that `#error` came from. */
  #errorAt = Infinity;
  #disposed = false;

  /** Use {@linkcode openWebGpuDevice}. */
  constructor(gpu: GPUDevice, info: { label: string; isFallback: boolean; ownsGpu: boolean }) {
    this.gpu = gpu;
    this.label = info.label;
    this.isFallback = info.isFallback;
    this.#ownsGpu = info.ownsGpu;
    this.maxTensorBytes = Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
    this.#parameters = gpu.createBuffer({
      label: "compute/parameters",
      size: PARAMETER_BYTES,
      usage: GPU_BUFFER.UNIFORM | GPU_BUFFER.COPY_DST,
    });
    this.#pipelines = new PipelineCache(gpu, info.label, (check) => this.#expect(check));
    gpu.lost.then((lost) => {
      if (this.#disposed) return;
      // Loss explains whatever else went wrong, so it replaces an earlier error.
      this.#fail(new DeviceLostError(`Lost the WebGPU device ${this.label}: ${lost.message || lost.reason}`), -1);
    }, () => {});
    gpu.addEventListener?.("uncapturederror", this.#onUncaptured);
  }

  /** See {@linkcode Device.tensor}. */
  tensor(dtype: DType, shape: readonly number[], options: TensorOptions = {}): Tensor {
    this.#checkAlive();
    const { label, size } = checkNewTensor(dtype, shape, options);
    if (size * 4 > this.maxTensorBytes) {
      throw new DeviceMemoryError(
        `Cannot allocate ${
          size * 4
        } bytes for tensor "${label}" on ${this.label}: one storage binding holds at most ${this.maxTensorBytes}`,
      );
    }
    // A binding of zero bytes is illegal, so an empty tensor has room for one element, a vec4 at most, that nobody reads.
    const buffer = this.gpu.createBuffer({
      label,
      size: Math.max(EMPTY_BYTES, size * 4), // also of a small tensor, which may have an empty view
      usage: GPU_BUFFER.STORAGE | GPU_BUFFER.COPY_SRC | GPU_BUFFER.COPY_DST,
    });
    const storage = new WebGpuStorage(buffer, this.#release);
    const tensor = new Tensor(this, dtype, shape, storage, { label });
    if (options.data) tensor.write(options.data);
    return tensor;
  }

  /** Scratch memory that stays between calls; see the CPU device's. Commands run in order, so reuse is safe. */
  workspace(name: string, dtype: DType, elements: number): Tensor {
    const key = `${name}:${dtype}`;
    const have = this.#workspaces.get(key);
    if (have && have.size >= elements) return have;
    have?.[Symbol.dispose]();
    this.#workspaces.delete(key);
    const spare = Math.min(Math.ceil(elements * 1.25), this.maxTensorBytes / 4);
    const grown = this.tensor(dtype, [Math.max(1, elements, spare)], { label: `workspace ${name}` });
    this.#workspaces.set(key, grown);
    return grown;
  }

  /** Makes a kernel's pipeline now instead of at its first dispatch; what is wrong with it comes with `finish`. */
  prepare(kernel: WgslKernel): void {
    this.#checkAlive();
    this.#pipelines.get(kernel);
  }

  /**
   * Records one dispatch.
   *
   * @param kernel the kernel; its pipeline is made on first use
   * @param parameters values of the uniform parameters, in the kernel's order
   * @param tensors one tensor per storage buffer of the kernel. WebGPU forbids that a buffer is bound twice where one
   *   binding writes
   * @param workgroups extents of the grid; see {@linkcode spreadWorkgroups}
   */
  dispatch(
    kernel: WgslKernel,
    parameters: readonly number[],
    tensors: readonly Tensor[],
    workgroups: readonly [x: number, y: number, z: number],
  ): void {
    this.#checkAlive();
    if (tensors.length !== kernel.buffers.length || parameters.length !== kernel.parameters.length) {
      throw new TypeError(
        `Cannot dispatch ${kernel.label} with ${parameters.length} parameters and ${tensors.length} buffers: want ${kernel.parameters.length} and ${kernel.buffers.length}`,
      );
    }
    if (workgroups[0] * workgroups[1] * workgroups[2] === 0) return;
    const pipeline = this.#pipelines.get(kernel);
    const group = this.#bindGroup(pipeline, tensors);
    if (this.#stagingUsed + pipeline.stride > PARAMETER_BYTES) this.submit();
    const offset = this.#stagingUsed;
    this.#stage(kernel.parameters, parameters, offset);
    this.#stagingUsed += pipeline.stride;
    this.#recorded.add(kernel.label);
    const pass = this.#openPass();
    pass.setPipeline(pipeline.pipeline);
    pass.setBindGroup(0, group, kernel.parameters.length > 0 ? [offset] : []);
    pass.dispatchWorkgroups(...workgroups);
  }

  /** Records a copy of `count` elements between tensors of this device. */
  copy(from: Tensor, fromOffset: number, to: Tensor, toOffset: number, count: number): void {
    this.#checkAlive();
    if (count === 0) return;
    this.#recorded.add("copy");
    this.#openEncoder().copyBufferToBuffer(
      bufferOf(from),
      from.byteOffset + fromOffset * 4,
      bufferOf(to),
      to.byteOffset + toOffset * 4,
      count * 4,
    );
  }

  /** Records that `count` elements become zero bits. */
  clear(tensor: Tensor, elementOffset = 0, count: number = tensor.size - elementOffset): void {
    this.#checkAlive();
    if (count === 0) return;
    this.#recorded.add("clear");
    this.#openEncoder().clearBuffer(bufferOf(tensor), tensor.byteOffset + elementOffset * 4, count * 4);
  }

  /** Hands the recorded commands to the queue. */
  submit(): void {
    this.#checkAlive();
    this.#closePass();
    if (this.#encoder) {
      const encoder = this.#encoder, labels = [...this.#recorded].join(", ");
      this.#encoder = undefined;
      this.gpu.pushErrorScope("validation");
      if (this.#stagingUsed > 0) {
        this.gpu.queue.writeBuffer(this.#parameters, 0, this.#staging.buffer, 0, this.#stagingUsed);
      }
      this.gpu.queue.submit([encoder.finish()]);
      this.#expect(
        this.gpu.popErrorScope().then((error) =>
          error ? new KernelError(`${labels}: Cannot run on ${this.label}: ${firstLines(error.message)}`) : undefined
        ),
      );
      this.#stagingUsed = 0;
      this.#recorded.clear();
    }
    for (const buffer of this.#doomed.splice(0)) buffer.destroy();
  }

  /**
   * Waits for all commands, and throws what the device reported since: compile errors, validation, loss. Apart from a
   * loss, an error is thrown once and the device can be used on.
   */
  async finish(): Promise<void> {
    this.submit();
    try {
      await this.gpu.queue.onSubmittedWorkDone();
    } finally {
      await this.#settle();
    }
  }

  /** See {@linkcode Tensor.write}. */
  writeTensor(tensor: Tensor, data: TensorData, elementOffset: number): void {
    // The queue runs writes at once, so what was recorded before must go first.
    this.submit();
    // WebGPU takes no views on shared memory.
    const own = data.buffer instanceof ArrayBuffer ? data as TensorData & ArrayBufferView<ArrayBuffer> : data.slice();
    this.gpu.queue.writeBuffer(
      bufferOf(tensor),
      tensor.byteOffset + elementOffset * 4,
      own as ArrayBufferView<ArrayBuffer>,
    );
  }

  /** See {@linkcode Tensor.read}. */
  async readTensor(tensor: Tensor, elementOffset: number, count: number): Promise<TensorData> {
    this.#checkAlive();
    const staging = this.gpu.createBuffer({
      label: `read ${tensor.label}`,
      size: count * 4,
      usage: GPU_BUFFER.COPY_DST | GPU_BUFFER.MAP_READ,
    });
    try {
      const from = tensor.byteOffset + elementOffset * 4;
      this.#openEncoder().copyBufferToBuffer(bufferOf(tensor), from, staging, 0, count * 4);
      this.submit();
      try {
        await staging.mapAsync(GPU_MAP_READ);
      } catch (cause) {
        await this.#settle();
        throw new DeviceLostError(`Cannot read tensor "${tensor.label}" from ${this.label}`, { cause });
      }
      const copy = hostArray(tensor.dtype, count);
      new Uint8Array(copy.buffer).set(new Uint8Array(staging.getMappedRange()));
      staging.unmap();
      await this.#settle();
      return copy;
    } finally {
      staging.destroy();
    }
  }

  /** Frees the device's own buffers, and the `GPUDevice` where this object requested it. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    for (const workspace of this.#workspaces.values()) workspace[Symbol.dispose]();
    this.#disposed = true;
    this.gpu.removeEventListener?.("uncapturederror", this.#onUncaptured);
    for (const buffer of this.#doomed) buffer.destroy();
    this.#parameters.destroy();
    if (this.#ownsGpu) this.gpu.destroy();
  }

  readonly #release = (storage: WebGpuStorage): void => {
    this.#bindGroups.forget(storage);
    // Recorded commands may still use the buffer: it is destroyed after the next submit.
    if (this.#encoder) this.#doomed.push(storage.buffer);
    else storage.buffer.destroy();
  };

  /** What no scope of ours caught: out of memory, or another user's mistake on a device that we share with it. */
  readonly #onUncaptured = (event: Event): void => {
    const { error } = event as GPUUncapturedErrorEvent;
    if (this.#ownsGpu) event.preventDefault();
    const outOfMemory = error.constructor.name === "GPUOutOfMemoryError";
    const message = `WebGPU device ${this.label}: ${firstLines(error.message)}`;
    if (!this.#error) {
      this.#fail(outOfMemory ? new DeviceMemoryError(message) : new KernelError(message), this.#nextCheck);
    }
  };

  #expect(check: Promise<Error | undefined>): void {
    const at = this.#nextCheck++;
    const done: Promise<void> = check.then((error) => {
      if (error && at < this.#errorAt) this.#fail(error, at);
    }, () => {}) // a lost device may refuse to answer; the loss itself is reported
      .finally(() => this.#checks.delete(done));
    this.#checks.add(done);
  }

  /** Keeps the earliest error: later ones, such as the use of a pipeline that did not compile, follow from it. */
  #fail(error: Error, at: number): void {
    this.#error = error;
    this.#errorAt = at;
  }

  #bindGroup(pipeline: Pipeline, tensors: readonly Tensor[]): GPUBindGroup {
    const { kernel } = pipeline;
    return this.#bindGroups.get(kernel.label, tensors, () => {
      const entries: GPUBindGroupEntry[] = tensors.map((tensor, i) => {
        this.#checkOurs(kernel, tensor);
        const part = tensor.size === 0 ? { size: EMPTY_BYTES } : { offset: tensor.byteOffset, size: tensor.byteLength };
        return { binding: i + 1, resource: { buffer: bufferOf(tensor), ...part } };
      });
      if (pipeline.stride > 0) {
        entries.unshift({ binding: 0, resource: { buffer: this.#parameters, offset: 0, size: pipeline.stride } });
      }
      return this.gpu.createBindGroup({ label: kernel.label, layout: pipeline.layout, entries });
    });
  }

  /** Only for tensors not bound before: what a cached group binds is ours and alive. */
  #checkOurs(kernel: WgslKernel, tensor: Tensor): void {
    if (tensor.disposed) {
      throw new TypeError(`Cannot dispatch ${kernel.label} as tensor "${tensor.label}" was disposed`);
    }
    if (tensor.device !== this) {
      throw new TypeError(
        `Cannot dispatch ${kernel.label} as tensor "${tensor.label}" is on ${tensor.device.label}: want ${this.label}`,
      );
    }
  }

  #stage(types: readonly ParameterType[], values: readonly number[], offset: number): void {
    types.forEach((type, i) => {
      const value = values[i]!, at = offset + 4 * i;
      if (type === "f32") this.#staging.setFloat32(at, value, true);
      else if (type === "i32") this.#staging.setInt32(at, value, true);
      else this.#staging.setUint32(at, value, true);
    });
  }

  #openPass(): GPUComputePassEncoder {
    this.#encoder ??= this.gpu.createCommandEncoder();
    return this.#pass ??= this.#encoder.beginComputePass();
  }

  /** The encoder, outside a pass. */
  #openEncoder(): GPUCommandEncoder {
    this.#closePass();
    return this.#encoder ??= this.gpu.createCommandEncoder();
  }

  #closePass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#checks);
    this.#checkAlive();
  }

  #checkAlive(): void {
    if (this.#disposed) throw new TypeError(`Cannot use the WebGPU device ${this.label}: it was disposed`);
    const error = this.#error;
    if (!error) return;
    if (!(error instanceof DeviceLostError)) {
      this.#error = undefined;
      this.#errorAt = Infinity;
    }
    throw error;
  }
}

const WANTED_LIMITS = ["maxStorageBufferBindingSize", "maxBufferSize"] as const;

/**
 * Opens a WebGPU device; `undefined` where the host has no (fitting) adapter.
 *
 * @throws {Error} as `requestDevice` throws
 */
export async function openWebGpuDevice(options: WebGpuDeviceOptions = {}): Promise<WebGpuDevice | undefined> {
  if (options.device) {
    const { device } = options;
    const info = device.adapterInfo as GPUAdapterInfo | undefined;
    return new WebGpuDevice(device, {
      label: describe(info),
      isFallback: info?.isFallbackAdapter ?? false,
      ownsGpu: false,
    });
  }
  const gpu = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter(
    options.powerPreference ? { powerPreference: options.powerPreference } : {},
  );
  if (!adapter) return undefined;
  const isFallback = adapter.info.isFallbackAdapter ?? false;
  if (isFallback && options.allowFallback === false) return undefined;
  const requiredLimits: Record<string, number> = {};
  if (options.limits !== "default") {
    for (const name of WANTED_LIMITS) requiredLimits[name] = adapter.limits[name];
  }
  const device = await adapter.requestDevice({ label: "pocketrec", requiredLimits });
  return new WebGpuDevice(device, { label: describe(adapter.info), isFallback, ownsGpu: true });
}

function describe(info: GPUAdapterInfo | undefined): string {
  const name = info?.description || [info?.vendor, info?.architecture, info?.device].filter(Boolean).join(" ");
  return `webgpu (${name || "unnamed adapter"})`;
}
