/**
 * Latency of whole look-ups of a model's 26 tables: one sample, and a batch of 2048; the middle and the slow ones, and
 * what a call is made of.
 *
 * @module
 */
import { adviseHugePages } from "@pocketrec/compute/huge-pages";
import { type CpuDevice, embeddingLookup, openCpuDevice, randomUniform, type Tensor } from "@pocketrec/compute";
import { robeLayout, robeLookup, robeTableSet } from "@pocketrec/robe-array";
import { type Bench, type PeerProcess, quantile } from "../harness.ts";
import { type Distribution, DISTRIBUTIONS, randomIds } from "./ids.ts";
import { bytesText, lookupSizes } from "./lookups.ts";

const TABLES = 26, DIM = 128, BATCHES = [1, 2048];
/** Batches of ids that calls go through. */
const SETS = 64;
/** Elements of an array that stays in the first-level cache: what is left of a look-up is hashing, signs and copies. */
const TINY = 4096;

/** One side: does a call on batch number `i` and returns its microseconds. */
interface Caller {
  readonly name: string;
  readonly call: (i: number) => number | Promise<number>;
}

/** Adds p50 and p99 per batch size and distribution. */
export async function benchLatency(bench: Bench, torch: PeerProcess | undefined): Promise<void> {
  const { quick } = bench.options, sizes = lookupSizes(quick), rows = Math.floor(sizes.full / DIM / TABLES);
  for (const threads of quick ? [1] : new Set([1, navigator.hardwareConcurrency])) {
    const named = DISTRIBUTIONS.flatMap((distribution) =>
      BATCHES.map((batch) => ({
        batch,
        distribution,
        text: `latency of ${batch} x ${TABLES} tables, d ${DIM}, ${distribution} ids, ` +
          `${threads} thread${threads > 1 ? "s" : ""}, wasm`,
      }))
    ).filter(({ text }) => bench.wants(text));
    if (named.length === 0) continue;
    using device = openCpuDevice({ threads, onMemory: adviseHugePages });
    using table = device.tensor("f32", [rows * TABLES, DIM]);
    randomUniform(table, { seed: 1, stream: 1, low: -1, high: 1 });
    for (const { batch, distribution, text } of named) {
      await benchBatch(bench, torch, { device, table, rows, size: sizes.arrays.at(-1)!, batch, distribution, text });
      await torch?.forget();
    }
  }
}

interface Case {
  readonly device: CpuDevice;
  readonly table: Tensor;
  readonly rows: number;
  readonly size: number;
  readonly batch: number;
  readonly distribution: Distribution;
  readonly text: string;
}

async function benchBatch(bench: Bench, torch: PeerProcess | undefined, c: Case): Promise<void> {
  const { device, table, rows, size, batch, distribution, text } = c, { quick } = bench.options;
  using stack = new DisposableStack();
  const lookups = batch * TABLES, data = randomIds(distribution, rows, SETS * lookups, 2);
  const ids = stack.use(device.tensor("u32", [SETS * lookups], { data }));
  const out = stack.use(device.tensor("f32", [batch, TABLES, DIM]));
  const rowBase = stack.use(
    device.tensor("u32", [TABLES], { data: Uint32Array.from({ length: TABLES }, (_, t) => t * rows) }),
  );
  const bags = Array.from({ length: SETS }, (_, i) => ({
    batch,
    tables: TABLES,
    ids: ids.view(i * lookups, [batch, TABLES]),
  }));
  const timed = (work: (i: number) => void) => (i: number) => {
    const start = performance.now();
    work(i % SETS);
    return (performance.now() - start) * 1e3;
  };
  const robe = (blockSize: number, elements: number): Caller => {
    const set = robeTableSet(
      device,
      robeLayout({ size: elements, blockSize }),
      DIM,
      Array.from({ length: TABLES }, () => ({ rows })),
    );
    stack.use(set.records);
    const array = table.view(0, [elements]);
    return {
      name: `ROBE Z ${blockSize} ${bytesText(elements * 4)}`,
      call: timed((i) => robeLookup(array, set, bags[i]!, out)),
    };
  };
  const ours = [robe(32, size), robe(128, size)];
  const baselines: Caller[] = [{
    name: `full tables ${bytesText(table.byteLength)}, same care, wasm`,
    call: timed((i) => embeddingLookup(table, rowBase, bags[i]!, out)),
  }];
  const file = await Deno.makeTempFile();
  stack.defer(() => Deno.removeSync(file));
  if (torch) {
    await Deno.writeFile(file, new Uint8Array(data.buffer));
    const run = { dim: DIM, rows: Array(TABLES).fill(rows), ids: file, batch, threads: device.threads };
    baselines.push({
      name: `${torch.name} EmbeddingBag per table, ${bytesText(table.byteLength)}`,
      call: async () => (await torch.request({ run, repeats: 1 }))["seconds"] as number * 1e6,
    });
  }
  const phases = [
    robe(32, TINY),
    robe(128, TINY),
    { name: "ids in", call: timed((i) => bags[i]!.ids.write(data.subarray(i * lookups, (i + 1) * lookups))) },
  ];
  const vectorsOut = { name: "vectors out", call: (i: number) => readTime(out, i) };
  const all = await times([...ours, ...baselines, ...phases, vectorsOut], batch === 1 ? 250 : 8, quick ? 3 : 16);
  const at = (caller: Caller, q: number) => quantile(all.get(caller)!, q);
  for (const subject of ours) {
    for (const [metric, q] of [["p50", 0.5], ["p99", 0.99]] as const) {
      for (const peer of baselines) {
        bench.add({
          case: `${text}: ${subject.name}`,
          metric,
          value: at(subject, q),
          unit: "us",
          baseline: peer.name,
          baselineValue: at(peer, q),
          ratio: at(peer, q) / at(subject, q),
        });
      }
    }
  }
  ours.forEach((subject, i) => {
    const phase = (metric: string, value: number) =>
      bench.add({ case: `${text}: ${subject.name}`, metric: `phase ${metric}`, value, unit: "us" });
    phase("ids in", at(phases[2]!, 0.5));
    phase("look-up, hashing and copies (p50 on an array in the nearest cache)", at(phases[i]!, 0.5));
    phase("look-up, waiting for the array (the rest of p50)", Math.max(0, at(subject, 0.5) - at(phases[i]!, 0.5)));
    phase("vectors out", at(vectorsOut, 0.5));
  });
}

async function readTime(out: Tensor, _i: number): Promise<number> {
  const start = performance.now();
  await out.read();
  return (performance.now() - start) * 1e3;
}

/** Ascending microseconds of each caller: rounds of `calls` calls in turn, after a fifth as many that do not count. */
async function times(
  callers: readonly Caller[],
  calls: number,
  rounds: number,
): Promise<Map<Caller, number[]>> {
  const all = new Map(callers.map((caller) => [caller, [] as number[]]));
  const next = new Map<Caller, number>();
  for (let round = 0; round < rounds; round++) {
    for (const caller of callers) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (let i = -Math.ceil(calls / 5); i < calls; i++) {
        const at = next.get(caller) ?? 0;
        next.set(caller, at + 1);
        const us = await caller.call(at);
        if (i >= 0) all.get(caller)!.push(us);
      }
    }
  }
  for (const list of all.values()) list.sort((a, b) => a - b);
  return all;
}
