import { assertEquals } from "@std/assert";
import { fixtures, makeFixture, restoredHash } from "./_test_fixtures.ts";
import { assertBound } from "./_test_round_trip.ts";
import { decompress } from "./decompress.ts";
import { inspect } from "./inspect.ts";

const folder = new URL("./testdata/v1/", import.meta.url);
const hashes = JSON.parse(await Deno.readTextFile(new URL("restored.json", folder))) as Record<string, number>;

for (const fixture of fixtures) {
  Deno.test(`format version 1: ${fixture.name} restores to the same bits and is made of the same bytes`, async () => {
    const file = await Deno.readFile(new URL(`${fixture.name}.prlc`, folder));
    assertBound(fixture.x, decompress(file), inspect(file));
    assertEquals(restoredHash(file), hashes[fixture.name]);
    assertEquals(await makeFixture(fixture), file);
  });
}

Deno.test("format version 1: every kept file is under test", async () => {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).filter((name) =>
    name.endsWith("prlc")
  );
  assertEquals(names.sort(), fixtures.map(({ name }) => `${name}.prlc`).sort());
});
