import type { Storage, Tensor } from "../tensor.ts";

// The values of the standard's flag namespaces: Dawn under Node has no such globals.
/** Buffer usages. */
export const GPU_BUFFER = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 } as const;
/** `GPUMapMode.READ`. */
export const GPU_MAP_READ = 1;
/** `GPUShaderStage.COMPUTE`. */
export const GPU_STAGE_COMPUTE = 4;

/** Unique over all devices, so that a tensor of another device can never hit a cached bind group. */
let nextId = 1;

/** The bytes of a WebGPU tensor: a buffer. */
export class WebGpuStorage implements Storage {
  /** The buffer; bound as a whole or from a view's offset. */
  readonly buffer: GPUBuffer;
  /** Key in bind group caches. */
  readonly id: number = nextId++;
  readonly #release: (storage: WebGpuStorage) => void;

  /** Made by the device only. */
  constructor(buffer: GPUBuffer, release: (storage: WebGpuStorage) => void) {
    this.buffer = buffer;
    this.#release = release;
  }

  /** Destroys the buffer, once the commands that use it are done. */
  free(): void {
    this.#release(this);
  }
}

/** The storage of a tensor on a WebGPU device. */
export function storageOf(tensor: Tensor): WebGpuStorage {
  return tensor.storage as WebGpuStorage;
}

/** The buffer of a tensor on a WebGPU device. */
export function bufferOf(tensor: Tensor): GPUBuffer {
  return storageOf(tensor).buffer;
}
