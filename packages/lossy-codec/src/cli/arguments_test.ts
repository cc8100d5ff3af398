import { assertEquals, assertThrows } from "@std/assert";
import { fileOf, type Flags, lastOf, numberOf, parseArguments } from "./arguments.ts";
import { UsageError } from "./errors.ts";
import { nearestName } from "./nearest_name.ts";

const FLAGS: Flags = { abs: "<error>", out: "<file>", force: undefined, "no-checksum": undefined };
const parse = (...args: string[]) => parseArguments(args, "compress", FLAGS);

Deno.test("parseArguments() sorts flags, values and the rest in any order", () => {
  const parsed = parse("--abs", "0.1", "x.npy", "-f", "--abs=2", "-o", "-");
  assertEquals([...parsed.values], [["abs", ["0.1", "2"]], ["force", [""]], ["out", ["-"]]]);
  assertEquals(parsed.positionals, ["x.npy"]);
  assertEquals(lastOf(parsed, "abs"), "2");
  assertEquals(parse("--", "--abs").positionals, ["--abs"]);
});

Deno.test("parseArguments() refuses with the nearest flag, or the value that is missing", () => {
  const cases: [string[], string][] = [
    [["--asb", "1"], "Cannot use --asb with compress as no such flag is known: did you mean --abs?"],
    [["--no-check"], "did you mean --no-checksum?"],
    [["--zzzzzzzz"], "as no such flag is known; --help lists them"],
    [["-z"], "Cannot use -z with compress as no such flag is known"],
    [["--abs"], "Cannot read --abs as its value is missing: want --abs <error>"],
    [["--abs", "--force"], "Cannot read --abs as its value is missing"],
    [["--abs="], "Cannot read --abs as its value is missing"],
    [["--force=yes"], 'Cannot use --force with the value "yes": want none'],
    // A property of every object is no flag.
    [["--constructor"], "as no such flag is known"],
  ];
  for (const [args, message] of cases) assertThrows(() => parse(...args), UsageError, message);
});

Deno.test("fileOf() wants one file", () => {
  assertEquals(fileOf(parse("a"), "compress"), "a");
  assertThrows(() => fileOf(parse(), "compress"), UsageError, "Cannot compress nothing");
  assertThrows(() => fileOf(parse("a", "b"), "compress"), UsageError, 'Cannot compress "b" too');
});

Deno.test("numberOf() takes what is accepted and names the flag of what is not", () => {
  const number = (text: string) => numberOf(text, "abs", (value) => value >= 0, "0 or more");
  assertEquals(number("1e-3"), 0.001);
  for (const text of ["-1", "", " ", "x", "1,5", "NaN"]) {
    assertThrows(() => number(text), UsageError, `Cannot use --abs ${text}: want 0 or more`);
  }
});

Deno.test("nearestName() finds slips of the finger and beginnings, and nothing far away", () => {
  const names = ["abs", "rel", "pw-rel", "lossless", "row-length"];
  assertEquals(nearestName("losless", names), "lossless");
  assertEquals(nearestName("row", names), "row-length");
  assertEquals(nearestName("REL", names), "rel");
  assertEquals(nearestName("quantum", names), undefined);
});
