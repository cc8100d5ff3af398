import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Tensor } from "@pocketrec/compute";
import type { Exchange } from "@pocketrec/dlrm-model";
import { inTurn } from "./exchanges.ts";

const tensor = {} as Tensor;

Deno.test("inTurn() calls one after the other, and waits where one does", async () => {
  const calls: string[] = [];
  const plain = (name: string): Exchange => ({
    forward: (_, phase) => void calls.push(`${name} ${phase}`),
    backward: () => void calls.push(`${name} backward`),
  });
  const slow: Exchange = {
    async forward(_, phase) {
      await new Promise((done) => setTimeout(done, 5));
      calls.push(`slow ${phase}`);
    },
    backward: () => void calls.push("slow backward"),
  };
  const chain = inTurn([plain("a"), slow, plain("b")])!;
  await chain.forward(tensor, "train");
  assertEquals(calls.splice(0), ["a train", "slow train", "b train"]);
  assertEquals(chain.backward(tensor), undefined, "nothing to wait for");
  assertEquals(calls, ["a backward", "slow backward", "b backward"]);
});

Deno.test("inTurn() of one is that one, and of none nothing", () => {
  const one: Exchange = { forward() {}, backward() {} };
  assertStrictEquals(inTurn([one]), one);
  assertEquals(inTurn([]), undefined);
});
