/**
 * The shape of a DLRM and its checks.
 *
 * @module
 */

/** How dense vector and embeddings meet. */
export type Interaction = "dot" | "cat" | "dcn";

/** The shape of a model; nothing here depends on data, device or optimiser. */
export interface DlrmConfig {
  /** Numbers per sample that enter the bottom MLP. */
  readonly denseFeatures: number;
  /** The uncompressed tables. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  /** Elements of an embedding vector. */
  readonly dim: number;
  /** Widths of the bottom MLP, input first: Kaggle's is `[13, 512, 256, 64, 16]`. ReLU after every layer. */
  readonly bottom: readonly number[];
  /** Widths of the top MLP after its input: Kaggle's is `[512, 256, 1]`. ReLU between layers, none after the last. */
  readonly top: readonly number[];
  /**
   * Default `"dot"`: the dense vector and the products of all pairs. `"cat"`: all vectors side by side. `"dcn"`: the
   * low-rank cross network of DCNv2 over all vectors side by side.
   */
  readonly interaction?: Interaction;
  /** `"dot"`: also the product of each vector with itself. Default false. */
  readonly interactionItself?: boolean;
  /** `"dcn"`: layers. Default 3. */
  readonly crossLayers?: number;
  /** `"dcn"`: inner width. Default 512. */
  readonly crossRank?: number;
}

/** What a {@linkcode DlrmConfig} means where it is silent. */
export const DLRM_DEFAULTS: Required<
  Pick<DlrmConfig, "interaction" | "interactionItself" | "crossLayers" | "crossRank">
> = { interaction: "dot", interactionItself: false, crossLayers: 3, crossRank: 512 };

/** A checked {@linkcode DlrmConfig} with everything filled in. */
export interface DlrmShape extends Required<DlrmConfig> {
  /** Vectors that interact: the dense one and one per table. */
  readonly vectors: number;
  /** Products of vectors that `"dot"` forms. */
  readonly pairs: number;
  /** Width of the top MLP's input. */
  readonly interactionWidth: number;
  /** All widths of the top MLP, input first. */
  readonly topWidths: readonly number[];
}

/**
 * Checks a configuration and derives the widths.
 *
 * @throws {RangeError} naming both numbers that do not fit
 */
export function resolveConfig(config: DlrmConfig): DlrmShape {
  const fail = (reason: string) => {
    throw new RangeError(`Cannot build the model as ${reason}`);
  };
  const whole = (name: string, value: number) => {
    if (!Number.isSafeInteger(value) || value < 1) fail(`${name} is ${value}: want a whole number >= 1`);
  };
  const full = { ...DLRM_DEFAULTS, ...config };
  const { denseFeatures, dim, bottom, top, tables, interaction, interactionItself, crossLayers, crossRank } = full;
  whole("denseFeatures", denseFeatures);
  whole("dim", dim);
  if (tables.length === 0) fail("it has no table: want at least 1");
  for (const { name, rows } of tables) {
    whole(`the number of rows of table ${name}`, rows);
    if (rows > 2 ** 32) fail(`table ${name} has ${rows} rows: ids are 32 bits wide, want at most ${2 ** 32}`);
  }
  if (bottom.length < 2) fail(`the bottom MLP has widths [${bottom}]: want input and at least one layer`);
  if (top.length < 1) fail("the top MLP has no layer: want at least 1");
  bottom.forEach((width, i) => whole(`width ${i} of the bottom MLP`, width));
  top.forEach((width, i) => whole(`width ${i} of the top MLP`, width));
  if (bottom[0] !== denseFeatures) {
    fail(`the bottom MLP takes ${bottom[0]} inputs and the data has ${denseFeatures} dense features: want both equal`);
  }
  if (bottom.at(-1) !== dim) {
    fail(`the bottom MLP ends in ${bottom.at(-1)} and embeddings have dim ${dim}: want both equal`);
  }
  if (top.at(-1) !== 1) fail(`the top MLP ends in ${top.at(-1)}: want 1, the logit of a click`);
  whole("crossLayers", crossLayers);
  whole("crossRank", crossRank);
  const vectors = tables.length + 1;
  const pairs = vectors * (vectors - 1) / 2 + (interactionItself ? vectors : 0);
  const interactionWidth = interaction === "dot" ? dim + pairs : vectors * dim;
  return { ...full, vectors, pairs, interactionWidth, topWidths: [interactionWidth, ...top] };
}
