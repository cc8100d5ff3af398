import { assertEquals } from "@std/assert";
import { PlainMemory } from "../kernels/plain_memory.ts";
import { canonicalCodes, codeLengths } from "./huffman.ts";
import {
  ANS_ENCODE,
  KERNEL_TABLES_BYTES,
  KernelTables,
  writeAnsDecode,
  writeAnsEncode,
  writeHuffmanDecode,
} from "./kernel_tables.ts";

Deno.test("writeAnsEncode(): the reciprocal of every frequency divides exactly, once rounded to 12 bits", () => {
  const memory = new PlainMemory();
  for (let f = 1; f < 4096; f++) {
    writeAnsEncode(memory, 0, Uint16Array.of(f, 4096 - f));
    assertEquals(memory.u32[0], 4096 - f);
    const reciprocal = memory.f64[1]!, last = 2 ** 20;
    // What is too small shows at a multiple of f, what is too large just below one.
    for (const quotient of [1, 2, 3, 4095, 65536, last >> 1, last - 1, last]) {
      for (const x of [quotient * f - 1, Math.min(quotient * f, last * f - 1)]) {
        const rounded = x * reciprocal + 2 ** 40 - 2 ** 40;
        assertEquals(Math.floor(rounded), Math.floor(x / f));
      }
    }
  }
});

Deno.test("writeAnsDecode() inverts writeAnsEncode() for every slot", () => {
  const memory = new PlainMemory();
  const frequencies = Uint16Array.of(1, 0, 4000, 5, 90);
  writeAnsEncode(memory, 0, frequencies);
  writeAnsDecode(memory, 16384, frequencies);
  const cumulated = [0, 1, 1, 4001, 4006];
  for (let slot = 0; slot < 4096; slot++) {
    const entry = memory.u32[4096 + slot]!, token = entry & 255;
    assertEquals((entry >>> 8) & 4095, frequencies[token]);
    assertEquals(entry >>> 20, slot - cumulated[token]!);
    assertEquals(memory.u32[4 * token], 4096 - frequencies[token]!);
    assertEquals(memory.u32[4 * token + 1], cumulated[token]);
  }
});

Deno.test("writeHuffmanDecode() fills all slots, also for an only token", () => {
  const memory = new PlainMemory();
  const lengths = codeLengths(Float64Array.of(9, 0, 5, 3, 1, 1));
  writeHuffmanDecode(memory, 0, lengths);
  const codes = canonicalCodes(lengths);
  for (let slot = 0; slot < 4096; slot++) {
    const entry = memory.u16[slot]!, length = entry >> 8;
    assertEquals(codes[entry & 255], (slot & ((1 << length) - 1)) | length << 16);
  }
  writeHuffmanDecode(memory, 0, Uint16Array.of(0, 0, 1));
  assertEquals(new Set(memory.u16.subarray(0, 4096)), new Set([2]));
});

Deno.test("KernelTables.place() keeps what is there and stays in its area", () => {
  const memory = new PlainMemory();
  memory.reserve(16 + KERNEL_TABLES_BYTES + 16);
  memory.u8.fill(0xa5, 16 + KERNEL_TABLES_BYTES);
  const tables = new KernelTables(memory, 16);
  const sixteen = Array.from({ length: 16 }, (_, i) => Uint16Array.of(1 + i, 4095 - i));
  const first = tables.place(ANS_ENCODE, false, sixteen);
  const unsigned = tables.place(ANS_ENCODE, true, [Uint16Array.of(4095, 1)]);
  assertEquals(unsigned - first, 16 * 4096);
  memory.u32[first >> 2] = 77;
  tables.place(ANS_ENCODE, false, sixteen);
  assertEquals(memory.u32[first >> 2], 77);
  tables.place(ANS_ENCODE, false, [Uint16Array.of(5, 4091)]);
  assertEquals(memory.u32[first >> 2], 4091);
  assertEquals(new Set(memory.u8.subarray(16 + KERNEL_TABLES_BYTES)), new Set([0xa5]));
});
