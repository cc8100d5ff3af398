/**
 * From the configuration to the words of `dlrm-model`: shape, embedding schemes, cost.
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
} from "@pocketrec/dlrm-model";
import { UsageError } from "../errors.ts";
import type { TableSize } from "../report/html.ts";
import type { DataFacts } from "./defaults.ts";
import { type EmbeddingSpec, formatEmbeddingSpec, parseEmbeddingSetting } from "./embedding_spec.ts";
import type { TrainConfig } from "./resolve.ts";

/** Everything about the model that is known before it is built. */
export interface ModelChoice {
  readonly shape: DlrmConfig;
  readonly compression: CompressionPlan;
  readonly qrOperation: QrOperation;
  readonly cost: ModelCost;
  /** MLPs and embeddings as stored. */
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
  const embedding = parseEmbeddingSetting(config.embedding, "--embedding");
  const qrOperation = onlyOperation([embedding.all, ...Object.values(embedding.tables)]);
  try {
    const cost = modelCost(shape);
    const compression = planCompression(sizes, dim, toChoice(embedding.all), {
      operation: qrOperation,
      tables: Object.fromEntries(Object.entries(embedding.tables).map(([name, spec]) => [name, toChoice(spec)])),
    });
    const tables = sizes.map(({ name, rows }, i): TableSize => {
      const scheme = compression.schemes[i]!;
      const spec = embedding.tables[name] ?? embedding.all;
      return {
        name,
        rows,
        dim,
        kind: scheme.kind === "full" ? "full" : formatEmbeddingSpec(spec),
        bytes: 4 * storedElements(rows, dim, scheme, qrOperation),
        fullBytes: 4 * rows * dim,
      };
    });
    const parameters = cost.denseParameters + compression.embeddingBytes / 4;
    return { shape, compression, qrOperation, cost, parameters, tables };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function toChoice(spec: EmbeddingSpec): CompressionChoice {
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
