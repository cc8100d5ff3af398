import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Arena } from "./arena.ts";
import { openKernels } from "./choose.ts";
import type { Kernels } from "./kernels.ts";
import { hashRow } from "./plain_dedupe.ts";

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

function place(kernels: Kernels, arena: Arena, values: ArrayLike<number>): number {
  const at = arena.take(4 * values.length);
  kernels.memory.i32.set(values, at / 4);
  return at;
}

for (const kernels of [openKernels("plain"), openKernels("auto")]) {
  const { memory } = kernels;

  Deno.test(`lorenzo(): residuals as defined, and unlorenzo() inverts them [${kernels.name}]`, () => {
    const shape = fc.record({ rows: fc.integer({ min: 1, max: 9 }), d: fc.integer({ min: 1, max: 19 }) });
    fc.assert(fc.property(shape, fc.infiniteStream(int32), ({ rows, d }, numbers) => {
      const q = Int32Array.from({ length: rows * d }, () => numbers.next().value!), arena = new Arena(memory);
      const at = place(kernels, arena, q);
      const of = (row: number, i: number) => row < 0 || i < 0 ? 0 : q[row * d + i]!;
      kernels.lorenzo(at, rows, d, 2);
      const wanted = q.map((_, i) => {
        const row = Math.floor(i / d), column = i % d;
        return of(row, column) - of(row - 1, column) - of(row, column - 1) + of(row - 1, column - 1);
      });
      assertEquals(memory.i32.slice(at / 4, at / 4 + q.length), wanted);
      kernels.unlorenzo(at, rows, d, 2);
      assertEquals(memory.i32.slice(at / 4, at / 4 + q.length), q);
      kernels.lorenzo(at, rows, d, 1);
      assertEquals(memory.i32.slice(at / 4, at / 4 + q.length), q.map((value, i) => value - (i > 0 ? q[i - 1]! : 0)));
      kernels.unlorenzo(at, rows, d, 1);
      assertEquals(memory.i32.slice(at / 4, at / 4 + q.length), q);
    }));
  });

  Deno.test(`pack() writes fields as the definition has them, and unpack() reads from anywhere [${kernels.name}]`, () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 32 }), int32, fc.array(fc.nat(2 ** 31 - 1)), (bits, min, raw) => {
      const fields = raw.map((value) => BigInt(value) * 2654435761n % (1n << BigInt(bits))), arena = new Arena(memory);
      const values = place(kernels, arena, fields.map((field) => Number(field) + min | 0));
      const words = Math.ceil(raw.length * bits / 32), dst = arena.take(4 * words + 16);
      kernels.pack(values, raw.length, min, bits, dst);
      const stream = fields.reduce((sum, field, i) => sum | field << BigInt(i * bits), 0n);
      const wanted = Array.from({ length: words }, (_, i) => Number(stream >> BigInt(32 * i) & 0xffffffffn));
      assertEquals([...memory.u32.subarray(dst / 4, dst / 4 + words)], wanted);
      const first = Math.floor(raw.length / 3), out = arena.take(4 * raw.length);
      kernels.unpack(dst, first, raw.length - first, min, bits, out);
      assertEquals(
        memory.i32.slice(out / 4, out / 4 + raw.length - first),
        memory.i32.slice(values / 4 + first, values / 4 + raw.length),
      );
    }));
  });

  Deno.test(`dedupe() numbers distinct rows by their first occurrence [${kernels.name}]`, () => {
    const rows = fc.array(fc.tuple(fc.nat(2), fc.nat(1), fc.nat(1)), { minLength: 1, maxLength: 60 });
    fc.assert(fc.property(rows, fc.integer(), (rows, seed) => {
      const arena = new Arena(memory), src = place(kernels, arena, rows.flat()), n = rows.length;
      const bits = Math.max(1, 33 - Math.clz32(n - 1)), table = arena.take(4 * 2 ** bits);
      const toUnique = arena.take(4 * n), unique = arena.take(4 * n);
      const count = kernels.dedupe(src, 3, n, seed >>> 0, table, bits, toUnique, unique);
      const seen = new Map<string, number>();
      const wanted = rows.map((row) => {
        const key = row.join();
        if (!seen.has(key)) seen.set(key, seen.size);
        return seen.get(key)!;
      });
      assertEquals(count, seen.size);
      assertEquals([...memory.u32.subarray(toUnique / 4, toUnique / 4 + n)], wanted);
      assertEquals(
        [...memory.u32.subarray(unique / 4, unique / 4 + count)].map((row) => wanted[row]),
        [...Array(count).keys()],
      );
    }));
  });

  Deno.test(`dedupe() of rows crafted to collide takes linear time and stays correct [${kernels.name}]`, () => {
    // Rows of one word whose hashes begin alike fill one run of slots; beyond 64 of them rows count as new.
    const bits = 10, seed = 7, n = 512, words = new Uint32Array(1), crafted: number[] = [];
    for (let word = 0; crafted.length < n / 2; word++) {
      words[0] = word;
      if (hashRow(words, 0, 1, seed) >>> (32 - bits) === 5) crafted.push(word);
    }
    const arena = new Arena(memory), src = place(kernels, arena, [...crafted, ...crafted]);
    const table = arena.take(4 * 2 ** bits), toUnique = arena.take(4 * n), unique = arena.take(4 * n);
    const count = kernels.dedupe(src, 1, n, seed, table, bits, toUnique, unique);
    assertEquals(count, n - 64);
    for (let row = 0; row < n; row++) {
      const representative = memory.u32[unique / 4 + memory.u32[toUnique / 4 + row]!]!;
      assertEquals(memory.i32[src / 4 + representative], memory.i32[src / 4 + row]);
    }
  });

  Deno.test(`gatherRows() for every row length [${kernels.name}]`, () => {
    for (const rowBytes of [2, 4, 6, 8, 14, 16, 18, 30, 34, 64, 256, 510, 512, 514, 1026]) {
      const arena = new Arena(memory), dict = arena.take(5 * rowBytes), map = place(kernels, arena, [4, 0, 2, 2, 1, 3]);
      const dst = arena.take(6 * rowBytes);
      for (let i = 0; i < 5 * rowBytes; i++) memory.u8[dict + i] = i * 7 + (i >> 8);
      kernels.gatherRows(dict, rowBytes, map, 6, dst);
      [4, 0, 2, 2, 1, 3].forEach((from, row) => {
        const wanted = memory.u8.slice(dict + from * rowBytes, dict + (from + 1) * rowBytes);
        assertEquals(memory.u8.slice(dst + row * rowBytes, dst + (row + 1) * rowBytes), wanted);
      });
    }
  });
}
