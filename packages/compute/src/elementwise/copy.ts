import { addressOf } from "../cpu/cpu_device.ts";
import { sameDevice } from "../device.ts";
import { hostArray, type Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import { ELEMENTWISE_MODULE } from "./_module.ts";
import { checkDistinct, checkOperand, checkRank } from "./_operands.ts";
import { COPY_COLUMNS, ELEMENTWISE_KERNELS, THREADS } from "./elementwise.wgsl.ts";

/** Rows per task, as in `elementwise.as.ts`. */
const ROWS = 256;

/** Sets every element to `value`, converted to the tensor's dtype as a typed array does. */
export function fill(tensor: Tensor, value: number): void {
  const device = sameDevice("fill", [tensor]);
  if (tensor.size === 0) return;
  switch (device.kind) {
    case "cpu":
      device.hostView(tensor).fill(value);
      return;
    case "webgpu": {
      const bits = new Uint32Array(hostArray(tensor.dtype, 1).fill(value).buffer as ArrayBuffer)[0]!;
      if (bits === 0) return device.clear(tensor);
      return device.dispatch(
        ELEMENTWISE_KERNELS.fill,
        [tensor.size, bits],
        [tensor],
        spreadWorkgroups(Math.ceil(tensor.size / THREADS)),
      );
    }
    default:
      device satisfies never;
  }
}

/**
 * Copies all elements of `from` to `to`: equal dtype and size, any shapes.
 *
 * @throws {TypeError} where dtypes or sizes do not fit, or the tensors share memory
 */
export function copy(from: Tensor, to: Tensor): void {
  const device = sameDevice("copy", [from, to]);
  if (from.size !== to.size || from.dtype !== to.dtype) {
    throw new TypeError(
      `Cannot run copy as to "${to.label}" is ${to.dtype} [${to.shape}]: want ${from.dtype} of ${from.size} elements`,
    );
  }
  checkDistinct("copy", [from], [to]);
  switch (device.kind) {
    case "cpu":
      device.hostView(to).set(device.hostView(from));
      return;
    case "webgpu":
      return device.copy(from, 0, to, 0, from.size);
    default:
      device satisfies never;
  }
}

/** Options of {@linkcode copyColumns}. */
export interface CopyColumnsOptions {
  /** First column to read. Default 0. */
  readonly fromColumn?: number;
  /** First column to write. Default 0. */
  readonly toColumn?: number;
  /** Number of columns. Default: all of `from` from `fromColumn` on. */
  readonly columns?: number;
}

/**
 * Copies columns of a matrix into columns of another: with one call per part, the concatenation of matrices side by side,
 * and with the roles swapped its gradient.
 *
 * @param from `[rows, any]`
 * @param to `[rows, any]` of the same dtype; other columns stay as they are
 * @throws {TypeError} where shapes or dtypes do not fit, or the tensors share memory
 * @throws {RangeError} where the columns reach beyond one of the tensors
 */
export function copyColumns(from: Tensor, to: Tensor, options: CopyColumnsOptions = {}): void {
  const device = sameDevice("copyColumns", [from, to]);
  checkRank("copyColumns", "from", from, 2, from.dtype);
  checkRank("copyColumns", "to", to, 2, from.dtype);
  const [rows, fromWidth] = from.shape as [number, number], toWidth = to.shape[1]!;
  checkOperand("copyColumns", "to", to, [rows, toWidth], from.dtype);
  checkDistinct("copyColumns", [from], [to]);
  const { fromColumn = 0, toColumn = 0, columns = fromWidth - fromColumn } = options;
  checkRange("from", from, fromColumn, columns);
  checkRange("to", to, toColumn, columns);
  if (rows * columns === 0) return;
  switch (device.kind) {
    case "cpu":
      return device.run(device.kernel(ELEMENTWISE_MODULE, "copyColumns"), Math.ceil(rows / ROWS), [
        rows,
        addressOf(from),
        fromWidth,
        fromColumn,
        addressOf(to),
        toWidth,
        toColumn,
        columns,
      ]);
    case "webgpu":
      return device.dispatch(
        COPY_COLUMNS,
        [rows, columns, fromWidth, fromColumn, toWidth, toColumn],
        [from, to],
        spreadWorkgroups(Math.ceil(rows * columns / THREADS)),
      );
    default:
      device satisfies never;
  }
}

function checkRange(name: string, tensor: Tensor, first: number, count: number): void {
  if (
    Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0 && first + count <= tensor.shape[1]!
  ) {
    return;
  }
  throw new RangeError(
    `Cannot run copyColumns on ${count} columns from ${first} on of ${name} "${tensor.label}": it has ${
      tensor.shape[1]
    }`,
  );
}
