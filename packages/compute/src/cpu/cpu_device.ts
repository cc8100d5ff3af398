import type { Device, TensorOptions } from "../device.ts";
import { DeviceMemoryError, KernelError } from "../errors.ts";
import { checkNewTensor } from "../new_tensor.ts";
import { type DType, hostArray, type Storage, Tensor, type TensorData } from "../tensor.ts";
import { Allocator } from "./allocator.ts";
import { ThreadPool } from "./thread_pool.ts";

/** A system BLAS as found by the `./blas` entry; the device opens it in each of its threads. */
export interface BlasLibrary {
  /** Path or soname for the dynamic loader. */
  readonly path: string;
  /** Name and version as the library tells it. */
  readonly name: string;
  /** Its matrix product: that of BLAS libraries (default), or the row-major one of oneDNN. */
  readonly call?: "cblas_sgemm" | "dnnl_sgemm";
}

/** Options of {@linkcode openCpuDevice}. */
export interface CpuDeviceOptions {
  /** Threads that work on one operator, the caller included. Default: all cores. */
  readonly threads?: number;
  /**
   * Upper bound of the device's memory, at least 1 MiB. Default and maximum: 4 GiB, the address range of 32-bit
   * WebAssembly.
   */
  readonly maxBytes?: number;
  /** Dense products go to this library; without it they run in WebAssembly SIMD. */
  readonly blas?: BlasLibrary;
  /** Called once with the device's memory and the bytes it may grow to, before anything lies there. */
  readonly onMemory?: (buffer: ArrayBufferLike, maxBytes: number) => void;
  /** See {@linkcode CpuArithmetic}. Default `"host"`. */
  readonly arithmetic?: CpuArithmetic;
}

/**
 * How kernels round. `"host"`: as is fastest, so products are fused with sums where the host does so, and the loss is
 * computed in f64. `"portable"`: every operation is rounded to f32, in the order of the WebGPU kernels, without BLAS. On
 * any host these are the bits of a WebGPU software adapter that does not fuse either (Mesa's llvmpipe) for a training step:
 * products of up to 512 terms, interaction, gradient of the cross-entropy, look-up and update of rows of whole vec4s, dense
 * update. For comparisons; it is slower.
 */
export type CpuArithmetic = "host" | "portable";

/** A compiled set of CPU kernels, as written by the WASM build: module bytes in base64. */
export interface CpuModule {
  /** Name for error messages, `package/operator`. */
  readonly label: string;
  /** The module, base64. */
  readonly base64: string;
}

/** Largest memory of 32-bit WebAssembly. */
const MAX_BYTES = 65_536 * 65_536;
const MIN_BYTES = 1 << 20;
const CONTROL_BYTES = 4096;
const ARGUMENT_SLOTS = 64;
/** Leaves room in a 32-bit counter for each thread's last, vain claim. */
const MAX_TASKS = 2 ** 30;

/** The bytes of a CPU tensor: an address inside the device's memory. */
export class CpuStorage implements Storage {
  /** Address of the first byte. */
  readonly address: number;
  readonly #release: (address: number) => void;

  /** Made by the device only. */
  constructor(address: number, release: (address: number) => void) {
    this.address = address;
    this.#release = release;
  }

  /** Gives the bytes back to the device. */
  free(): void {
    this.#release(this.address);
  }
}

/** Address of a tensor's first element inside the memory of its CPU device. */
export function addressOf(tensor: Tensor): number {
  return (tensor.storage as CpuStorage).address + tensor.byteOffset;
}

/**
 * The CPU as a device: WebAssembly SIMD kernels on one shared memory, run by all threads. Commands run at once, so
 * `submit` and `finish` have nothing to do.
 *
 * Results do not depend on the number of threads: a job is cut into tasks by its shape alone, and each task writes its
 * own outputs in an order of its own.
 */
export class CpuDevice implements Device {
  readonly kind = "cpu";
  readonly label: string;
  readonly viewAlignment = 4;
  readonly maxTensorBytes: number;
  /** Threads that work on one operator. */
  readonly threads: number;
  /** The BLAS that dense products go to, if any. */
  readonly blas: BlasLibrary | undefined;
  /** How kernels round. */
  readonly arithmetic: CpuArithmetic;
  readonly #memory: WebAssembly.Memory;
  readonly #allocator: Allocator;
  readonly #pool: ThreadPool;
  readonly #modules = new Map<CpuModule, ReadonlyMap<string, number>>();
  readonly #workspaces = new Map<string, Tensor>();
  /** Names of kernels by id, for error messages. */
  readonly #names = ["blas/sgemm"];
  readonly #args: number;
  readonly #release = (address: number): void => this.#allocator.release(address);
  #slots: Float64Array;
  #disposed = false;

  /** Use {@linkcode openCpuDevice}. */
  constructor(options: CpuDeviceOptions = {}) {
    const threads = options.threads ?? availableThreads();
    if (!Number.isInteger(threads) || threads < 1) {
      throw new RangeError(`Cannot open the CPU device with ${threads} threads: want a whole number >= 1`);
    }
    const wanted = Math.min(options.maxBytes ?? MAX_BYTES, MAX_BYTES);
    if (!(wanted >= MIN_BYTES)) {
      throw new RangeError(`Cannot open the CPU device with ${wanted} bytes: want at least ${MIN_BYTES}`);
    }
    const { arithmetic = "host" } = options;
    if (arithmetic !== "host" && arithmetic !== "portable") {
      throw new RangeError(`Cannot open the CPU device with arithmetic "${arithmetic}": want "host" or "portable"`);
    }
    if (options.blas && arithmetic === "portable") {
      throw new TypeError(`Cannot open the CPU device with portable arithmetic and ${options.blas.name}: want no BLAS`);
    }
    const [memory, maxBytes] = reserve(wanted);
    this.#memory = memory;
    options.onMemory?.(memory.buffer, maxBytes);
    this.maxTensorBytes = maxBytes;
    this.#allocator = new Allocator(this.#memory, CONTROL_BYTES, maxBytes);
    this.#args = this.#allocator.allocate(ARGUMENT_SLOTS * 8, "arguments");
    this.#slots = new Float64Array(this.#memory.buffer, this.#args, ARGUMENT_SLOTS);
    this.blas = options.blas;
    this.arithmetic = arithmetic;
    this.#pool = new ThreadPool({
      memory: this.#memory,
      blas: options.blas && { path: options.blas.path, call: options.blas.call ?? "cblas_sgemm" },
    }, threads);
    this.threads = this.#pool.threads;
    const engine = options.blas?.name ?? (arithmetic === "portable" ? "portable wasm simd" : "wasm simd");
    this.label = `cpu (${this.threads} thread${this.threads > 1 ? "s" : ""}, ${engine})`;
  }

  /** Bytes of tensors, workspaces and modules. */
  get usedBytes(): number {
    return this.#allocator.usedBytes;
  }

  /** Address of argument slot `slot`, for a kernel that hands a part of its slots on to another kernel. */
  slotAddress(slot: number): number {
    return this.#args + 8 * slot;
  }

  /** See {@linkcode Device.tensor}. */
  tensor(dtype: DType, shape: readonly number[], options: TensorOptions = {}): Tensor {
    this.#checkAlive();
    const { label, size } = checkNewTensor(dtype, shape, options);
    const storage = new CpuStorage(this.#allocator.allocate(size * 4, label), this.#release);
    const tensor = new Tensor(this, dtype, shape, storage, { label });
    if (options.data) tensor.write(options.data);
    return tensor;
  }

  /** A view on the tensor's elements in the device's memory; valid until the tensor is disposed. */
  hostView(tensor: Tensor): TensorData {
    return hostArray(tensor.dtype, tensor.size, this.#memory.buffer, addressOf(tensor));
  }

  /**
   * Scratch memory that stays between calls: at least `elements` of `dtype`, contents undefined. Two operators that
   * never run at the same time may share one name.
   */
  workspace(name: string, dtype: DType, elements: number): Tensor {
    const key = `${name}:${dtype}`;
    const have = this.#workspaces.get(key);
    if (have && have.size >= elements) return have;
    have?.[Symbol.dispose]();
    this.#workspaces.delete(key);
    const spare = Math.min(Math.ceil(elements * 1.25), this.maxTensorBytes / 4);
    const grown = this.tensor(dtype, [Math.max(elements, spare)], { label: `workspace ${name}` });
    this.#workspaces.set(key, grown);
    return grown;
  }

  /**
   * The id of kernel `name` of a module; the module is instantiated in every thread on first use.
   *
   * @throws {TypeError} where the module exports no such function
   */
  kernel(module: CpuModule, name: string): number {
    const ids = this.#modules.get(module) ?? this.#addModule(module);
    const id = ids.get(name);
    if (id === undefined) throw new TypeError(`Cannot find kernel "${name}" in module ${module.label}`);
    return id;
  }

  /**
   * Runs a kernel: the tasks 0 to `tasks - 1` are shared among the threads, the arguments go into f64 slots. Returns
   * when all are done.
   *
   * @throws {KernelError} where a task trapped, naming the kernel
   */
  run(kernel: number, tasks: number, args: readonly number[]): void {
    this.#checkAlive();
    if (args.length > ARGUMENT_SLOTS) {
      throw new RangeError(`Cannot pass ${args.length} arguments to a kernel: want at most ${ARGUMENT_SLOTS}`);
    }
    const name = this.#names[kernel];
    if (name === undefined) throw new RangeError(`Cannot run kernel ${kernel}: ${this.#names.length} are known`);
    if (!Number.isInteger(tasks) || tasks < 0 || tasks > MAX_TASKS) {
      throw new RangeError(`Cannot run ${name} in ${tasks} tasks: want a whole number from 0 to ${MAX_TASKS}`);
    }
    this.#slots.set(args);
    try {
      this.#pool.run(kernel, this.#args, tasks);
    } catch (cause) {
      throw new KernelError(`${name}: Cannot run on ${this.label}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Commands run as they are recorded. */
  submit(): void {}

  /** Commands run as they are recorded. */
  finish(): Promise<void> {
    return Promise.resolve();
  }

  /** See {@linkcode Tensor.write}. */
  writeTensor(tensor: Tensor, data: TensorData, elementOffset: number): void {
    this.#checkAlive();
    this.hostView(tensor).set(data, elementOffset);
  }

  /** See {@linkcode Tensor.read}. */
  readTensor(tensor: Tensor, elementOffset: number, count: number): Promise<TensorData> {
    this.#checkAlive();
    const copy = hostArray(tensor.dtype, count);
    copy.set(this.hostView(tensor).subarray(elementOffset, elementOffset + count));
    return Promise.resolve(copy);
  }

  /** Ends the threads; the memory goes when nobody refers to it. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#pool[Symbol.dispose]();
  }

  #checkAlive(): void {
    if (this.#disposed) throw new TypeError(`Cannot use the CPU device ${this.label}: it was disposed`);
  }

  #addModule(module: CpuModule): ReadonlyMap<string, number> {
    const bytes = Uint8Array.from(atob(module.base64), (c) => c.charCodeAt(0));
    const compiled = new WebAssembly.Module(bytes);
    const foreign = WebAssembly.Module.imports(compiled).find((entry) =>
      entry.module !== "env" || entry.name !== "memory"
    );
    if (foreign) {
      throw new TypeError(`Cannot load module ${module.label} as it imports ${foreign.module}.${foreign.name}`);
    }
    const address = this.#allocator.allocate(bytes.length, module.label);
    new Uint8Array(this.#memory.buffer, address, bytes.length).set(bytes);
    let first: number;
    try {
      first = this.#pool.addModule(address, bytes.length);
    } catch (error) {
      this.#allocator.release(address);
      throw error;
    }
    const ids = new Map<string, number>();
    for (const { name, kind } of WebAssembly.Module.exports(compiled)) {
      if (kind !== "function") continue;
      ids.set(name, first + ids.size);
      this.#names.push(`${module.label}.${name}`);
    }
    this.#modules.set(module, ids);
    return ids;
  }
}

/** Cores that this process may use; Node 20 has no `navigator`. */
function availableThreads(): number {
  // deno-lint-ignore no-explicit-any -- `process` is a host global that browsers lack
  const os = (globalThis as any).process?.getBuiltinModule?.("node:os");
  return globalThis.navigator?.hardwareConcurrency ?? os?.availableParallelism() ?? 1;
}

/** Reserves address space for `bytes`; hosts with little of it get what they can. Returns the bytes possible, too. */
function reserve(bytes: number): [memory: WebAssembly.Memory, bytes: number] {
  for (let maximum = bytes; maximum >= MIN_BYTES; maximum = Math.floor(maximum / 2)) {
    try {
      return [new WebAssembly.Memory({ initial: 2, maximum: Math.ceil(maximum / 65_536), shared: true }), maximum];
    } catch {
      // Not enough address space: try half.
    }
  }
  throw new DeviceMemoryError(`Cannot reserve memory for the CPU device: ${bytes} bytes wanted`);
}

/** Opens the CPU as a device. Dispose it to end its threads. */
export function openCpuDevice(options: CpuDeviceOptions = {}): CpuDevice {
  return new CpuDevice(options);
}
