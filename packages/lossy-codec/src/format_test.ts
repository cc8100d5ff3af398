import { assertEquals } from "@std/assert";
import { fixtures } from "./_test_fixtures.ts";
import { decodeByTheBook, family } from "./_test_reference_decoder.ts";
import { lookups, normals } from "./_test_round_trip.ts";
import { compress } from "./compress.ts";
import { decompress } from "./decompress.ts";
import { bytesOf } from "./dtype.ts";
import { familyTable } from "./entropy/family.ts";

Deno.test("FORMAT.md: a decoder written from it reads every kept file", async () => {
  for (const { name } of fixtures) {
    const file = await Deno.readFile(new URL(`./testdata/v1/${name}.prlc`, import.meta.url));
    assertEquals(decodeByTheBook(file), bytesOf(decompress(file)), name);
  }
});

Deno.test("FORMAT.md: it reads others too, of every way to store codes", () => {
  const rows = lookups(1, 300, 24, 100), wide = normals(2, 2 * 5000, 1e5);
  for (const mode of ["auto", "dict+huff", "huff", "ans", "lorenzo", "vlz"] as const) {
    for (const bound of [{ rel: 0.02 }, { pwRel: 1e-3 }]) {
      const file = compress(rows, { bound, mode, rowLength: 24 });
      assertEquals(decodeByTheBook(file), bytesOf(decompress(file)), `${mode} ${JSON.stringify(bound)}`);
    }
  }
  for (const mode of ["huff", "ans"] as const) {
    const file = compress(Float64Array.from(wide), { bound: { abs: 1e-3 }, mode, rowLength: 5000 });
    assertEquals(decodeByTheBook(file), bytesOf(decompress(file)), mode);
  }
});

Deno.test("FORMAT.md: the family of tables as printed is the one in use", () => {
  for (const direct of [true, false]) {
    for (let table = 0; table < 240; table += 7) {
      const weights = family.weights(Math.floor(table / 60), table % 60, direct);
      for (const tokens of [1, 2, 19, 168]) {
        assertEquals(family.frequencies(weights, tokens), [...familyTable(table, direct, tokens)]);
      }
    }
  }
});
