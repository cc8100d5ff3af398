import { assertEquals, assertThrows } from "@std/assert";
import { CodecError } from "../errors.ts";
import { Arena } from "./arena.ts";
import { openKernels } from "./choose.ts";

for (const choice of ["plain", "auto"] as const) {
  Deno.test(`Arena: ranges at multiples of 16, never 0, given back to a mark [${choice}]`, () => {
    const arena = new Arena(openKernels(choice).memory), first = arena.take(1), mark = arena.mark;
    assertEquals([first % 16, first > 0], [0, true]);
    assertEquals([arena.take(17), arena.take(0), arena.take(5)], [first + 16, first + 48, first + 48]);
    arena.release(mark);
    assertEquals(arena.take(100_000), first + 16);
    assertEquals(arena.memory.u8.length >= first + 100_016, true);
  });

  Deno.test(`Arena: contents stay when memory grows; what the host refuses is a LIMIT [${choice}]`, () => {
    const arena = new Arena(openKernels(choice).memory), at = arena.take(16);
    arena.memory.u32[at / 4] = 0xdeadbeef;
    arena.take(2 ** 22);
    assertEquals(arena.memory.u32[at / 4], 0xdeadbeef);
    assertEquals(assertThrows(() => arena.take(2 ** 45), CodecError, "working memory").code, "LIMIT");
    assertEquals(arena.memory.u32[at / 4], 0xdeadbeef);
  });
}
