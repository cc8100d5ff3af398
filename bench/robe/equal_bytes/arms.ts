/**
 * What is compared.
 *
 * @module
 */

/** One way to store the embeddings, trained over several seeds. */
export interface Arm {
  /** Unique; also the name of its files. */
  readonly name: string;
  readonly group: "baseline" | "robe" | "ablation" | "growth" | "steps";
  /** For `--embedding`. */
  readonly embedding: string;
  /** The compression that was asked for; arms of one ratio are compared with one another. */
  readonly ratio: number;
  /** Further flags of the trainer. */
  readonly flags: readonly string[];
}

/** What the data allow. */
export interface Limits {
  /** Largest ratio of `hash`. */
  readonly hash: number;
  /** Largest ratio of `qr`. */
  readonly qr: number;
}

/** Block sizes, for a dim of 16. */
export const BLOCK_SIZES: readonly number[] = [1, 4, 8, 16];

/** Ratios of the ablations. */
const ABLATED = [10, 100, 1000];

/** Ratios, in the end, of arrays that grow. */
const GROWN = [100, 1000];

/** Where more steps are tried. */
const SMALL = 1000;

/**
 * Byte counts of the click log's folded tables, as ratios: every table above 50 rows folded to a 4th, 10th, 30th and
 * 100th of its rows.
 */
const FOLDED = [3.931, 9.5, 25.66, 63.2];

/** All arms for a data set. Ratios beyond what a method can do are left out; each is tried at its smallest instead. */
export function allArms(set: "click_log" | "synthetic", limits: Limits): Arm[] {
  const ratios = [4, 10, 30, 100, 1000, ...(set === "synthetic" ? [10_000] : [])];
  const arms: Arm[] = [];
  const add = (group: Arm["group"], name: string, embedding: string, ratio: number, flags: readonly string[] = []) => {
    if (!arms.some((arm) => arm.name === name)) arms.push({ name, group, embedding, ratio, flags });
  };
  const robe = (group: Arm["group"], ratio: number, z: number, options = "", name = "", flags?: readonly string[]) =>
    add(group, `robe-${ratio} z${z}${name && ` ${name}`}`, `robe:${ratio},z=${z}${options}`, ratio, flags);

  add("baseline", "full", "full", 1);
  const folded = set === "click_log" ? FOLDED : [];
  for (const ratio of [...ratios, ...folded, limits.hash]) {
    if (ratio <= limits.hash) add("baseline", `hash-${ratio}`, `hash:${ratio}`, ratio);
  }
  add("baseline", `qr-${limits.qr}`, `qr:${limits.qr}`, limits.qr);
  for (const ratio of ratios) for (const z of BLOCK_SIZES) robe("robe", ratio, z);
  for (const ratio of [...folded, limits.hash, limits.qr]) robe("robe", ratio, 16);

  for (const ratio of ABLATED) {
    robe("ablation", ratio, 16, ",sign=off", "unsigned");
    robe("ablation", ratio, 16, ",align=1", "align 1");
    robe("ablation", ratio, 16, ",align=1,sign=off", "align 1 unsigned");
    robe("ablation", ratio, 16, ",align=8", "align 8");
    robe("ablation", ratio, 1, ",sign=off", "unsigned");
    robe("ablation", ratio, 16, ",hash=m31", "m31");
  }
  for (const ratio of GROWN) robe("growth", ratio, 16, ",grow=4@0.3+2@0.6", "grown");
  // The whole number of epochs, whatever the validation part says in between: its best step is what the final fit takes.
  for (const epochs of [8, 16]) {
    const flags = ["--epochs", String(epochs), "--patience", "0"];
    for (const z of [1, 16]) robe("steps", SMALL, z, "", `${epochs} epochs`, flags);
    add("steps", `full ${epochs} epochs`, "full", 1, flags);
  }
  return arms;
}
