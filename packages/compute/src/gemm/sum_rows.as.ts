// Column sums by the tree of sum_rows.ts, one task per block of columns.

/** Slots: 0 M, 1 N, 2 a, 3 out, 4 rows per chunk, 5 columns per task. */
export function sumRows(args: usize, task: i32): void {
  const m = <i32> load<f64>(args), n = <i32> load<f64>(args, 8);
  const a = <usize> load<f64>(args, 16), out = <usize> load<f64>(args, 24);
  const chunk = <i32> load<f64>(args, 32), columns = <i32> load<f64>(args, 40);
  const from = task * columns, to = min(from + columns, n);
  const stride = <usize> n << 2;
  let j = from;
  for (; j + 16 <= to; j += 16) {
    // -0 + x is x, also for x = -0.
    let s0 = f32x4.splat(-0.0), s1 = s0, s2 = s0, s3 = s0;
    let at = a + (<usize> j << 2);
    for (let i = 0; i < m; i += chunk) {
      const rows = min(chunk, m - i);
      let t0 = v128.load(at), t1 = v128.load(at, 16), t2 = v128.load(at, 32), t3 = v128.load(at, 48);
      at += stride;
      for (let r = 1; r < rows; r++, at += stride) {
        t0 = f32x4.add(t0, v128.load(at));
        t1 = f32x4.add(t1, v128.load(at, 16));
        t2 = f32x4.add(t2, v128.load(at, 32));
        t3 = f32x4.add(t3, v128.load(at, 48));
      }
      s0 = f32x4.add(s0, t0);
      s1 = f32x4.add(s1, t1);
      s2 = f32x4.add(s2, t2);
      s3 = f32x4.add(s3, t3);
    }
    const to16 = out + (<usize> j << 2);
    v128.store(to16, s0);
    v128.store(to16, s1, 16);
    v128.store(to16, s2, 32);
    v128.store(to16, s3, 48);
  }
  for (; j < to; j++) {
    let sum: f32 = -0.0;
    let at = a + (<usize> j << 2);
    for (let i = 0; i < m; i += chunk) {
      const rows = min(chunk, m - i);
      let part = load<f32>(at);
      at += stride;
      for (let r = 1; r < rows; r++, at += stride) part += load<f32>(at);
      sum += part;
    }
    store<f32>(out + (<usize> j << 2), sum);
  }
}
