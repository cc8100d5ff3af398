import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseJsonc } from "./jsonc.ts";

Deno.test("parseJsonc() reads comments and trailing commas and leaves strings alone", () => {
  const text = `{
    // rate
    "lr": 0.1, /* and
    more */ "data": "criteo:http://x/a,]b//c", "list": [1, 2,],
  }`;
  assertEquals(parseJsonc(text), { lr: 0.1, data: "criteo:http://x/a,]b//c", list: [1, 2] });
});

Deno.test("parseJsonc() names line and column of what it cannot read", () => {
  assertThrows(() => parseJsonc('{\n  "a": 1\n  "b": 2\n}'), SyntaxError, "3:3");
  assertThrows(() => parseJsonc('{ "a": '), SyntaxError, "1:8: found the end of the file");
  assertThrows(() => parseJsonc('{ "a": 1e }'), SyntaxError, "1:8");
  assertThrows(() => parseJsonc("{} x"), SyntaxError, "1:4");
});

Deno.test("parseJsonc() agrees with JSON.parse on plain JSON", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    // JSON.stringify spells both -0 and 0 as 0
    assertEquals(JSON.stringify(parseJsonc(text)), JSON.stringify(JSON.parse(text)));
  }));
});
