/**
 * Device tensors to safetensors files and back, one tensor in host memory at a time.
 *
 * @module
 */
import type { Tensor, TensorData } from "@pocketrec/compute";
import { decodeSafetensors, layoutSafetensors, type TensorSpec } from "@pocketrec/dlrm-model";
import { RunError } from "../errors.ts";

const DTYPES = { f32: "F32", u32: "U32", i32: "I32" } as const;

/**
 * The bytes of a safetensors file, piece by piece.
 *
 * @throws {RunError} when a float is not finite: such a file must not take a good one's place.
 */
export async function* encodeTensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  const specs: Record<string, TensorSpec> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    specs[name] = { dtype: DTYPES[tensor.dtype], shape: tensor.shape };
  }
  const layout = layoutSafetensors(specs, metadata);
  yield layout.header;
  for (const name of layout.places.keys()) {
    const data = await tensors[name]!.read();
    if (data instanceof Float32Array && !allFinite(data)) {
      throw new RunError(`Training diverged as tensor ${name} holds numbers that are not finite; want a lower rate`);
    }
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/** A number minus itself is 0 unless it is infinite or not a number; no branch per element. */
function allFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! - data[i]!;
  return sum === 0;
}

/**
 * The arrays of a file by name.
 *
 * @throws {SafetensorsError} when the bytes are no safetensors file.
 */
export function decodeTensors(bytes: Uint8Array): Record<string, TensorData> {
  const arrays: Record<string, TensorData> = {};
  for (const [name, { data }] of decodeSafetensors(bytes).tensors) arrays[name] = data as TensorData;
  return arrays;
}
