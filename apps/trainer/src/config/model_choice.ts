/**
 * From the configuration to the words of `dlrm-model` and `robe-array`: shape, how embeddings are stored, cost.
 *
 * @module
 */
import {
  type CompressionChoice,
  type CompressionPlan,
  type DlrmConfig,
  type ModelCost,
  modelCost,
  planCompression,
  type QrOperation,
  storedElements,
  type TableScheme,
} from "@pocketrec/dlrm-model";
import type { RobeLayoutOptions } from "@pocketrec/robe-array";
import { UsageError } from "../errors.ts";
import type { TableSize } from "../report/html.ts";
import type { DataFacts } from "./defaults.ts";
import {
  type EmbeddingPlan,
  type EmbeddingSpec,
  formatEmbeddingSpec,
  parseEmbeddingSetting,
} from "./embedding_spec.ts";
import type { TrainConfig } from "./resolve.ts";
import { type ArrayGrowth, planRobe } from "./robe_spec.ts";

/** How a model stores its embeddings: every table by its scheme, or all tables in one ROBE array. */
export type StoredEmbedding =
  | { readonly schemes: readonly TableScheme[]; readonly qrOperation: QrOperation }
  | { readonly robe: Required<RobeLayoutOptions> };

/** What the embeddings take. */
export type EmbeddingSizes = Omit<CompressionPlan, "schemes">;

/** Everything about the model that is known before it is built. */
export interface ModelChoice {
  readonly shape: DlrmConfig;
  /** How embeddings are stored as training begins. */
  readonly embedding: StoredEmbedding;
  /** When a ROBE array grows, in order. */
  readonly growth: readonly ArrayGrowth[];
  /** Sizes in the end. */
  readonly compression: EmbeddingSizes;
  readonly cost: ModelCost;
  /** MLPs and embeddings as stored in the end. */
  readonly parameters: number;
  readonly tables: readonly TableSize[];
}

/**
 * Chooses shape and schemes.
 *
 * @throws {UsageError} when the shape is impossible or the ratio cannot be reached.
 */
export function chooseModel(config: TrainConfig, facts: DataFacts): ModelChoice {
  const { denseFeatures, tables: sizes } = facts;
  const { dim, bottom, top, interaction, interactionItself, crossLayers, crossRank } = config;
  const mlps = { denseFeatures, dim, bottom, top };
  const shape: DlrmConfig = { ...mlps, tables: sizes, interaction, interactionItself, crossLayers, crossRank };
  const plan = parseEmbeddingSetting(config.embedding, "--embedding");
  try {
    const cost = modelCost(shape);
    const stored = plan.all.kind === "robe" ? robeChoice(shape, plan.all, config) : tableChoice(shape, plan);
    const parameters = cost.denseParameters + stored.compression.embeddingBytes / 4;
    return { shape, cost, parameters, ...stored };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** What embeddings take when they are stored otherwise than planned for the end: an array that has not grown yet. */
export function sizesOf(choice: ModelChoice, stored: StoredEmbedding): Pick<ModelChoice, "compression" | "tables"> {
  if (!("robe" in stored)) return choice;
  const embeddingBytes = 4 * stored.robe.size;
  const { fullEmbeddingBytes } = choice.compression;
  return {
    compression: { fullEmbeddingBytes, embeddingBytes, compressionRatio: fullEmbeddingBytes / embeddingBytes },
    tables: choice.tables.map((table, i) => (i === 0 ? { ...table, bytes: embeddingBytes } : table)),
  };
}

type Stored = Pick<ModelChoice, "embedding" | "growth" | "compression" | "tables">;

function tableChoice({ tables, dim }: DlrmConfig, plan: EmbeddingPlan): Stored {
  const qrOperation = onlyOperation([plan.all, ...Object.values(plan.tables)]);
  const { schemes, ...compression } = planCompression(tables, dim, toChoice(plan.all), {
    operation: qrOperation,
    tables: Object.fromEntries(Object.entries(plan.tables).map(([name, spec]) => [name, toChoice(spec)])),
  });
  const sizes = tables.map(({ name, rows }, i): TableSize => {
    const scheme = schemes[i]!;
    return {
      name,
      rows,
      dim,
      kind: scheme.kind === "full" ? "full" : formatEmbeddingSpec(plan.tables[name] ?? plan.all),
      bytes: 4 * storedElements(rows, dim, scheme, qrOperation),
      fullBytes: 4 * rows * dim,
    };
  });
  return { embedding: { schemes, qrOperation }, growth: [], compression, tables: sizes };
}

function robeChoice({ tables, dim }: DlrmConfig, spec: EmbeddingSpec, config: TrainConfig): Stored {
  const { layout, growth, finalSize } = planRobe(tables, dim, spec, config);
  const fullBytes = (rows: number) => 4 * rows * dim;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const kind = formatEmbeddingSpec(spec);
  const fullEmbeddingBytes = fullBytes(rows), embeddingBytes = 4 * finalSize;
  return {
    embedding: { robe: layout },
    growth,
    compression: { fullEmbeddingBytes, embeddingBytes, compressionRatio: fullEmbeddingBytes / embeddingBytes },
    tables: [
      { name: "all, in one array", rows, dim, kind, bytes: embeddingBytes, fullBytes: fullEmbeddingBytes },
      ...tables.map((table) => ({ ...table, dim, kind: "in the array", bytes: 0, fullBytes: fullBytes(table.rows) })),
    ],
  };
}

function toChoice(spec: EmbeddingSpec): CompressionChoice {
  if (spec.kind === "robe") throw new TypeError("Cannot choose a scheme per table for robe: it takes all tables");
  return spec.kind === "full" ? { kind: "full" } : { kind: spec.kind, ratio: spec.amount! };
}

/** All QR tables of a model combine their factors in one way. */
function onlyOperation(specs: readonly EmbeddingSpec[]): QrOperation {
  const operations = new Set(specs.filter((s) => s.kind === "qr").map((s) => s.options["op"] ?? "mult"));
  if (operations.size > 1) {
    throw new UsageError(`Cannot mix QR operations in one model: got ${[...operations].join(" and ")}; want one`);
  }
  return [...operations][0] as QrOperation | undefined ?? "mult";
}
