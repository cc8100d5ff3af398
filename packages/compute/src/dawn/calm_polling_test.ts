import { assert, assertEquals } from "@std/assert";
import { calmPolling } from "./calm_polling.ts";

/** Looks like a function of a native addon. */
function native(f: () => void): () => void {
  return Object.defineProperty(f.bind(undefined), "name", { value: "" });
}

Deno.test("calmPolling(): a native wait polls at once, then with pauses; other callbacks are passed on", async () => {
  const eager: unknown[] = [];
  const host = {
    setImmediate: (callback: () => void): unknown => {
      eager.push(callback);
      return setTimeout(callback, 0);
    },
  };
  calmPolling(host);
  calmPolling(host); // once is enough

  const own = () => {};
  host.setImmediate(own);
  assertEquals(eager, [own]);

  const { promise, resolve } = Promise.withResolvers<void>();
  const started = performance.now();
  let polls = 0;
  const poll = native(() => {
    polls++;
    if (performance.now() - started < 60) host.setImmediate(poll);
    else resolve();
  });
  host.setImmediate(poll);
  await promise;
  const waited = eager.length - 1; // the first was not Dawn's
  assert(waited >= 1, "no poll was asked for at once");
  assert(polls > 6 && waited < polls / 2, `${waited} of ${polls} polls were asked for without pause`);

  const before = eager.length;
  host.setImmediate(native(() => {})); // a new wait is eager again
  assertEquals(eager.length, before + 1);
  await new Promise((done) => setTimeout(done, 5));
});
