import type { Device, TensorOptions } from "../device.ts";
import { DeviceLostError, DeviceMemoryError, KernelError } from "../errors.ts";
import { type DType, dtypeOf, elementsOf, hostArray, type Storage, Tensor, type TensorData } from "../tensor.ts";
import type { ParameterType, WgslKernel } from "./kernel.ts";

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

/** Bytes of uniform parameters collected before a submit. */
const PARAMETER_BYTES = 65_536;
/** Bytes behind an empty tensor. */
const EMPTY_BYTES = 16;

/** The bytes of a WebGPU tensor: a buffer. */
export class WebGpuStorage implements Storage {
  /** The buffer; bound as a whole or from a view's offset. */
  readonly buffer: GPUBuffer;
  /** Key in bind group caches. */
  readonly id: number;
  readonly #release: (storage: WebGpuStorage) => void;

  /** Made by the device only. */
  constructor(buffer: GPUBuffer, id: number, release: (storage: WebGpuStorage) => void) {
    this.buffer = buffer;
    this.id = id;
    this.#release = release;
  }

  /** Destroys the buffer, once the commands that use it are done. */
  free(): void {
    this.#release(this);
  }
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly stride: number;
}

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
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #keysOfStorage = new Map<number, Set<string>>();
  readonly #workspaces = new Map<string, Tensor>();
  readonly #parameters: GPUBuffer;
  readonly #staging: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(PARAMETER_BYTES));
  readonly #doomed: GPUBuffer[] = [];
  readonly #checks: Promise<void>[] = [];
  #stagingUsed = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #nextStorage = 1;
  #error: Error | undefined;
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
    gpu.lost.then((lost) => {
      if (!this.#disposed) {
        this.#error ??= new DeviceLostError(`Lost the WebGPU device ${this.label}: ${lost.message || lost.reason}`);
      }
    }, () => {});
    gpu.addEventListener?.("uncapturederror", (event) => {
      event.preventDefault();
      this.#error ??= new KernelError(
        `WebGPU device ${this.label}: ${firstLine((event as GPUUncapturedErrorEvent).error.message)}`,
      );
    });
  }

  /** See {@linkcode Device.tensor}. */
  tensor(dtype: DType, shape: readonly number[], options: TensorOptions = {}): Tensor {
    this.#checkAlive();
    const label = options.label ?? "tensor";
    const size = elementsOf(shape, label);
    if (options.data && options.data.length !== size) {
      throw new RangeError(
        `Cannot make tensor "${label}" of [${shape}] from ${options.data.length} elements: want ${size}`,
      );
    }
    if (options.data && dtypeOf(options.data) !== dtype) {
      throw new TypeError(`Cannot make ${dtype} tensor "${label}" from ${dtypeOf(options.data)} data`);
    }
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
      size: size * 4 || EMPTY_BYTES,
      usage: GPU_BUFFER.STORAGE | GPU_BUFFER.COPY_SRC | GPU_BUFFER.COPY_DST,
    });
    const storage = new WebGpuStorage(buffer, this.#nextStorage++, this.#release);
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
    const grown = this.tensor(dtype, [Math.max(1, Math.ceil(elements * 1.25))], { label: `workspace ${name}` });
    this.#workspaces.set(key, grown);
    return grown;
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
    const pipeline = this.#pipeline(kernel);
    if (this.#stagingUsed + pipeline.stride > PARAMETER_BYTES) this.submit();
    const offset = this.#stagingUsed;
    this.#stage(kernel.parameters, parameters, offset);
    this.#stagingUsed += pipeline.stride;
    const group = this.#bindGroup(kernel, pipeline, tensors);
    const pass = this.#openPass();
    pass.setPipeline(pipeline.pipeline);
    pass.setBindGroup(0, group, kernel.parameters.length > 0 ? [offset] : []);
    pass.dispatchWorkgroups(...workgroups);
  }

  /** Records a copy of `count` elements between tensors of this device. */
  copy(from: Tensor, fromOffset: number, to: Tensor, toOffset: number, count: number): void {
    if (count === 0) return;
    this.#closePass();
    this.#encoder ??= this.gpu.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(
      bufferOf(from),
      from.byteOffset + fromOffset * 4,
      bufferOf(to),
      to.byteOffset + toOffset * 4,
      count * 4,
    );
  }

  /** Records that `count` elements become zero bits. */
  clear(tensor: Tensor, elementOffset = 0, count: number = tensor.size - elementOffset): void {
    if (count === 0) return;
    this.#closePass();
    this.#encoder ??= this.gpu.createCommandEncoder();
    this.#encoder.clearBuffer(bufferOf(tensor), tensor.byteOffset + elementOffset * 4, count * 4);
  }

  /** Hands the recorded commands to the queue. */
  submit(): void {
    this.#checkAlive();
    this.#closePass();
    if (this.#encoder) {
      if (this.#stagingUsed > 0) {
        this.gpu.queue.writeBuffer(this.#parameters, 0, this.#staging.buffer, 0, this.#stagingUsed);
      }
      this.gpu.queue.submit([this.#encoder.finish()]);
      this.#encoder = undefined;
      this.#stagingUsed = 0;
    }
    for (const buffer of this.#doomed.splice(0)) buffer.destroy();
  }

  /** Waits for all commands, and throws what the device reported since: compile errors, validation, loss. */
  async finish(): Promise<void> {
    this.submit();
    await this.gpu.queue.onSubmittedWorkDone();
    await this.#settle();
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
    this.#closePass();
    const staging = this.gpu.createBuffer({
      label: `read ${tensor.label}`,
      size: count * 4,
      usage: GPU_BUFFER.COPY_DST | GPU_BUFFER.MAP_READ,
    });
    try {
      this.#encoder ??= this.gpu.createCommandEncoder();
      this.#encoder.copyBufferToBuffer(bufferOf(tensor), tensor.byteOffset + elementOffset * 4, staging, 0, count * 4);
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
    for (const buffer of this.#doomed) buffer.destroy();
    this.#parameters.destroy();
    if (this.#ownsGpu) this.gpu.destroy();
  }

  readonly #release = (storage: WebGpuStorage): void => {
    for (const key of this.#keysOfStorage.get(storage.id) ?? []) this.#bindGroups.delete(key);
    this.#keysOfStorage.delete(storage.id);
    // Recorded commands may still use the buffer: it is destroyed after the next submit.
    if (this.#encoder) this.#doomed.push(storage.buffer);
    else storage.buffer.destroy();
  };

  #pipeline(kernel: WgslKernel): Pipeline {
    const have = this.#pipelines.get(kernel.label);
    if (have) return have;
    const { gpu } = this;
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
    this.#checks.push(this.#report(kernel, module, gpu.popErrorScope()));
    const stride = Math.ceil(kernel.parameters.length * 4 / 256) * 256;
    const made = { pipeline, layout, stride };
    this.#pipelines.set(kernel.label, made);
    return made;
  }

  /** Turns the validation error of a kernel, if any, into one line with the place in the WGSL text. */
  async #report(kernel: WgslKernel, module: GPUShaderModule, scope: Promise<GPUError | null>): Promise<void> {
    const error = await scope;
    if (!error) return;
    let where = firstLine(error.message);
    try {
      const message = (await module.getCompilationInfo()).messages.find((m) => m.type === "error");
      if (message) where = `line ${message.lineNum}:${message.linePos}: ${firstLine(message.message)}`;
    } catch {
      // Not every implementation has compilation info: the scope's message must do.
    }
    this.#error ??= new KernelError(`${kernel.label}: Cannot compile on ${this.label}: ${where}`);
  }

  #bindGroup(kernel: WgslKernel, pipeline: Pipeline, tensors: readonly Tensor[]): GPUBindGroup {
    let key = kernel.label;
    for (const tensor of tensors) {
      key += `|${(tensor.storage as WebGpuStorage).id},${tensor.byteOffset},${tensor.size}`;
    }
    const have = this.#bindGroups.get(key);
    if (have) return have;
    const entries: GPUBindGroupEntry[] = tensors.map((tensor, i) => ({
      binding: i + 1,
      resource: { buffer: bufferOf(tensor), offset: tensor.byteOffset, size: tensor.byteLength || EMPTY_BYTES },
    }));
    if (pipeline.stride > 0) {
      entries.unshift({ binding: 0, resource: { buffer: this.#parameters, offset: 0, size: pipeline.stride } });
    }
    const group = this.gpu.createBindGroup({ label: kernel.label, layout: pipeline.layout, entries });
    this.#bindGroups.set(key, group);
    for (const tensor of tensors) {
      const id = (tensor.storage as WebGpuStorage).id;
      const keys = this.#keysOfStorage.get(id) ?? new Set<string>();
      this.#keysOfStorage.set(id, keys.add(key));
    }
    return group;
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

  #closePass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#checks.splice(0));
    this.#checkAlive();
  }

  #checkAlive(): void {
    if (this.#disposed) throw new TypeError(`Cannot use the WebGPU device ${this.label}: it was disposed`);
    if (this.#error) throw this.#error;
  }
}

/** The buffer of a tensor on a WebGPU device. */
export function bufferOf(tensor: Tensor): GPUBuffer {
  return (tensor.storage as WebGpuStorage).buffer;
}

// The values of the standard's flag namespaces: Dawn under Node has no such globals.
const GPU_BUFFER = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 } as const;
const GPU_MAP_READ = 1;
const GPU_STAGE_COMPUTE = 4;

function firstLine(text: string): string {
  return text.split("\n").map((line) => line.trim()).filter((line) => line.length > 0).slice(0, 3).join(" ");
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
