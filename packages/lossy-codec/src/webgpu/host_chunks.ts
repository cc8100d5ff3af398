/**
 * The chunks of the GPU codec on the CPU: for ranks without a GPU, and for chunks that a GPU refuses.
 *
 * @module
 */
import { encodeChunk } from "../chunk/encode_chunk.ts";
import { LOSSLESS } from "../chunk/unit.ts";
import { fixedChoice } from "../chunk/fixed_choice.ts";
import { OpenChunk } from "../chunk/decode_chunk.ts";
import { bytesOf, dtypeId, dtypeOf, elementBytes, type FloatArray, newArray } from "../dtype.ts";
import type { GivenTable } from "../entropy/given_table.ts";
import { SHARED } from "../entropy/tables.ts";
import type { KernelChoice } from "../kernels/choose.ts";
import { withWorkspace } from "../kernels/workspace.ts";
import type { ChunkOptions, DecodeDescriptor, DeviceDtype } from "./descriptors.ts";

/** {@linkcode ChunkOptions}, and which kernels run. */
export interface HostChunkOptions extends ChunkOptions {
  /** The bytes are the same. Default `"auto"`. */
  readonly kernels?: KernelChoice;
}

/**
 * Encodes one chunk as {@linkcode WebGpuCodec.encode} does.
 *
 * @param x Whole rows, of f16 or f32.
 * @param options As in a descriptor.
 */
export function compressChunk(x: FloatArray, options: HostChunkOptions): Uint8Array<ArrayBuffer> {
  const { d, bound, mode, table, checksum = true, kernels = "auto" } = options;
  const dtype = dtypeOf(x), source = bytesOf(x), rows = x.length / d;
  if (!Number.isInteger(rows) || rows < 1 || rows > 65536) {
    throw new RangeError(`Cannot encode ${rows} rows: want a whole number from 1 to 65536`);
  }
  return withWorkspace(kernels, (workspace) => {
    const src = workspace.arena.take(source.length);
    workspace.kernels.memory.u8.set(source, src);
    const shape = { dtype, d, rows, elements: x.length, mode };
    const chunk = encodeChunk(workspace, {
      ...shape,
      src,
      bound: bound > 0 ? { kind: "abs", error: bound } : LOSSLESS,
      link: undefined,
      checksum,
      choose: fixedChoice(workspace, shape, mode.endsWith("huff") || mode.endsWith("ans") ? table : undefined),
    });
    return workspace.kernels.memory.u8.slice(chunk.at, chunk.at + chunk.bytes);
  });
}

/**
 * Decodes one chunk as {@linkcode WebGpuCodec.decode} does, and any other that is no part of a file.
 *
 * @param bytes The chunk; it may be anything.
 * @param dtype Of its elements.
 * @param chunk What it has to be; offsets are not used.
 * @throws {CodecError} It is not
 */
export function decompressChunk(
  bytes: Uint8Array,
  dtype: DeviceDtype,
  chunk: Pick<DecodeDescriptor, "rows" | "d" | "table" | "checksum">,
): FloatArray {
  const { rows, d, table, checksum = true } = chunk, id = dtypeId(dtype), size = elementBytes(id);
  const out = newArray(id, rows * d);
  withWorkspace("auto", (workspace) => {
    const at = workspace.arena.take(bytes.length + 16);
    workspace.kernels.memory.u8.set(bytes, at);
    const shape = { dtype: id, d, rows, elements: rows * d, checksummed: checksum };
    const books = { codes: table && bookOf(table), map: undefined };
    const open = new OpenChunk(workspace, shape, at, at + bytes.length, true, books);
    const from = open.decode();
    bytesOf(out).set(workspace.kernels.memory.u8.subarray(from, from + rows * d * size));
  });
  return out;
}

function bookOf({ coder, direct, table, description }: GivenTable) {
  if (description[0] !== SHARED) return undefined;
  return { generation: description[1]!, coder, direct, tables: [table], columns: undefined, columnClasses: 1 };
}
