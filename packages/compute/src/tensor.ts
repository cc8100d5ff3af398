import type { Device } from "./device.ts";

/** Element types of tensors; all are four bytes wide. */
export type DType = "f32" | "u32" | "i32";

/** The host array that holds elements of a {@linkcode DType}. */
export type TensorData = Float32Array | Uint32Array | Int32Array;

/** Where a tensor's bytes live. Each device makes its own kind; operators narrow it through the device. */
export interface Storage {
  /** Releases the bytes; called once, by the tensor that allocated them. */
  free(): void;
}

const constructors = { f32: Float32Array, u32: Uint32Array, i32: Int32Array } as const;

/** Makes a host array of `length` elements of `dtype`. */
export function hostArray(
  dtype: DType,
  length: number,
): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
/** Makes a view of `length` elements of `dtype` on `buffer`. */
export function hostArray(dtype: DType, length: number, buffer: ArrayBufferLike, byteOffset: number): TensorData;
export function hostArray(dtype: DType, length: number, buffer?: ArrayBufferLike, byteOffset?: number): TensorData {
  const Constructor = constructors[dtype];
  return buffer ? new Constructor(buffer as ArrayBuffer, byteOffset, length) : new Constructor(length);
}

/** Returns the dtype of a host array, or throws `TypeError` where none fits. */
export function dtypeOf(data: ArrayBufferView): DType {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Uint32Array) return "u32";
  if (data instanceof Int32Array) return "i32";
  throw new TypeError(
    `Cannot use ${
      Object.prototype.toString.call(data).slice(8, -1)
    } as tensor data: want Float32Array, Uint32Array or Int32Array`,
  );
}

/**
 * A dense row-major array on a device. Tensors are made by {@linkcode Device.tensor} and freed by `using` or
 * `[Symbol.dispose]()`; a {@linkcode Tensor.view} shares the bytes of its parent and frees nothing.
 */
export class Tensor implements Disposable {
  /** The device that holds the bytes. */
  readonly device: Device;
  /** Element type. */
  readonly dtype: DType;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** Name used in error messages. */
  readonly label: string;
  /** Offset of the first element inside the storage, in bytes. */
  readonly byteOffset: number;
  /** The device's own handle on the bytes. */
  readonly storage: Storage;
  readonly #owner: Tensor | undefined;
  #disposed = false;

  /** Devices call this; users call {@linkcode Device.tensor}. */
  constructor(
    device: Device,
    dtype: DType,
    shape: readonly number[],
    storage: Storage,
    options: { label: string; byteOffset?: number; owner?: Tensor },
  ) {
    this.device = device;
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.size = elementsOf(shape, options.label);
    this.storage = storage;
    this.label = options.label;
    this.byteOffset = options.byteOffset ?? 0;
    this.#owner = options.owner;
  }

  /** Size in bytes. */
  get byteLength(): number {
    return this.size * 4;
  }

  /** Whether the bytes were freed, here or in the tensor that this one views. */
  get disposed(): boolean {
    return this.#disposed || (this.#owner?.disposed ?? false);
  }

  /**
   * Copies host elements into the tensor, starting at `elementOffset`. Ordered with recorded commands.
   *
   * @throws {TypeError} where the host array has another dtype
   * @throws {RangeError} where the elements do not fit
   */
  write(data: TensorData, elementOffset = 0): void {
    this.#checkLive("write");
    const dtype = dtypeOf(data);
    if (dtype !== this.dtype) {
      throw new TypeError(`Cannot write ${dtype} data into tensor "${this.label}": want ${this.dtype}`);
    }
    if (!isOffset(elementOffset) || elementOffset + data.length > this.size) {
      throw new RangeError(
        `Cannot write ${data.length} elements at ${elementOffset} of tensor "${this.label}": it has ${this.size}`,
      );
    }
    if (data.length > 0) this.device.writeTensor(this, data, elementOffset);
  }

  /** Copies `count` elements from `elementOffset` to a new host array, after all commands recorded so far. */
  async read(elementOffset = 0, count: number = this.size - elementOffset): Promise<TensorData> {
    this.#checkLive("read");
    if (!isOffset(elementOffset) || !isOffset(count) || elementOffset + count > this.size) {
      throw new RangeError(
        `Cannot read ${count} elements at ${elementOffset} of tensor "${this.label}": it has ${this.size}`,
      );
    }
    if (count === 0) return hostArray(this.dtype, 0);
    return await this.device.readTensor(this, elementOffset, count);
  }

  /**
   * A tensor of `shape` on the same bytes, starting `elementOffset` elements in.
   *
   * @throws {RangeError} where it would reach past the end, or starts where the device cannot bind it (WebGPU: the
   *   byte offset must be a multiple of 256)
   */
  view(elementOffset: number, shape: readonly number[], label: string = this.label): Tensor {
    this.#checkLive("view");
    const size = elementsOf(shape, label);
    if (!isOffset(elementOffset) || elementOffset + size > this.size) {
      throw new RangeError(
        `Cannot view elements ${elementOffset} to ${
          elementOffset + size
        } of tensor "${this.label}": it has ${this.size}`,
      );
    }
    const byteOffset = this.byteOffset + elementOffset * 4;
    if (byteOffset % this.device.viewAlignment !== 0) {
      throw new RangeError(
        `Cannot view tensor "${this.label}" at byte ${byteOffset} on ${this.device.kind}: want a multiple of ${this.device.viewAlignment}`,
      );
    }
    return new Tensor(this.device, this.dtype, shape, this.storage, { label, byteOffset, owner: this });
  }

  /** The same elements under another shape of equal size. */
  reshape(shape: readonly number[]): Tensor {
    this.#checkLive("reshape");
    const size = elementsOf(shape, this.label);
    if (size !== this.size) {
      throw new RangeError(
        `Cannot reshape tensor "${this.label}" of [${this.shape}] to [${shape}]: ${size} elements, want ${this.size}`,
      );
    }
    return new Tensor(this.device, this.dtype, shape, this.storage, {
      label: this.label,
      byteOffset: this.byteOffset,
      owner: this,
    });
  }

  /** Frees the bytes; a view only forgets them. Safe to call twice. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (!this.#owner) this.storage.free();
  }

  #checkLive(action: string): void {
    if (this.disposed) throw new TypeError(`Cannot ${action} tensor "${this.label}": it was disposed`);
  }
}

/** Whole and not negative: a fraction or NaN would pass the bound checks and reach the device. */
function isOffset(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Number of elements of a shape; refuses negative, fractional and too large extents. */
export function elementsOf(shape: readonly number[], label = "tensor"): number {
  let size = 1;
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0) {
      throw new RangeError(`Cannot make tensor "${label}" of [${shape}]: extents must be whole numbers >= 0`);
    }
    size *= extent;
  }
  if (!Number.isSafeInteger(size * 4)) throw new RangeError(`Cannot make tensor "${label}" of [${shape}]: too large`);
  return size;
}
