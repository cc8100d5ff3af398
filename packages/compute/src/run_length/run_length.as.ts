/**
 * Runs of equal neighbours. Tasks are chunks of keys; between `countRuns` and `writeRuns`, one task runs `scanRuns`.
 *
 * Slots: 0 keys, 1 number of keys, 2 keys per task, 3 tasks, 4 runs that start in each chunk, 5 out keys, 6 out starts,
 * 7 out count.
 */
@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

@inline
function startsRun(keys: usize, i: usize): bool {
  return i == 0 || load<u32>(keys + (i << 2)) != load<u32>(keys + (i << 2) - 4);
}

export function countRuns(args: usize, task: i32): void {
  const keys = slot(args, 0), first = <usize>task * slot(args, 2), end = min(first + slot(args, 2), slot(args, 1));
  let runs: u32 = 0;
  for (let i = first; i < end; i++) runs += <u32>startsRun(keys, i);
  store<u32>(slot(args, 4) + (<usize>task << 2), runs);
}

export function scanRuns(args: usize, task: i32): void {
  let before: u32 = 0;
  for (let at = slot(args, 4), end = at + (slot(args, 3) << 2); at < end; at += 4) {
    const runs = load<u32>(at);
    store<u32>(at, before);
    before += runs;
  }
  store<u32>(slot(args, 7), before);
  store<u32>(slot(args, 6) + (<usize>before << 2), <u32>slot(args, 1));
}

export function writeRuns(args: usize, task: i32): void {
  const keys = slot(args, 0), first = <usize>task * slot(args, 2), end = min(first + slot(args, 2), slot(args, 1));
  let at = <usize>load<u32>(slot(args, 4) + (<usize>task << 2)) << 2;
  for (let i = first; i < end; i++) {
    if (!startsRun(keys, i)) continue;
    store<u32>(slot(args, 5) + at, load<u32>(keys + (i << 2)));
    store<u32>(slot(args, 6) + at, <u32>i);
    at += 4;
  }
}
