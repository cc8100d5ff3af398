import type { Device, DType, Tensor } from "@pocketrec/compute";

/** Shapes whose views are kept. */
const KEPT_SHAPES = 16;

/** A tensor that grows to the largest shape asked for; its contents stay until it grows. */
export class ScratchTensor implements Disposable {
  readonly #device: Device;
  readonly #dtype: DType;
  readonly #label: string;
  readonly #views = new Map<string, Tensor>();
  #tensor: Tensor | undefined;
  #last: Tensor | undefined;

  /** Allocates nothing yet. */
  constructor(device: Device, dtype: DType, label: string) {
    this.#device = device;
    this.#dtype = dtype;
    this.#label = label;
  }

  /** The first elements, as this shape; equal shapes get the same object. */
  of(shape: readonly number[]): Tensor {
    if (this.#last && sameShape(this.#last.shape, shape)) return this.#last;
    const key = shape.join();
    let view = this.#views.get(key);
    if (!view) {
      const size = shape.reduce((product, extent) => product * extent, 1);
      if (!this.#tensor || this.#tensor.size < size) {
        this[Symbol.dispose]();
        this.#tensor = this.#device.tensor(this.#dtype, [size], { label: this.#label });
      }
      if (this.#views.size >= KEPT_SHAPES) this.#views.clear();
      view = this.#tensor.view(0, shape);
      this.#views.set(key, view);
    }
    return this.#last = view;
  }

  /** Frees the tensor. */
  [Symbol.dispose](): void {
    this.#tensor?.[Symbol.dispose]();
    this.#tensor = undefined;
    this.#last = undefined;
    this.#views.clear();
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
