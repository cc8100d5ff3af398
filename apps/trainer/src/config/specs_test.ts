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
  for (const text of ["full", "hash:10", "qr:4.5,op=add", "robe:1000,z=16,align=1,sign=off,hash=m31,grow=4@0.3+2@.6"]) {
    assertEquals(formatEmbeddingSpec(parseEmbeddingSpec(text, "--embedding")), text);
  }
});

Deno.test("parseEmbeddingSpec() refuses what this build does not train, and bad numbers", () => {
  const parse = (text: string) => () => parseEmbeddingSpec(text, "--embedding");
  assertThrows(parse("tt:16"), UsageError, "tt is not part of this build; want full, hash:<ratio>, qr:<ratio> or robe");
  assertThrows(parse("hsah:4"), UsageError, "did you mean hash?");
  assertThrows(parse("toString"), UsageError, "its kind is unknown");
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

Deno.test("parseEmbeddingSpec() refuses options of robe that mean nothing", () => {
  const parse = (text: string) => () => parseEmbeddingSpec(text, "--embedding");
  assertThrows(parse("robe"), UsageError, "must be a number >= 1");
  assertThrows(parse("robe:10,size=4"), UsageError, "want z, align, sign, hash, grow");
  assertThrows(parse("robe:10,allign=4"), UsageError, "did you mean align?");
  assertThrows(parse("robe:10,z=0"), UsageError, "want a whole number >= 1");
  assertThrows(parse("robe:10,align=2"), UsageError, "want 1 or 4 or 8");
  assertThrows(parse("robe:10,sign=yes"), UsageError, "want on or off");
  assertThrows(parse("robe:10,hash=ref1"), UsageError, "want mix32 or m31");
  assertThrows(parse("robe:10,z=8,z=8"), UsageError, "option z of robe is given twice");
  for (const grow of ["", "4", "1@0.5", "4@0", "4@1", "4@1.5", "2@0.5+2@0.5", "2@0.6+2@0.3", "1.5@0.5", "2@0.5+"]) {
    assertThrows(parse(`robe:10,grow=${grow}`), UsageError, "as in 4@0.3+2@0.6");
  }
});

Deno.test("parseEmbeddingSetting() refuses to mix robe with others", () => {
  const parse = (all: string, one: string) => () =>
    parseEmbeddingSetting({ default: all, tables: { C1: one } }, '"embedding"');
  assertThrows(parse("robe:9,z=8", "full"), UsageError, 'others for table C1; want "robe:9,z=8" alone');
  assertThrows(parse("full", "robe:9"), UsageError, "robe keeps all tables in one array");
  assertEquals(parseEmbeddingSetting({ default: "robe:9", tables: {} }, "x").all.kind, "robe");
});
