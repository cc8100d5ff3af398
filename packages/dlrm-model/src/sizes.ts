/**
 * Parameters, bytes and FLOPs of a model, for reports and for the limits that benches compare with.
 *
 * @module
 */
import { type DlrmConfig, resolveConfig } from "./config.ts";

/** What a model costs; see {@linkcode modelCost}. */
export interface ModelCost {
  /** Weights and biases of the MLPs and of the cross network. */
  readonly denseParameters: number;
  /** Rows of all tables, uncompressed. */
  readonly tableRows: number;
  /** Bytes of all tables in float32, uncompressed. */
  readonly fullEmbeddingBytes: number;
  /** Floating-point operations of one sample forward, 2 per multiply-add; the pair products counted as a full square. */
  readonly forwardFlops: number;
  /** The same when only the triangle of the pair products is computed. */
  readonly forwardFlopsTriangle: number;
  /** Forward, gradients of activations and of weights: three times {@linkcode forwardFlops}. */
  readonly trainFlops: number;
  /** Bytes of rows read by one sample forward, one id per table. */
  readonly lookupBytes: number;
  /** Bytes of rows and gradients moved by one sample's SGD update: read gradient, read row, write row. */
  readonly sgdUpdateBytes: number;
}

/** Computes the cost of a model, per sample where it depends on the batch. */
export function modelCost(config: DlrmConfig): ModelCost {
  const shape = resolveConfig(config);
  const { vectors, dim, interaction, crossLayers, crossRank, topWidths, bottom } = shape;
  let denseParameters = mlpParameters(bottom) + mlpParameters(topWidths);
  let products = mlpProducts(bottom) + mlpProducts(topWidths);
  let triangle = products;
  if (interaction === "dot") {
    products += vectors * vectors * dim;
    triangle += shape.pairs * dim;
  } else if (interaction === "dcn") {
    const width = vectors * dim;
    denseParameters += crossLayers * (2 * width * crossRank + width);
    products += crossLayers * 2 * width * crossRank;
    triangle = products;
  }
  const tableRows = shape.tables.reduce((sum, table) => sum + table.rows, 0);
  const lookupBytes = shape.tables.length * dim * 4;
  return {
    denseParameters,
    tableRows,
    fullEmbeddingBytes: tableRows * dim * 4,
    forwardFlops: 2 * products,
    forwardFlopsTriangle: 2 * triangle,
    trainFlops: 6 * products,
    lookupBytes,
    sgdUpdateBytes: 3 * lookupBytes,
  };
}

function mlpParameters(widths: readonly number[]): number {
  return mlpProducts(widths) + widths.slice(1).reduce((sum, width) => sum + width, 0);
}

function mlpProducts(widths: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < widths.length; i++) sum += widths[i - 1]! * widths[i]!;
  return sum;
}
