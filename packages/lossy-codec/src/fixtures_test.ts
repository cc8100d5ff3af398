import { assertEquals } from "@std/assert";
import {
  fixtures,
  makeFixture,
  makeMessages,
  messageArrays,
  messageOptions,
  readMessages,
  restoredHash,
} from "./_test_fixtures.ts";
import { assertBound } from "./_test_round_trip.ts";
import { MessagesByTheBook } from "./_test_reference_messages.ts";
import { decompress } from "./decompress.ts";
import { bytesOf } from "./dtype.ts";
import { MESSAGE_HEADER_BYTES, readMessageHeader } from "./format/message.ts";
import { xxh32 } from "./format/xxh32.ts";
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

Deno.test("format version 1: messages with remembered rows restore to the same bits and are made of the same bytes", async () => {
  const messages = await Deno.readFile(new URL("remembered.messages", folder)), all = readMessages(messages);
  assertEquals(xxh32(bytesOf(Float32Array.from(all.flatMap((y) => [...y])))), hashes.messages);
  assertEquals(makeMessages(), messages);
  const reference = new MessagesByTheBook(2, messageOptions.rowLength, messageOptions.rememberRows);
  let at = 0;
  for (const [i, { length }] of messageArrays().entries()) {
    assertEquals(reference.decode(messages.slice(at), length), bytesOf(all[i]!), `message ${i}`);
    at += MESSAGE_HEADER_BYTES + readMessageHeader(messages, at).bytes;
  }
});
