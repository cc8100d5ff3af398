import { assertEquals, assertThrows } from "@std/assert";
import type { Tensor, WebGpuDevice, WebGpuStorage } from "@pocketrec/compute";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { bytesOf } from "../dtype.ts";
import { familyGiven } from "../entropy/given_table.ts";
import { readBytes, tensorOf, vectors } from "./_test_chunks.ts";
import { createCodec } from "./codec.ts";
import type { DecodeDescriptor, EncodeDescriptor } from "./descriptors.ts";
import { compressChunk } from "./host_chunks.ts";

const GPUS = { devices: ["webgpu", "dawn"] } as const;
const ROWS = 12, D = 8;

testOnEachDevice(
  "chunks that do not fit, and options that cannot be, are refused before anything is recorded",
  (device) => {
    const gpu = device as WebGpuDevice;
    using codec = createCodec(gpu, { dtype: "f32", chunks: 2, rows: 2 * ROWS, elements: 2 * ROWS * D, tables: 1 });
    using source = gpu.tensor("f32", [2 * ROWS * D]), arena = gpu.tensor("u32", [2 * (4 + ROWS * D)]);
    const good: EncodeDescriptor = { rows: ROWS, d: D, srcOff: 0, bound: 0.1, mode: "dict+pack" };
    const encode = (...changes: Partial<EncodeDescriptor>[]) => () =>
      codec.encode(source, changes.map((change) => ({ ...good, ...change })), arena);
    const table = familyGiven("ans", 80), other = familyGiven("huffman", 80);
    for (
      const [changes, message] of [
        [[{ rows: 0 }], "rows 0"],
        [[{ rows: 65537 }], "rows 65537"],
        [[{ d: 1.5 }], "d 1.5"],
        [[{ rows: 65536, d: 257 }], "d 257"],
        [[{ bound: NaN }], "bound NaN"],
        [[{ bound: -1 }], "bound -1"],
        [[{ mode: "vlz" as "raw" }], "mode vlz"],
        [[{ mode: "ans" }], "table of undefined"],
        [[{ mode: "ans", table: other }], "table of huffman"],
        [[{ srcOff: ROWS * D + 1 }], `srcOff + rowStart * d ${ROWS * D + 1}`],
        [[{ rowStart: ROWS + 1 }], `srcOff + rowStart * d ${(ROWS + 1) * D}`],
        [[{ dstOff: 2 }], "dstOff 2"],
        [[{ dstOff: 4 * (5 + ROWS * D) }], `dstOff ${4 * (5 + ROWS * D)}`],
        [[{ dstOff: 0 }, {}], "without dstOff"],
        [[{}, {}, {}], "3 chunks"],
        [[{ mode: "ans", table }, { mode: "huff", table: other }], "2 tables"],
      ] as const
    ) assertThrows(encode(...changes), RangeError, message);
    assertThrows(() => codec.encode(source, [good], source), TypeError, "source and destination");
    const chunk: DecodeDescriptor = { rows: ROWS, d: D, srcOff: 0, bytes: 64, dstOff: 0 };
    const decode = (change: Partial<DecodeDescriptor>) => () => codec.decode(arena, [{ ...chunk, ...change }], source);
    for (
      const [change, message] of [
        [{ bytes: 12 }, "bytes 12"],
        [{ bytes: 18 }, "bytes 18"],
        [{ srcOff: arena.byteLength - 60 }, `srcOff ${arena.byteLength - 60}`],
        [{ dstOff: ROWS * D + 1 }, `dstOff ${ROWS * D + 1}`],
        [{ rows: 2 * ROWS + 1 }, "dstOff 0"],
      ] as const
    ) assertThrows(decode(change), RangeError, message);
    assertThrows(() => createCodec(gpu, { dtype: "f32", chunks: 0, rows: 1, elements: 1 }), RangeError, "0 chunks");
  },
  GPUS,
);

testOnEachDevice(
  "tables make room for those of later calls, buffers of the host's do as tensors do",
  async (device) => {
    const gpu = device as WebGpuDevice, x = vectors(ROWS, D, 5);
    using codec = createCodec(gpu, { dtype: "f32", chunks: 1, rows: ROWS, elements: ROWS * D, tables: 1 });
    using source = tensorOf(gpu, bytesOf(x)), arena = gpu.tensor("u32", [4 + ROWS * D]);
    using restored = gpu.tensor("u32", [ROWS * D]);
    const buffer = (tensor: Tensor) => (tensor.storage as WebGpuStorage).buffer;
    for (const table of [familyGiven("ans", 80), familyGiven("ans", 88), familyGiven("ans", 80)]) {
      const options = { d: D, bound: 0.02, mode: "ans", table } as const;
      const chunk = { ...options, rows: ROWS, srcOff: ROWS * D, rowStart: -ROWS };
      codec.encode(buffer(source), [chunk], buffer(arena));
      const expected = compressChunk(x, options), sizes = await codec.sizes();
      assertEquals([...sizes], [expected.length]);
      assertEquals((await readBytes(arena)).subarray(0, expected.length), expected);
      codec.decode(
        buffer(arena),
        [{ rows: ROWS, d: D, srcOff: 0, bytes: sizes[0]!, dstOff: 0, table }],
        buffer(restored),
      );
      assertEquals(await codec.errors(), [""]);
    }
    codec.encode(source, [], arena);
    codec.decode(arena, [], restored);
    assertEquals([(await codec.sizes()).length, (await codec.errors()).length], [0, 0]);
  },
  GPUS,
);
