/**
 * x * y + z. `Form` f32: relaxed_madd, fused where the host has FMA. f64: rounded twice, for hosts without relaxed SIMD
 * (Node 20). A type parameter, because AssemblyScript leaves out the untaken branch of `sizeof` and has no other
 * compile-time switch per function.
 */
// @ts-ignore: decorator
@inline
export function madd<Form>(x: v128, y: v128, z: v128): v128 {
  if (sizeof<Form>() == 4) return f32x4.relaxed_madd(x, y, z);
  return f32x4.add(f32x4.mul(x, y), z);
}
