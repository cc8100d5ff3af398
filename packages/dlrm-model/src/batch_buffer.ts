import type { Device, DType, Tensor } from "@pocketrec/compute";

/**
 * A tensor with one row per sample, allocated on first use for the largest batch, and seen through views for smaller
 * ones.
 */
export class BatchBuffer implements Disposable {
  readonly #device: Device;
  readonly #dtype: DType;
  readonly #rows: number;
  readonly #rowShape: readonly number[];
  readonly #label: string;
  #tensor: Tensor | undefined;

  /** Holds up to `rows` rows of `rowShape`. */
  constructor(device: Device, label: string, rows: number, rowShape: readonly number[], dtype: DType = "f32") {
    this.#device = device;
    this.#label = label;
    this.#rows = rows;
    this.#rowShape = rowShape;
    this.#dtype = dtype;
  }

  /** The first `rows` rows, `[rows, ...rowShape]`. */
  at(rows: number): Tensor {
    const shape = [rows, ...this.#rowShape];
    this.#tensor ??= this.#device.tensor(this.#dtype, [this.#rows, ...this.#rowShape], { label: this.#label });
    return rows === this.#rows ? this.#tensor : this.#tensor.view(0, shape);
  }

  /** Frees the tensor. */
  [Symbol.dispose](): void {
    this.#tensor?.[Symbol.dispose]();
  }
}
