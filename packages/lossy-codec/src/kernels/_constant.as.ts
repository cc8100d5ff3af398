// Constants of vectors.

/**
 * Four times `pattern`. V8 makes a constant anew at every use, in loops too, by three instructions; a value that it does not know
 * stays in a register. `count` is any number that is not negative, which no compiler can tell.
 */
@inline
export function kept4(pattern: i32, count: i32): v128 {
  return i32x4.splat(pattern | count >> 31);
}
