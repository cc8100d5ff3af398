/**
 * What is compared.
 *
 * @module
 */

/** One way to compress the exchange, trained over several seeds. */
export interface Arm {
  /** Unique; also the name of its files. */
  readonly name: string;
  readonly group: "reference" | "forward" | "backward" | "both" | "adaptive" | "decay" | "ranks";
  /** For `--codec`. */
  readonly codec: string;
  /** Further flags of the trainer. */
  readonly flags?: readonly string[];
  /** The relative bound where it is one for all tables and steps. */
  readonly bound?: number;
}

/** Full precision, which all others are compared with. */
export const FULL: Arm = { name: "full precision", group: "reference", codec: "off" };

/**
 * Full precision again, with the sums of dense layers in another order. What it differs by from {@linkcode FULL} is chance:
 * no arm can be told apart from full precision more finely than this one.
 */
const OTHER_SUMS: Arm = {
  name: "other order of sums",
  group: "reference",
  codec: "off",
  flags: ["--blas", "portable"],
};

/** The policy that the others are measured for. */
export const CHOSEN = "both 0.01";

const BOUNDS = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1];

/** The bound of the trials of decay. */
const DECAYED = 0.02;

/** All arms. */
export function allArms(): Arm[] {
  const arms: Arm[] = [FULL, OTHER_SUMS];
  const add = (group: Arm["group"], name: string, codec: string, bound?: number) =>
    void arms.push({ name, group, codec, ...(bound === undefined ? {} : { bound }) });
  for (const direction of ["forward", "backward", "both"] as const) {
    add("reference", `fp16 ${direction}`, `fp16,direction=${direction}`);
  }
  for (const direction of ["forward", "backward", "both"] as const) {
    for (const bound of BOUNDS) {
      add(direction, `${direction} ${bound}`, `lossy:${bound},direction=${direction}`, bound);
    }
  }
  for (const direction of ["forward", "backward", "both"] as const) {
    add("adaptive", `table-wise ${direction}`, `lossy,adaptive,decay=none,direction=${direction}`);
    add("adaptive", `dual-level ${direction}`, `lossy,adaptive,direction=${direction}`);
  }
  // Gradients of most rows are small beside the largest, and what is below half a step is lost: tighter bounds for them.
  for (const bound of [0.005, 0.01]) {
    add(
      "adaptive",
      `table-wise both, gradients ${bound}`,
      `lossy,adaptive,decay=none,direction=both,gradient=${bound}`,
    );
    add("adaptive", `dual-level both, gradients ${bound}`, `lossy,adaptive,direction=both,gradient=${bound}`);
  }
  for (const kind of ["step", "linear", "log", "constant"]) {
    add("decay", `${DECAYED} ${kind} from 2`, `lossy:${DECAYED},decay=${kind},c0=2`);
  }
  add("decay", `${DECAYED} step from 3`, `lossy:${DECAYED},decay=step,c0=3`);
  add("decay", `${DECAYED} step from 2, the whole run`, `lossy:${DECAYED},decay=step,c0=2,phase=1`);
  for (const slices of [4, 32]) add("ranks", `${DECAYED} in ${slices} slices`, `lossy:${DECAYED},slices=${slices}`);
  return arms;
}
