/**
 * The grammar of `--codec`: what happens to embedding vectors, and to their gradients, on the way between ranks.
 *
 * @module
 */
import { type ClassBounds, type Decay, DECAY_KINDS, type DecayKind } from "@pocketrec/lossy-codec/dual-level";
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";
import { type OptionRule, type OptionRules, parseSpecOptions } from "./spec_options.ts";

/** Where the codec is in the way: of look-ups, of their gradients, or of both. */
export type CodecDirection = "forward" | "backward" | "both";

/** Half precision, both ways of which a network carries two bytes an element. */
export interface HalfSpec {
  readonly kind: "fp16";
  readonly direction: CodecDirection;
}

/** Error-bounded compression. */
export interface LossySpec {
  readonly kind: "lossy";
  readonly direction: CodecDirection;
  /** Parts of a batch that have ranges, and so bounds, of their own: as many as there would be ranks. */
  readonly slices: number;
  /** Relative bounds by table class; all are equal where not adaptive. */
  readonly bounds: ClassBounds;
  /** Bounds of gradients, as multiples of those of look-ups. */
  readonly gradientFactor: number;
  /** When tables are put into classes: after this share of the steps, by so many batches. */
  readonly adaptive?: { readonly warmup: number; readonly samples: number };
  /** Factor on all bounds, over a share of the steps. */
  readonly decay: Pick<Decay, "kind" | "initial"> & { readonly phase: number };
}

/** What `--codec` asks for. */
export type CodecSpec = { readonly kind: "off" } | HalfSpec | LossySpec;

/** The bound without one: that of the authors' runs without adaptation. */
const DEFAULT_BOUND = 0.02;
/** The same of the base class with adaptation. The classes' ratios to it are those of the authors, 1/3 and 5/3. */
const DEFAULT_ADAPTIVE_BOUND = 0.03;

const number = (want: string, accepts: (x: number) => boolean): OptionRule => ({
  want,
  accepts: (value) => /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(value) && accepts(Number(value)),
});
const isBound = (x: number) => x > 0 && x <= 0.5;
const BOUND = "a share of the range of values > 0 and <= 0.5";
const bound = number(BOUND, isBound);
const whole = (most: number) =>
  number(`a whole number from 1 to ${most}`, (x) => Number.isInteger(x) && x >= 1 && x <= most);

const DIRECTION = { direction: ["forward", "backward", "both"] } as const;

const KINDS: Readonly<Record<CodecSpec["kind"], OptionRules>> = {
  off: {},
  fp16: DIRECTION,
  lossy: {
    ...DIRECTION,
    gradient: bound,
    slices: whole(4096),
    adaptive: { want: "none", accepts: (value) => value === "" },
    tighten: bound,
    loosen: bound,
    warmup: number("a share of the steps >= 0 and < 1", (x) => x < 1),
    samples: whole(1000),
    decay: DECAY_KINDS,
    c0: number("a factor from 1 to 100", (x) => x >= 1 && x <= 100),
    phase: number("a share of the steps > 0 and <= 1", (x) => x > 0 && x <= 1),
  },
};
const WANT = "off, fp16 or lossy[:<relative bound>][,adaptive]";

/** Options that say nothing without another one. */
const NEEDS_ADAPTIVE: readonly string[] = ["tighten", "loosen", "warmup", "samples"];

/**
 * Parses the setting, such as `lossy:0.03,adaptive,direction=both`.
 *
 * @param what how messages name the setting.
 * @throws {UsageError}
 */
export function parseCodecSpec(text: string, what: string): CodecSpec {
  const [head = "", ...rest] = text.split(",");
  const [kind = "", boundText, ...more] = head.split(":");
  const rules = Object.hasOwn(KINDS, kind) ? KINDS[kind as CodecSpec["kind"]] : undefined;
  if (!rules || more.length > 0) {
    const near = rules ? undefined : nearestName(kind, Object.keys(KINDS));
    throw new UsageError(
      `Cannot read ${what} as its kind is unknown: "${text}"; want ${WANT}` + (near ? ` (did you mean ${near}?)` : ""),
    );
  }
  if (boundText !== undefined) {
    if (kind !== "lossy") {
      throw new UsageError(`Cannot read ${what} as ${kind} takes no bound: "${text}"; want ${kind}`);
    }
    if (!("accepts" in bound && bound.accepts(boundText))) {
      throw new UsageError(`Cannot read ${what} as the bound must be ${BOUND}: "${text}"; want lossy:0.02 or the like`);
    }
  }
  const options = parseSpecOptions(kind, rules, rest, { what, text });
  const direction = (options["direction"] ?? "forward") as CodecDirection;
  if (kind === "off") return { kind };
  if (kind === "fp16") return { kind, direction };
  return lossy(options, direction, boundText, { what, text });
}

function lossy(
  options: Readonly<Record<string, string>>,
  direction: CodecDirection,
  boundText: string | undefined,
  { what, text }: { readonly what: string; readonly text: string },
): LossySpec {
  const get = (key: string, fallback: number) => Number(options[key] ?? fallback);
  const adaptive = options["adaptive"] !== undefined;
  const refuse = (key: string, want: string): never => {
    throw new UsageError(`Cannot read ${what} as option ${key} of lossy says nothing here: "${text}"; want ${want}`);
  };
  const vain = adaptive ? undefined : NEEDS_ADAPTIVE.find((key) => options[key] !== undefined);
  if (vain) refuse(vain, "adaptive with it");
  if (direction === "forward" && options["gradient"] !== undefined) refuse("gradient", "direction=backward or both");
  const kind = (options["decay"] ?? (adaptive ? "step" : "none")) as DecayKind;
  const still = kind === "none" ? ["c0", "phase"].find((key) => options[key] !== undefined) : undefined;
  if (still) refuse(still, "decay=step with it, or another one");

  const base = Number(boundText ?? (adaptive ? DEFAULT_ADAPTIVE_BOUND : DEFAULT_BOUND));
  const tighten = get("tighten", adaptive ? base / 3 : base);
  const loosen = get("loosen", adaptive ? base / 0.6 : base);
  if (!(tighten <= base && base <= loosen)) {
    throw new UsageError(
      `Cannot read ${what} as the bounds of tighten, base and loosen must ascend: got ${tighten}, ${base} and ${loosen}`,
    );
  }
  return {
    kind: "lossy",
    direction,
    slices: get("slices", 1),
    bounds: { tighten, base, loosen },
    gradientFactor: get("gradient", base) / base,
    ...(adaptive ? { adaptive: { warmup: get("warmup", 0.05), samples: get("samples", 8) } } : {}),
    decay: { kind, initial: get("c0", 2), phase: get("phase", 0.2) },
  };
}
