// Slots: 0 elements, 1 elements per task (a multiple of 4), 2 gradient, 3 output of the ReLU.

// @ts-ignore: decorator
@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

export function reluBackward(args: usize, task: i32): void {
  const size = slot(args, 0), block = slot(args, 1), gradient = slot(args, 2), output = slot(args, 3);
  const end = min(<usize>(task + 1) * block, size) << 2;
  let at = (<usize>task * block) << 2;
  for (; at + 16 <= end; at += 16) {
    const above = f32x4.gt(v128.load(output + at), f32x4.splat(0));
    v128.store(gradient + at, v128.and(v128.load(gradient + at), above));
  }
  for (; at < end; at += 4) if (!(load<f32>(output + at) > 0)) store<f32>(gradient + at, 0);
}
