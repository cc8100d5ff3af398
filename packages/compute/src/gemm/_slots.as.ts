// Argument slots of the gemm kernels; 0 to 15 are those of the BLAS kernel in cpu/thread_main.ts.

export namespace Slot {
  export const transposeA: i32 = 0;
  export const transposeB: i32 = 1;
  export const m: i32 = 2;
  export const n: i32 = 3;
  export const k: i32 = 4;
  export const alpha: i32 = 5;
  export const a: i32 = 6;
  export const lda: i32 = 7;
  export const b: i32 = 8;
  export const ldb: i32 = 9;
  export const beta: i32 = 10;
  export const c: i32 = 11;
  export const ldc: i32 = 12;
  export const rowsPerTask: i32 = 13;
  export const columnsPerTask: i32 = 14;
  // 15: epilogue kernel of the BLAS path
  export const bias: i32 = 16;
  export const activation: i32 = 17;
  export const mask: i32 = 18;
  export const packedB: i32 = 19;
  export const scratch: i32 = 20;
  export const scratchBytes: i32 = 21;
  export const depth: i32 = 22;
  export const panelsPerTask: i32 = 23;
  export const sharedBias: i32 = 24;
}

// @ts-ignore: decorator
@inline
export function int(args: usize, slot: i32): i32 {
  return <i32> load<f64>(args + 8 * slot);
}

// @ts-ignore: decorator
@inline
export function address(args: usize, slot: i32): usize {
  return <usize> load<f64>(args + 8 * slot);
}

// @ts-ignore: decorator
@inline
export function float(args: usize, slot: i32): f32 {
  return <f32> load<f64>(args + 8 * slot);
}
