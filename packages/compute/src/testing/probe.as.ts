// Kernels that tests of the CPU device run. Arguments are f64 slots, as everywhere.

// @ts-ignore: decorator
@inline
function slot(args: usize, i: usize): usize {
  return <usize> load<f64>(args + (i << 3));
}

/**
 * Counts, in the u32 at slot 0 + 4 * task, how often each task ran, and sets the bit of the thread in the u32 at slot 1.
 */
export function claim(args: usize, task: i32, thread: i32): void {
  atomic.add<u32>(slot(args, 0) + (<usize> task << 2), 1);
  atomic.or<u32>(slot(args, 1), 1 << thread);
}

/** Adds slot 1 to the f32 at slot 0 + 4 * task. */
export function add(args: usize, task: i32, thread: i32): void {
  const x = slot(args, 0) + (<usize> task << 2);
  store<f32>(x, load<f32>(x) + <f32> load<f64>(args + 8));
}

/** Traps in the thread of slot 0; other threads work for slot 1 rounds and count the task in the u32 at slot 2. */
export function trap(args: usize, task: i32, thread: i32): void {
  if (<usize> thread == slot(args, 0)) unreachable();
  let x: u32 = <u32> task | 1;
  for (let i: usize = 0, n = slot(args, 1); i < n; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
  }
  if (x != 0) atomic.add<u32>(slot(args, 2), 1);
}
