// Two factors to one vector and back; a task is a block of bags.
//
// Slots: 0 bags, 1 tables, 2 dim, 3 operation (0 mult, 1 add, 2 concat), 4 bags per task, 5 first, 6 second, 7 single,
// 8 out or its gradient, 9 gradient of first, 10 gradient of second.

// @ts-ignore: decorator
@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

// out = a * b
// @ts-ignore: decorator
@inline
function product(a: usize, b: usize, out: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(out + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) * load<f32>(b + at));
}

// @ts-ignore: decorator
@inline
function sum(a: usize, b: usize, out: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(out + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(a + at) + load<f32>(b + at));
}

export function combine(args: usize, task: i32): void {
  const bags = slot(args, 0), tables = slot(args, 1), bytes = slot(args, 2) << 2, operation = slot(args, 3);
  const block = slot(args, 4), first = slot(args, 5), second = slot(args, 6), single = slot(args, 7);
  const out = slot(args, 8), half = bytes >> 1;
  const begin = <usize>task * block;
  for (let bag = begin, end = min(begin + block, bags); bag < end; bag++) {
    const to = out + bag * bytes;
    if (operation == 2) {
      memory.copy(to, first + bag * half, half);
      memory.copy(to + half, second + bag * half, half);
      continue;
    }
    const a = first + bag * bytes, b = second + bag * bytes;
    if (load<u32>(single + ((bag % tables) << 2))) memory.copy(to, a, bytes);
    else if (operation == 1) sum(a, b, to, bytes);
    else product(a, b, to, bytes);
  }
}

export function combineBackward(args: usize, task: i32): void {
  const bags = slot(args, 0), tables = slot(args, 1), bytes = slot(args, 2) << 2, operation = slot(args, 3);
  const block = slot(args, 4), first = slot(args, 5), second = slot(args, 6), single = slot(args, 7);
  const grad = slot(args, 8), gradFirst = slot(args, 9), gradSecond = slot(args, 10), half = bytes >> 1;
  const begin = <usize>task * block;
  for (let bag = begin, end = min(begin + block, bags); bag < end; bag++) {
    const g = grad + bag * bytes;
    if (operation == 2) {
      memory.copy(gradFirst + bag * half, g, half);
      memory.copy(gradSecond + bag * half, g + half, half);
      continue;
    }
    const at = bag * bytes;
    if (load<u32>(single + ((bag % tables) << 2))) {
      memory.copy(gradFirst + at, g, bytes);
      memory.fill(gradSecond + at, 0, bytes);
    } else if (operation == 1) {
      memory.copy(gradFirst + at, g, bytes);
      memory.copy(gradSecond + at, g, bytes);
    } else {
      product(g, second + at, gradFirst + at, bytes);
      product(g, first + at, gradSecond + at, bytes);
    }
  }
}
