/**
 * What one thread of the CPU device runs. `makeThread` is used directly by the calling thread, and as text by the
 * workers (a worker file of its own would not survive bundling), so it must not refer to anything outside itself.
 *
 * The control block lies at the start of the shared memory, each word on a cache line of its own:
 *
 * | word | meaning |
 * | --- | --- |
 * | 16 | generation: bumped when a job is posted, workers wait on it |
 * | 32 | open: generation of the job that may be joined, 0 when none |
 * | 48 | next: first task that nobody claimed yet |
 * | 64 | active: workers inside the job |
 * | 80 | stop |
 * | 81, 82 | failure: 1 once a worker's task threw, and the length of its message |
 * | 96..99 | kernel id, number of tasks, address of the arguments, number of modules |
 * | 112..623 | address and length of each module's bytes |
 * | 640..1023 | the message, a UTF-16 unit per word |
 *
 * A worker joins by counting itself in, and only then checks that the job is still open; the caller closes the job and
 * then waits for the count to drop. So a worker that wakes late neither delays a job nor runs a stale one. A worker whose
 * task throws leaves the message, counts itself out like any other and goes on serving.
 *
 * @module
 */

/**
 * A kernel: does task number `task` with the arguments (f64 slots) at address `args`. `thread` tells threads apart, for
 * scratch memory of their own; results must not depend on it.
 */
export type KernelFunction = (args: number, task: number, thread: number) => void;

/** What a thread needs; structured-cloneable. */
export interface ThreadInit {
  readonly memory: WebAssembly.Memory;
  /** Number of the thread; the caller is 0. */
  readonly thread: number;
  /** The BLAS library to open in this thread. */
  readonly blas?: BlasSource | undefined;
}

/** Where a matrix product comes from, and how it is called. */
export interface BlasSource {
  /** Path or soname for the dynamic loader. */
  readonly path: string;
  /** Which function: that of BLAS libraries, or the row-major one of oneDNN. */
  readonly call: "cblas_sgemm" | "dnnl_sgemm";
}

/** One thread's kernels. */
export interface Thread {
  /** Kernels by id; ids are given in order of module registration and export. */
  readonly kernels: KernelFunction[];
  /** Number of module entries that this thread has instantiated. */
  readonly loaded: () => number;
  /** Instantiates modules that were registered since. */
  readonly load: () => void;
  /** Joins jobs until told to stop. */
  readonly serve: () => void;
}

/** Index of the control words; see the module's documentation. */
export const CONTROL = {
  generation: 16,
  open: 32,
  next: 48,
  active: 64,
  stop: 80,
  failure: 81,
  failureLength: 82,
  kernel: 96,
  tasks: 97,
  args: 98,
  modules: 99,
  moduleTable: 112,
  maxModules: 256,
  failureText: 640,
} as const;

/** Makes the kernel table and the serving loop of one thread. Self-contained: see the module's documentation. */
export function makeThread(init: ThreadInit): Thread {
  const memory = init.memory;
  const words = new Int32Array(memory.buffer, 0, 1024);
  const kernels: KernelFunction[] = [];
  let loaded = 0;

  // Kernel 0 is BLAS: a block of C = alpha op(A) op(B) + beta C, row-major, then an epilogue kernel with the same
  // arguments and task, while the block is in cache. Slots: 0 transA, 1 transB, 2 M, 3 N, 4 K, 5 alpha, 6 A, 7 lda, 8 B,
  // 9 ldb, 10 beta, 11 C, 12 ldc, 13 rows and 14 columns per task, 15 epilogue kernel (0 = none). Tasks number the
  // blocks row by row.
  let sgemm: ((...args: number[]) => unknown) | undefined;
  let base = 0;
  const onednn = init.blas?.call === "dnnl_sgemm";
  if (init.blas) {
    // deno-lint-ignore no-explicit-any -- only Deno has an FFI; the device was given a path by its ./blas entry
    const deno = (globalThis as any).Deno;
    // deno-fmt-ignore
    const symbols = onednn
      ? { dnnl_sgemm: {
          parameters: ["i8", "i8", "isize", "isize", "isize", "f32", "usize", "isize", "usize", "isize", "f32", "usize", "isize"],
          result: "i32",
        } }
      : { cblas_sgemm: {
          parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "f32", "usize", "i32", "usize", "i32", "f32", "usize", "i32"],
          result: "void",
        } };
    const library = deno.dlopen(init.blas.path, symbols);
    sgemm = onednn ? library.symbols.dnnl_sgemm : library.symbols.cblas_sgemm;
    base = Number(deno.UnsafePointer.value(deno.UnsafePointer.of(new Uint8Array(memory.buffer))));
    if (onednn) {
      try {
        // OpenMP's setting is per thread, found through oneDNN's own dependency on it.
        deno.dlopen(init.blas.path, { omp_set_num_threads: { parameters: ["i32"], result: "void" } })
          .symbols.omp_set_num_threads(1);
      } catch {
        // Built on another runtime, or without one.
      }
    }
  }
  kernels.push((args, task, thread) => {
    if (!sgemm) throw new Error("Cannot run sgemm as no library is open in this thread");
    const a = new Float64Array(memory.buffer, args, 16);
    const across = Math.ceil(a[3]! / a[14]!);
    const row = Math.floor(task / across) * a[13]!, column = task % across * a[14]!;
    const rows = Math.min(a[13]!, a[2]! - row), columns = Math.min(a[14]!, a[3]! - column);
    const blockA = base + a[6]! + 4 * row * (a[0] ? 1 : a[7]!);
    const blockB = base + a[8]! + 4 * column * (a[1] ? a[9]! : 1);
    const blockC = base + a[11]! + 4 * (row * a[12]! + column);
    if (onednn) { // transposition as the characters T and N
      // deno-fmt-ignore
      const status = sgemm(a[0] ? 84 : 78, a[1] ? 84 : 78, rows, columns, a[4]!, a[5]!, blockA, a[7]!, blockB, a[9]!, a[10]!, blockC, a[12]!);
      if (status) throw new Error(`Cannot run dnnl_sgemm as it returned status ${status}`);
    } else {
      // deno-fmt-ignore
      sgemm(101, a[0] ? 112 : 111, a[1] ? 112 : 111, rows, columns, a[4]!, a[5]!, blockA, a[7]!, blockB, a[9]!, a[10]!, blockC, a[12]!);
    }
    if (a[15]) kernels[a[15]]!(args, task, thread);
  });

  const load = (): void => {
    const count = Atomics.load(words, 99);
    for (; loaded < count; loaded++) {
      const start = words[112 + 2 * loaded]! >>> 0, length = words[113 + 2 * loaded]!;
      // A copy, as engines refuse to compile from shared memory.
      const module = new WebAssembly.Module(new Uint8Array(memory.buffer, start, length).slice());
      const exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
      for (const { name, kind } of WebAssembly.Module.exports(module)) {
        if (kind === "function") kernels.push(exports[name] as KernelFunction);
      }
    }
  };

  const fail = (error: unknown): void => {
    Atomics.store(words, 48, words[97]!); // nobody claims further tasks
    if (Atomics.compareExchange(words, 81, 0, 1) !== 0) return;
    const text = String(error).slice(0, 384);
    for (let i = 0; i < text.length; i++) words[640 + i] = text.charCodeAt(i);
    words[82] = text.length;
  };

  const serve = (): void => {
    let seen = 0;
    while (true) {
      // Jobs follow one another closely within a step: poll a little before sleeping.
      for (let i = 0; i < 2000 && Atomics.load(words, 16) === seen; i++);
      while (Atomics.load(words, 16) === seen) Atomics.wait(words, 16, seen);
      seen = Atomics.load(words, 16);
      if (Atomics.load(words, 80)) return;
      Atomics.add(words, 64, 1);
      try {
        if (Atomics.load(words, 32) === seen) {
          load();
          const kernel = kernels[words[96]!]!, args = words[98]! >>> 0, tasks = words[97]!;
          for (let task = Atomics.add(words, 48, 1); task < tasks; task = Atomics.add(words, 48, 1)) {
            kernel(args, task, init.thread);
          }
        }
      } catch (error) {
        fail(error);
      }
      Atomics.sub(words, 64, 1);
      Atomics.notify(words, 64);
    }
  };

  return { kernels, loaded: () => loaded, load, serve };
}
