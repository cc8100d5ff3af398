import { assert, assertEquals, assertThrows } from "@std/assert";
import { KernelError } from "../errors.ts";
import { probeWasm } from "../testing/probe_wasm.ts";
import { testOnEachDevice } from "../testing/mod.ts";
import { addressOf, type CpuDevice, type CpuModule, openCpuDevice } from "./cpu_device.ts";

const probe: CpuModule = { label: "compute/probe", base64: probeWasm };
const DEADLINE_MS = 20_000;

/** Counters of a device's tasks and the threads that ran them. */
class Claims implements Disposable {
  readonly #device: CpuDevice;
  readonly #kernel: number;
  readonly #counts;
  readonly #threads;

  constructor(device: CpuDevice, tasks: number, module: CpuModule = probe) {
    this.#device = device;
    this.#kernel = device.kernel(module, "claim");
    this.#counts = device.tensor("u32", [tasks]);
    this.#threads = device.tensor("u32", [1]);
  }

  run(tasks: number = this.#counts.size): void {
    this.#device.run(this.#kernel, tasks, [addressOf(this.#counts), addressOf(this.#threads)]);
  }

  /** How often each task ran. */
  get counts(): number[] {
    return [...this.#device.hostView(this.#counts)];
  }

  /** Bit mask of the threads that ran tasks. */
  get threads(): number {
    return this.#device.hostView(this.#threads)[0]!;
  }

  [Symbol.dispose](): void {
    this.#counts[Symbol.dispose]();
    this.#threads[Symbol.dispose]();
  }
}

/** Repeats `body` until it says that it is done; lets the host start workers meanwhile. */
async function until(what: string, body: () => boolean): Promise<void> {
  for (const end = performance.now() + DEADLINE_MS; !body();) {
    if (performance.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

testOnEachDevice("CpuDevice.run() runs each task once, in all threads, from its first job on", async (device) => {
  assert(device.kind === "cpu");
  using claims = new Claims(device, 997);
  let jobs = 0;
  await until("all threads joined", () => {
    claims.run();
    jobs++;
    return claims.threads === 2 ** device.threads - 1;
  });
  assertEquals(new Set(claims.counts), new Set([jobs]));
}, { devices: ["cpu", "blas"] });

testOnEachDevice("CpuDevice.run() makes a task's trap in any thread an error that names the kernel", async (device) => {
  assert(device.kind === "cpu");
  const trap = device.kernel(probe, "trap");
  using counted = device.tensor("u32", [1]);
  for (let thread = 0; thread < device.threads; thread++) {
    await until(`thread ${thread} trapped`, () => {
      try {
        device.run(trap, 64, [thread, 20_000, addressOf(counted)]);
        return false; // that thread came too late to get a task
      } catch (error) {
        assert(error instanceof KernelError && error.message.startsWith("compute/probe.trap: "), String(error));
        assert(error.message.includes("unreachable"), error.message);
        return true;
      }
    });
    using claims = new Claims(device, 100);
    claims.run();
    assertEquals(new Set(claims.counts), new Set([1]));
  }
}, { devices: ["cpu", "blas"] });

for (const threads of [1, 2, 3, 4]) {
  Deno.test(`CpuDevice with ${threads} threads uses all of them, also for modules that come later`, async () => {
    using device = openCpuDevice({ threads });
    assertEquals(device.threads, threads);
    for (const label of ["first", "second", "third"]) {
      using claims = new Claims(device, 31, { label, base64: probeWasm });
      let jobs = 0;
      await until("all threads joined", () => {
        claims.run();
        jobs++;
        return claims.threads === 2 ** threads - 1;
      });
      assertEquals(claims.counts, new Array(31).fill(jobs));
    }
  });
}

Deno.test("CpuDevice.run() loses and repeats no task in 100,000 jobs while memory grows", async () => {
  using device = openCpuDevice({ threads: 3 });
  const add = device.kernel(probe, "add");
  using claims = new Claims(device, 8);
  let jobs = 0;
  await until("all threads joined", () => {
    claims.run();
    jobs++;
    return claims.threads === 7;
  });
  const expected = new Array(8).fill(jobs);
  for (let job = 0; job < 100_000; job++) {
    const tasks = job % 9; // none and one are special
    claims.run(tasks);
    for (let task = 0; task < tasks; task++) expected[task]++;
    if (job % 1000 === 999) {
      // New memory, beyond what the workers saw so far.
      const grown = device.tensor("f32", [1 << 18], { data: new Float32Array(1 << 18).fill(job) });
      device.run(add, 64, [addressOf(grown) + (1 << 20) - 256, 0.5]);
      assertEquals([...await grown.read((1 << 18) - 65)], [job, ...new Array(64).fill(job + 0.5)]);
    }
  }
  assertEquals(claims.counts, expected);
});

Deno.test("CpuDevice.run() refuses what it cannot run, naming the kernel", () => {
  using device = openCpuDevice({ threads: 2 });
  const add = device.kernel(probe, "add");
  assertThrows(() => device.run(add + 100, 1, []), RangeError, `Cannot run kernel ${add + 100}`);
  assertThrows(() => device.run(add, -1, []), RangeError, "compute/probe.add in -1 tasks");
  assertThrows(() => device.run(add, 1.5, []), RangeError, "1.5 tasks");
  assertThrows(() => device.run(add, NaN, []), RangeError, "NaN tasks");
  assertThrows(() => device.run(add, 1, new Array(65).fill(0)), RangeError, "65 arguments");
  assertThrows(() => device.kernel(probe, "nothing"), TypeError, '"nothing" in module compute/probe');
  assertThrows(() => device.run(0, 4, []), KernelError, "blas/sgemm: ");
});

Deno.test("CpuDevice.kernel() refuses a module with other imports and stays usable", () => {
  using device = openCpuDevice({ threads: 2 });
  // (module (import "env" "log" (func)))
  const foreign = Uint8Array.of(
    0,
    97,
    115,
    109,
    1,
    0,
    0,
    0,
    1,
    4,
    1,
    96,
    0,
    0,
    2,
    11,
    1,
    3,
    101,
    110,
    118,
    3,
    108,
    111,
    103,
    0,
    0,
  );
  const before = device.usedBytes;
  assertThrows(() => device.kernel({ label: "x/foreign", base64: foreign.toBase64() }, "k"), TypeError, "env.log");
  assertThrows(() => device.kernel({ label: "x/broken", base64: "AAAA" }, "k"), WebAssembly.CompileError);
  assertEquals(device.usedBytes, before);
  using claims = new Claims(device, 50);
  claims.run();
  assertEquals(new Set(claims.counts), new Set([1]));
});
