import type { QrOperation, TableScheme } from "../compression/index_split.ts";
import type { EmbeddingTable, OnnxGraph } from "../embedding_collection.ts";

/** What of a collection its ONNX form depends on. */
export interface OnnxTables {
  readonly tables: readonly EmbeddingTable[];
  readonly schemes: readonly TableScheme[];
  readonly operation: QrOperation;
}

/**
 * Describes the look-up of one id per table: per table a column of `input` (int64 `[batch, tables]`), its row, a Gather;
 * then all side by side as `[batch, tables, dim]`.
 */
export function tablesToOnnx(graph: OnnxGraph, input: string, { tables, schemes, operation }: OnnxTables): string {
  const halves = operation === "concat" && schemes.some(({ kind }) => kind === "qr");
  const vectors = tables.map((_, t) => {
    const scheme = schemes[t]!, name = `emb_l.${t}.weight`;
    const ids = graph.node("Gather", [input, graph.constant([t])], { axis: 1 });
    const gather = (weight: string, rows: string) => graph.node("Gather", [graph.weight(weight), rows], { axis: 0 });
    const modulo = (by: number) => graph.node("Mod", [ids, graph.constant([by])]);
    const quotient = (by: number) => graph.node("Div", [ids, graph.constant([by])]);
    const rows = scheme.kind === "hash" ? modulo(scheme.rows) : ids;
    if (scheme.kind !== "qr" && !halves) return gather(name, rows);
    const first = gather(`${name}_q`, scheme.kind === "qr" ? quotient(scheme.divisor) : rows);
    const second = gather(`${name}_r`, scheme.kind === "qr" ? modulo(scheme.divisor) : rows);
    if (halves) return graph.node("Concat", [first, second], { axis: 2 });
    return graph.node(operation === "mult" ? "Mul" : "Add", [first, second]);
  });
  return graph.node("Concat", vectors, { axis: 1 });
}
