/**
 * The ratios as a Markdown page.
 *
 * @module
 */
import { markdownTable } from "../../stats/markdown_text.ts";
import { type Cell, OVER_HYBRID, OVER_ZSTD, ratio, type Verdict, winner } from "./aggregate.ts";
import { type Method, METHODS } from "./methods.ts";

const HEADS: Readonly<Record<Method, string>> = {
  ours: "ours",
  oursKept: "ours, tables kept",
  oursFile: "ours, file",
  hybrid: "hybrid",
  hybridFile: "hybrid, file",
  hybridByModel: "hybrid by model",
  vlz: "vlz",
  huff: "huff",
  pack: "pack",
  zstd3: "zstd -3",
  zstd19: "zstd -19",
  lz4: "LZ4",
  deflate: "fflate",
  zstd3Floats: "zstd -3 f32",
  zstd19Floats: "zstd -19 f32",
  zfp: "zfp",
  zfpEqualError: "zfp, equal error",
  sz3: "SZ3",
  sz3NoPrediction: "SZ3, no prediction",
};

/** The page. */
export function markdown(
  facts: readonly string[],
  names: Partial<Record<Method, string>>,
  cells: readonly Cell[],
  verdicts: readonly Verdict[],
): string {
  const shown = METHODS.filter((method) => names[method] !== undefined);
  const of = (kind: Cell["kind"]) => cells.filter((cell) => cell.kind === kind);
  const columns = shown.map((method) => [HEADS[method], names[method]!]);
  return [
    "# Ratios of the codec beside others",
    "",
    ...facts.map((fact) => `- ${fact}`),
    "",
    ...markdownTable(["column", "what"], columns),
    ...section("What is asked of embedding batches", verdictLines(verdicts)),
    ...section("Embedding batches", cellTable(of("embeddings"), shown)),
    ...section("Controls", cellTable(of("control"), shown)),
    ...section("Other arrays, where another codec may be the better choice", winnerLines(of("counter-example"), shown)),
    ...section("By table, whole batches, bound 0.03", tableLines(of("embeddings"), shown)),
  ].join("\n") + "\n";
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? ["", `## ${title}`, "", ...lines] : [];
}

function text(x: number | undefined): string {
  return x === undefined ? "" : x >= 100 ? x.toFixed(0) : x.toFixed(x >= 10 ? 1 : 2);
}

function rowsText(sliceRows: number | "all"): string {
  return String(sliceRows);
}

function verdictLines(verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return [];
  const head = ["arrays", "slice rows", "bound", `ours / hybrid >= ${OVER_HYBRID}`, "as files"];
  return markdownTable(
    [...head, `ours / zstd -19 >= ${OVER_ZSTD}`, "our files / its frames", "verdict"],
    verdicts.map((v) => [
      v.group,
      rowsText(v.sliceRows),
      String(v.rel),
      text(v.overHybrid),
      text(v.overHybridFile),
      text(v.overZstd19),
      text(v.overZstd19File),
      v.met ? "met" : "missed",
    ]),
  );
}

function cellTable(cells: readonly Cell[], shown: readonly Method[]): string[] {
  if (cells.length === 0) return [];
  return markdownTable(
    ["arrays", "slice rows", "bound", ...shown.map((method) => HEADS[method])],
    cells.map((cell) => [
      cell.group,
      rowsText(cell.sliceRows),
      String(cell.rel),
      ...shown.map((method) => text(ratio(cell, method))),
    ]),
  );
}

function winnerLines(cells: readonly Cell[], shown: readonly Method[]): string[] {
  if (cells.length === 0) return [];
  const kept = shown.filter((method) => !method.startsWith("hybrid") && method !== "oursFile");
  const table = markdownTable(
    ["array", "bound", ...kept.map((method) => HEADS[method]), "smallest within the bound"],
    cells.map((cell) => [
      cell.group,
      String(cell.rel),
      ...kept.map((method) => text(ratio(cell, method))),
      HEADS[winner(cell)],
    ]),
  );
  const won = cells.filter((cell) => winner(cell) === "ours").length;
  return [
    `Ours is the smallest of ours, zstd -19, fflate, zfp and SZ3 on ${won} of ${cells.length}.`,
    "",
    ...table,
  ];
}

function tableLines(cells: readonly Cell[], shown: readonly Method[]): string[] {
  const largest = (own: Cell) =>
    cells.filter(({ group }) => group === own.group).every(({ sliceRows }) => sliceRows <= own.sliceRows);
  const kept = shown.filter((method) => !/File|Floats/.test(method));
  const rows = cells.filter((cell) => cell.rel === 0.03 && largest(cell)).flatMap(({ group, tables }) =>
    tables.map((table) => [group, table.name, ...kept.map((method) => text(ratio(table, method)))])
  );
  return rows.length === 0 ? [] : markdownTable(["arrays", "table", ...kept.map((method) => HEADS[method])], rows);
}
