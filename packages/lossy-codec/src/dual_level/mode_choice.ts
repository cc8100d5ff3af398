/**
 * Which mode a table is encoded with, chosen offline: the one that makes the exchange fastest by a model of a link.
 *
 * @module
 */

/** How fast a mode is, in uncompressed bytes per second. */
export interface ModeSpeed {
  /** Of the encoder. */
  readonly compress: number;
  /** Of the decoder. */
  readonly decompress: number;
}

/** The link of the authors' choice, in bytes per second. */
export const PUBLISHED_LINK = 4e9;

/**
 * The speeds of the authors' choice between their two encoders, on one A100: vector-based LZ and Huffman coding. They
 * hold there only; on other machines measure.
 */
export const PUBLISHED_SPEEDS: Readonly<Record<"vlz" | "huff", ModeSpeed>> = {
  vlz: { compress: 45e9, decompress: 290e9 },
  huff: { compress: 60e9, decompress: 40e9 },
};

/**
 * How many times faster an exchange is than without compression: `1 / (1/ratio + link (1/compress + 1/decompress))`.
 * Encoding, sending and decoding follow one another.
 *
 * @param link bytes per second
 */
export function modelledSpeedup(ratio: number, { compress, decompress }: ModeSpeed, link: number): number {
  return 1 / (1 / ratio + link * (1 / compress + 1 / decompress));
}

/** What was chosen for a table. */
export interface ModeChoice<Mode extends string> {
  /** `"raw"` where no mode is faster than sending the values as they are. */
  readonly mode: Mode | "raw";
  /** Uncompressed bytes over compressed bytes of all samples together. */
  readonly ratio: number;
  /** By the model; 1 for `"raw"`. */
  readonly speedup: number;
}

/** What it takes to choose. */
export interface ModeChoiceOptions<Mode extends string> {
  /** The modes to choose from, and how fast they are. */
  readonly speeds: Readonly<Record<Mode, ModeSpeed>>;
  /** Bytes per second of the link. */
  readonly link: number;
}

/** The best of some ratios by the model; the first of equals. */
export function chooseMode<Mode extends string>(
  ratios: Readonly<Record<Mode, number>>,
  { speeds, link }: ModeChoiceOptions<Mode>,
): ModeChoice<Mode> {
  let best: ModeChoice<Mode> = { mode: "raw", ratio: 1, speedup: 1 };
  for (const mode of Object.keys(speeds) as Mode[]) {
    const speedup = modelledSpeedup(ratios[mode], speeds[mode], link);
    if (speedup > best.speedup) best = { mode, ratio: ratios[mode], speedup };
  }
  return best;
}

/**
 * Chooses the mode of one table from sampled slices of it.
 *
 * @param samples slices as they would be sent
 * @param encodedBytes bytes of a slice in a mode, headers and all
 */
export function chooseModeBySamples<Mode extends string>(
  samples: readonly Float32Array[],
  encodedBytes: (slice: Float32Array, mode: Mode) => number,
  options: ModeChoiceOptions<Mode>,
): ModeChoice<Mode> {
  const bytes = samples.reduce((sum, slice) => sum + slice.byteLength, 0);
  const modes = Object.keys(options.speeds) as Mode[];
  // A mean of ratios would let one slice of equal rows speak for all the others.
  const ratios = Object.fromEntries(modes.map((mode) => {
    const encoded = samples.reduce((sum, slice) => sum + encodedBytes(slice, mode), 0);
    return [mode, encoded === 0 ? 1 : bytes / encoded];
  })) as Record<Mode, number>;
  return chooseMode(ratios, options);
}
