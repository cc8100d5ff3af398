import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { parseDataSpec } from "./data_spec.ts";
import { formatEmbeddingSpec, parseEmbeddingSetting, parseEmbeddingSpec } from "./embedding_spec.ts";

Deno.test("parseDataSpec() reads sources, with rows in thousands and millions", () => {
  assertEquals(parseDataSpec("synthetic:250k", "--data"), { kind: "synthetic", rows: 250_000 });
  assertEquals(parseDataSpec("synthetic:1_000", "--data"), { kind: "synthetic", rows: 1000 });
  assertEquals(parseDataSpec("criteo:C:/a:b.tsv", "--data"), { kind: "criteo", path: "C:/a:b.tsv" });
});

Deno.test("parseDataSpec() refuses unknown kinds, empty paths and impossible counts in one line", () => {
  assertThrows(() => parseDataSpec("critoe:x", "--data"), UsageError, "did you mean criteo?");
  assertThrows(() => parseDataSpec("criteo:", "--data"), UsageError, "names no file");
  assertThrows(() => parseDataSpec("synthetic:0", "--data"), UsageError, 'got "0"');
  assertThrows(() => parseDataSpec("synthetic:-5", "--data"), UsageError, 'got "-5"');
  assertThrows(() => parseDataSpec("graph:cora", "--data"), UsageError, "not part of this build");
});

Deno.test("parseEmbeddingSpec() reads kinds, ratios and options, and its text reads back", () => {
  assertEquals(parseEmbeddingSpec("full", "--embedding"), { kind: "full", options: {} });
  for (const text of ["full", "hash:10", "qr:4.5,op=add"]) {
    assertEquals(formatEmbeddingSpec(parseEmbeddingSpec(text, "--embedding")), text);
  }
});

Deno.test("parseEmbeddingSpec() refuses what this build does not train, and bad numbers", () => {
  const parse = (text: string) => () => parseEmbeddingSpec(text, "--embedding");
  assertThrows(parse("robe:1000"), UsageError, "robe is not part of this build; want full, hash:<ratio> or qr:<ratio>");
  assertThrows(parse("tt:16"), UsageError, "tt is not part of this build");
  assertThrows(parse("hsah:4"), UsageError, "did you mean hash?");
  assertThrows(parse("hash"), UsageError, "must be a number >= 1");
  assertThrows(parse("hash:0.5"), UsageError, "must be a number >= 1");
  assertThrows(parse("hash:1:2"), UsageError, "want full");
  assertThrows(parse("full:3"), UsageError, "takes no number");
  assertThrows(parse("qr:4,opp=add"), UsageError, "did you mean op?");
  assertThrows(parse("qr:4,op=sub"), UsageError, "want mult or add or concat");
});

Deno.test("parseEmbeddingSetting() takes exceptions by table", () => {
  const plan = parseEmbeddingSetting({ default: "hash:10", tables: { C1: "full" } }, '"embedding"');
  assertEquals(plan.all.kind, "hash");
  assertEquals(plan.tables["C1"], { kind: "full", options: {} });
  assertThrows(
    () => parseEmbeddingSetting({ default: "full", tables: { C1: "hash" } }, '"embedding"'),
    UsageError,
    '"embedding" of table C1',
  );
});
