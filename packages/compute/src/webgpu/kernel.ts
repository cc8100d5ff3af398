/** How a kernel uses one of its storage buffers. */
export type Access = "read" | "read-write";

/** Scalar types of kernel parameters. */
export type ParameterType = "u32" | "i32" | "f32";

/**
 * A WGSL compute kernel as data. Group 0 holds, at binding 0, the uniform struct of `parameters` (four bytes each, in
 * order; none: the binding is absent) and, from binding 1 on, the storage buffers.
 */
export interface WgslKernel {
  /** `package/operator[variant]`; the pipeline's name in errors and profilers, and its key in the cache. */
  readonly label: string;
  /** WGSL text. */
  readonly code: string;
  /** Types of the uniform parameters. */
  readonly parameters: readonly ParameterType[];
  /** Access of each storage buffer. */
  readonly buffers: readonly Access[];
  /** Default `main`. */
  readonly entryPoint?: string;
  /** Values of `override` constants; part of the variant, so name them in the label. */
  readonly constants?: Readonly<Record<string, number>>;
}

/** Threads of a workgroup most kernels use: 1-D, fits the default limit of 256 and every subgroup size. */
export const WORKGROUP_SIZE = 256;

/** Workgroups per dimension that every device allows. */
const MAX_WORKGROUPS = 65_535;

/**
 * Spreads `count` workgroups over x and y, as one dimension holds 65,535 at most. Kernels recover the linear index as
 * `id.x + id.y * workgroups.x` and must ignore indices from `count` on.
 */
export function spreadWorkgroups(count: number): [x: number, y: number, z: number] {
  if (count <= MAX_WORKGROUPS) return [count, 1, 1];
  const y = Math.ceil(count / MAX_WORKGROUPS);
  if (y > MAX_WORKGROUPS) {
    throw new RangeError(`Cannot dispatch ${count} workgroups: want at most ${MAX_WORKGROUPS ** 2}`);
  }
  return [Math.ceil(count / y), y, 1];
}
