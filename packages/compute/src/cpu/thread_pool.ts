import { CONTROL, makeThread, type Thread, type ThreadInit } from "./thread_main.ts";

/** A worker, whichever host made it: held so that it is not collected; it ends itself at the pool's word. */
type PoolWorker = object;

const SOURCE = `const makeThread = ${makeThread.toString()};\n`;

/**
 * Starts a worker that serves jobs. Under Deno and Node it is unreferenced, so that a program that forgot to dispose
 * its device still ends; in a browser it is a Web Worker.
 */
function startWorker(init: ThreadInit): PoolWorker | undefined {
  // deno-lint-ignore no-explicit-any -- `process` is a host global that browsers lack
  const host = (globalThis as any).process?.getBuiltinModule?.("node:worker_threads");
  if (host) {
    const source = `${SOURCE}makeThread(require("node:worker_threads").workerData).serve();`;
    // Without execArgv the host's own flags apply to the text as well, e.g. Node's --input-type=module.
    const worker = new host.Worker(source, { eval: true, workerData: init, execArgv: [] });
    worker.unref();
    return worker;
  }
  if (typeof Worker === "undefined" || !(globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated) {
    return undefined;
  }
  const source = `${SOURCE}onmessage = (event) => { makeThread(event.data).serve(); close(); };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage(init);
  URL.revokeObjectURL(url);
  return worker;
}

/**
 * Fork-join over one shared memory: {@linkcode ThreadPool.run} splits a job into tasks that the calling thread and the
 * workers claim one by one. Workers join as they come up, so making a pool does not wait for them.
 */
export class ThreadPool implements Disposable {
  /** Threads that work on a job, the caller included. */
  readonly threads: number;
  readonly #memory: WebAssembly.Memory;
  readonly #words: Int32Array;
  readonly #caller: Thread;
  readonly #workers: PoolWorker[] = [];
  #generation = 0;
  #modules = 0;

  /** Makes a pool of up to `threads` threads; fewer where the host has no workers. */
  constructor(init: Omit<ThreadInit, "thread">, threads: number) {
    this.#memory = init.memory;
    this.#words = new Int32Array(init.memory.buffer, 0, 1024);
    this.#caller = makeThread({ ...init, thread: 0 });
    for (let i = 1; i < threads; i++) {
      const worker = startWorker({ ...init, thread: i });
      if (!worker) break;
      this.#workers.push(worker);
    }
    this.threads = 1 + this.#workers.length;
  }

  /**
   * Makes the module whose bytes lie at `address` known to all threads. Its exported functions get consecutive kernel
   * ids, in the order of export; the first is returned.
   */
  addModule(address: number, length: number): number {
    if (this.#modules >= CONTROL.maxModules) {
      throw new RangeError(`Cannot add a kernel module as the device has ${CONTROL.maxModules} already`);
    }
    const at = CONTROL.moduleTable + 2 * this.#modules;
    this.#words[at] = address;
    this.#words[at + 1] = length;
    const first = this.#caller.kernels.length;
    Atomics.store(this.#words, CONTROL.modules, this.#modules + 1);
    try {
      this.#caller.load();
    } catch (error) {
      Atomics.store(this.#words, CONTROL.modules, this.#modules);
      throw error;
    }
    this.#modules++;
    return first;
  }

  /**
   * Runs tasks 0 to `tasks - 1` of a kernel and returns when all are done. Where a task throws, in whichever thread, no
   * further tasks are begun and the first error is thrown here.
   */
  run(kernel: number, args: number, tasks: number): void {
    const run = this.#caller.kernels[kernel];
    if (!run) throw new RangeError(`Cannot run kernel ${kernel}: ${this.#caller.kernels.length} are known`);
    if (tasks <= 1 || this.#workers.length === 0) {
      for (let task = 0; task < tasks; task++) run(args, task, 0);
      return;
    }
    const words = this.#words;
    words[CONTROL.kernel] = kernel;
    words[CONTROL.tasks] = tasks;
    words[CONTROL.args] = args;
    Atomics.store(words, CONTROL.next, 0);
    this.#generation = (this.#generation + 1) | 0 || 1;
    Atomics.store(words, CONTROL.open, this.#generation);
    Atomics.store(words, CONTROL.generation, this.#generation);
    Atomics.notify(words, CONTROL.generation, Math.min(this.#workers.length, tasks - 1));
    try {
      for (let task = Atomics.add(words, CONTROL.next, 1); task < tasks; task = Atomics.add(words, CONTROL.next, 1)) {
        run(args, task, 0);
      }
    } catch (error) {
      Atomics.store(words, CONTROL.next, tasks);
      throw error;
    } finally {
      Atomics.store(words, CONTROL.open, 0);
      this.#awaitIdle();
      this.#throwFailure();
    }
  }

  /** Throws what a worker reported during the job. */
  #throwFailure(): void {
    const words = this.#words;
    if (words[CONTROL.failure] === 0) return;
    words[CONTROL.failure] = 0;
    const start = CONTROL.failureText;
    throw new Error(String.fromCharCode(...words.subarray(start, start + words[CONTROL.failureLength]!)));
  }

  /** Waits until no worker is inside the closed job: first polling, then asleep where the host lets this thread. */
  #awaitIdle(): void {
    const words = this.#words;
    for (let i = 0; i < 5000; i++) if (Atomics.load(words, CONTROL.active) === 0) return;
    while (true) {
      const active = Atomics.load(words, CONTROL.active);
      if (active === 0) return;
      try {
        Atomics.wait(words, CONTROL.active, active, 1);
      } catch {
        // A browser's main thread may not sleep: keep polling.
      }
    }
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    Atomics.store(this.#words, CONTROL.stop, 1);
    Atomics.add(this.#words, CONTROL.generation, 1);
    Atomics.notify(this.#words, CONTROL.generation);
    this.#workers.length = 0;
  }
}
