import type { CpuDevice } from "./cpu/cpu_device.ts";
import type { DType, Tensor, TensorData } from "./tensor.ts";
import type { WebGpuDevice } from "./webgpu/webgpu_device.ts";

/** What every device offers. Operators narrow it with {@linkcode anyDevice} and switch on `kind`. */
export interface Device extends Disposable {
  /** Which implementation an operator takes. */
  readonly kind: "cpu" | "webgpu";
  /** Human-readable name: adapter, threads, BLAS. */
  readonly label: string;
  /** Byte alignment of the start of a {@linkcode Tensor.view}. */
  readonly viewAlignment: number;
  /** Bytes that one tensor can have at most. */
  readonly maxTensorBytes: number;
  /**
   * Makes a tensor of zeros, or of `data`.
   *
   * @throws {DeviceMemoryError} where the device cannot hold it
   */
  tensor(dtype: DType, shape: readonly number[], options?: TensorOptions): Tensor;
  /** Hands recorded commands to the device; returns at once. A no-op where commands run as they are recorded. */
  submit(): void;
  /** Waits until all recorded commands are done; throws errors that the device reported meanwhile. */
  finish(): Promise<void>;
  /** Called by {@linkcode Tensor.write}. */
  writeTensor(tensor: Tensor, data: TensorData, elementOffset: number): void;
  /** Called by {@linkcode Tensor.read}. */
  readTensor(tensor: Tensor, elementOffset: number, count: number): Promise<TensorData>;
}

/** Options of {@linkcode Device.tensor}. */
export interface TensorOptions {
  /** Name for error messages. */
  readonly label?: string;
  /** Initial elements; the length must equal the tensor's size. */
  readonly data?: TensorData;
}

/** The closed union of devices, for exhaustive switches in operators. */
export type AnyDevice = CpuDevice | WebGpuDevice;

/** Narrows a device to the union that operators switch on. */
export function anyDevice(device: Device): AnyDevice {
  return device as AnyDevice;
}

/**
 * Checks that all tensors live on one device, and returns it.
 *
 * @throws {TypeError} naming the operator and the tensor that lives elsewhere
 */
export function sameDevice(operator: string, tensors: readonly (Tensor | undefined)[]): AnyDevice {
  let device: Device | undefined;
  for (const tensor of tensors) {
    if (!tensor) continue;
    if (tensor.disposed) throw new TypeError(`Cannot run ${operator} as tensor "${tensor.label}" was disposed`);
    device ??= tensor.device;
    if (tensor.device !== device) {
      throw new TypeError(
        `Cannot run ${operator} as tensor "${tensor.label}" is on ${tensor.device.label}: want ${device.label}`,
      );
    }
  }
  if (!device) throw new TypeError(`Cannot run ${operator} without tensors`);
  return anyDevice(device);
}
