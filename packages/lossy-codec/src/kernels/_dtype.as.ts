// Element types, as in kernels.ts.

@inline
export const F16: i32 = 1;
@inline
export const F32: i32 = 2;
@inline
export const F64: i32 = 3;
