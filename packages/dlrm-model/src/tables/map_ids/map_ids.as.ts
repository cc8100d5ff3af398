// Row ids to rows of stored tables; a task is a block of bags.
//
// Slots: 0 bags, 1 tables, 2 start, 3 end, 4 bags per task, 5 offsets (0: one id per bag), 6 ids, 7 divisors, 8 moduli,
// 9 rowBase, 10 out.

// @ts-ignore: decorator
@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

const NO_ROW: u32 = 0xffffffff;

export function mapIds(args: usize, task: i32): void {
  const bags = slot(args, 0), tables = slot(args, 1), start = <u32>slot(args, 2), end = <u32>slot(args, 3);
  const offsets = slot(args, 5), ids = slot(args, 6), divisors = slot(args, 7), moduli = slot(args, 8);
  const rowBase = slot(args, 9), out = slot(args, 10);
  const first = <usize>task * slot(args, 4);
  const stop = min(first + slot(args, 4), bags);
  let table = first % tables;
  for (let bag = first; bag < stop; bag++) {
    const divisor = load<u32>(divisors + (table << 2)), modulus = load<u32>(moduli + (table << 2));
    const base = load<u32>(rowBase + (table << 2));
    const from = offsets ? <usize>load<u32>(offsets + (bag << 2)) : bag;
    const to = offsets ? <usize>load<u32>(offsets + (bag << 2), 4) : bag + 1;
    for (let at = from; at < to; at++) {
      const id = load<u32>(ids + (at << 2));
      let row = NO_ROW;
      if (id != NO_ROW && modulus != 0) {
        row = base + id / divisor % modulus;
        row = row >= start && row < end ? row - start : NO_ROW;
      }
      store<u32>(out + (at << 2), row);
    }
    if (++table == tables) table = 0;
  }
}
