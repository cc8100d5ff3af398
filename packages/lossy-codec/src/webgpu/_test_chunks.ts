/**
 * Arrays for tests of the GPU codec.
 *
 * @module
 */
import type { Tensor, WebGpuDevice } from "@pocketrec/compute";
import { bytesOf, type FloatArray } from "../dtype.ts";
import { f16BitsOf } from "../kernels/plain_range.ts";
import type { DeviceDtype } from "./descriptors.ts";

/** Numbers from 0 to 1, the same every time. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    let x = Math.imul(state ^ state >>> 16, 0x85ebca6b);
    x = Math.imul(x ^ x >>> 13, 0xc2b2ae35);
    return ((x ^ x >>> 16) >>> 0) / 2 ** 32;
  };
}

/** Rows of which some repeat, about normal, of different scale. */
export function vectors(rows: number, d: number, seed: number, distinct: number = rows): Float32Array<ArrayBuffer> {
  const next = random(seed), table = new Float32Array(distinct * d), x = new Float32Array(rows * d);
  for (let r = 0; r < distinct; r++) {
    const scale = 0.02 + 0.3 * next();
    for (let i = 0; i < d; i++) table[r * d + i] = scale * (next() + next() + next() - 1.5);
  }
  for (let r = 0; r < rows; r++) {
    const from = distinct === rows ? r : Math.floor(next() * next() * distinct);
    x.set(table.subarray(from * d, from * d + d), r * d);
  }
  return x;
}

/** As elements of a dtype. */
export function asDtype(dtype: DeviceDtype, x: Float32Array): FloatArray {
  return dtype === "f32" ? x : Uint16Array.from(x, (value) => f16BitsOf(value));
}

/** Bytes as a tensor of u32, zeros behind them. */
export function tensorOf(device: WebGpuDevice, bytes: Uint8Array, words: number = Math.ceil(bytes.length / 4)): Tensor {
  const data = new Uint32Array(words);
  new Uint8Array(data.buffer).set(bytes);
  return device.tensor("u32", [words], { data, label: "test" });
}

/** All bytes of a tensor. */
export async function readBytes(tensor: Tensor): Promise<Uint8Array> {
  return bytesOf(await tensor.read() as Float32Array);
}

/** Concatenates arrays of elements, each from a multiple of 4 bytes on; returns their offsets in elements too. */
export function joined(arrays: readonly FloatArray[]): { bytes: Uint8Array<ArrayBuffer>; offsets: number[] } {
  const offsets: number[] = [];
  let at = 0;
  for (const array of arrays) {
    offsets.push(at / array.BYTES_PER_ELEMENT);
    at += Math.ceil(array.byteLength / 4) * 4;
  }
  const bytes = new Uint8Array(at);
  arrays.forEach((array, i) => bytes.set(bytesOf(array), offsets[i]! * array.BYTES_PER_ELEMENT));
  return { bytes, offsets };
}
