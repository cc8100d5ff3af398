import { assertEquals } from "@std/assert";
import { editDistance, nearestName } from "./did_you_mean.ts";

Deno.test("editDistance() counts insertions, deletions, substitutions and swaps of neighbours", () => {
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("batch", "batch"), 0);
  assertEquals(editDistance("bacth", "batch"), 1);
  assertEquals(editDistance("sunday", "saturday"), 3);
});

Deno.test("nearestName() finds a mistyped or shortened name and nothing for a stranger", () => {
  const names = ["batch", "test-batch", "eval-every", "epochs", "embedding"];
  assertEquals(nearestName("bacth", names), "batch");
  assertEquals(nearestName("epoch", names), "epochs");
  assertEquals(nearestName("embeding", names), "embedding");
  assertEquals(nearestName("eval", names), "eval-every");
  assertEquals(nearestName("zzzzzzz", names), undefined);
});
