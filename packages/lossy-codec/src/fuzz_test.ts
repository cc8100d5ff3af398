import { assert } from "@std/assert";
import { damageCorpus, fuzz } from "./_test_damage.ts";

Deno.test("10,000 damaged files: refused with a code or restored, never silently other, in time and memory bounds", () => {
  const { outcomes, slowestMs } = fuzz(damageCorpus(), 10_000, 1, 2 ** 24);
  assert(slowestMs < 20_000, `one took ${slowestMs} ms`);
  // The damage reaches all parts of the decoder.
  for (const code of ["BAD_MAGIC", "TRUNCATED", "CHECKSUM", "LIMIT", "CORRUPT", "ok"]) {
    assert((outcomes[code] ?? 0) > 10, `only ${outcomes[code]} of ${code} in ${JSON.stringify(outcomes)}`);
  }
});
