/** Parts of the kernels that add up long lists of rows. @module */

/** Threads of a workgroup. */
export const SUM_WORKGROUP = 256;
/**
 * Threads of a workgroup whose lanes add up together. Small: most such workgroups find no long list and end, and a chunk
 * has few rows.
 */
export const TREE_WORKGROUP = 64;
/** The most threads side by side on one row in such a workgroup. */
export const MAX_LANES = 16;
/** Rows that are added one by one before chunks begin; also positions per block. */
export const SUM_CHUNK = 64;

/** Builtins of an entry point. */
export const ARGUMENTS =
  /* wgsl */ `@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32`;
/** Linear index of a workgroup; see `spreadWorkgroups`. */
export const GROUP_INDEX = /* wgsl */ `let group_index = group.x + group.y * groups.x;`;

/** Storage bindings of a kernel: declarations and access, in order from binding 1 on. */
export class Bindings {
  readonly buffers: ("read" | "read-write")[] = [];
  text = "";

  /** Adds one buffer. */
  add(name: string, element: string, access: "read" | "read-write" = "read"): this {
    this.buffers.push(access);
    const mode = access === "read" ? "read" : "read_write";
    this.text += `@group(0) @binding(${this.buffers.length}) var<storage, ${mode}> ${name}: array<${element}>;\n`;
    return this;
  }
}

/** Adds up `sum` over the row-lanes of a workgroup, as a tree; the result is in `partial[local]` of lane 0. */
export function treeSum(lanes: number): string {
  return /* wgsl */ `
    partial[local] = sum;
    workgroupBarrier();
    for (var step = ${(TREE_WORKGROUP / lanes) >> 1}u; step > 0u; step >>= 1u) {
      if (lane < step) { partial[local] += partial[local + step * ${lanes}u]; }
      workgroupBarrier();
    }`;
}
