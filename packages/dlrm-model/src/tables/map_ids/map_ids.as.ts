// Row ids to rows of stored tables; a task is a block of bags.
//
// Slots: 0 bags, 1 tables, 2 rule (0 same, 1 remainder, 2 quotient), 3 start, 4 end, 5 bags per task, 6 offsets (0: one
// id per bag), 7 ids, 8 divisors, 9 rowBase, 10 out.

// @ts-ignore: decorator
@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

const NO_ROW: u32 = 0xffffffff;

export function mapIds(args: usize, task: i32): void {
  const bags = slot(args, 0), tables = slot(args, 1), rule = slot(args, 2);
  const start = <u32>slot(args, 3), end = <u32>slot(args, 4);
  const offsets = slot(args, 6), ids = slot(args, 7), divisors = slot(args, 8), rowBase = slot(args, 9);
  const out = slot(args, 10);
  const first = <usize>task * slot(args, 5);
  const stop = min(first + slot(args, 5), bags);
  let table = first % tables;
  for (let bag = first; bag < stop; bag++) {
    const divisor = load<u32>(divisors + (table << 2)), base = load<u32>(rowBase + (table << 2));
    const from = offsets ? <usize>load<u32>(offsets + (bag << 2)) : bag;
    const to = offsets ? <usize>load<u32>(offsets + (bag << 2), 4) : bag + 1;
    for (let at = from; at < to; at++) {
      const id = load<u32>(ids + (at << 2));
      let row = NO_ROW;
      if (id != NO_ROW && divisor != 0) {
        row = base + (rule == 0 ? id : rule == 1 ? id % divisor : id / divisor);
        row = row >= start && row < end ? row - start : NO_ROW;
      }
      store<u32>(out + (at << 2), row);
    }
    if (++table == tables) table = 0;
  }
}
