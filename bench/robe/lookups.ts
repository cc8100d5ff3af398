/**
 * Rows per second of single look-ups: ROBE arrays against full tables, on the CPU.
 *
 * All arms read the same ids, one per bag, from one table, and write rows of f32 to the same buffer, which stays in the
 * second-level cache. Each goes on through the ids where it stopped, so that rows of a full table are not found in a cache
 * because they were read a moment ago.
 *
 * @module
 */
import { adviseHugePages } from "@pocketrec/compute/huge-pages";
import { type CpuDevice, embeddingLookup, openCpuDevice, randomUniform, type Tensor } from "@pocketrec/compute";
import { robeLayout, type RobeLayoutOptions, robeLookup, robeTableSet } from "@pocketrec/robe-array";
import { type Bench, formatNumber, nanosecondsPer, type PeerProcess, type Subject } from "../harness.ts";
import { type Distribution, DISTRIBUTIONS, randomIds } from "./ids.ts";
import type { NativePeer } from "./native.ts";

/** What arms run against. */
export interface Peers {
  readonly native: NativePeer | undefined;
  /** The same, compiled for 128-bit vectors. */
  readonly narrow: NativePeer | undefined;
  readonly torch: PeerProcess | undefined;
}

/** One arm. */
interface Arm {
  readonly dim: number;
  readonly blockSize: number;
  readonly align: 1 | 4 | 8;
  readonly dtype: "f32" | "f16";
  /** Every peer, not only the full table with the same care and the same algorithm in C. */
  readonly headline: boolean;
}

/** Sizes of the comparison. */
export interface LookupSizes {
  /** Elements of the full table. */
  readonly full: number;
  /** Elements of the arrays. */
  readonly arrays: readonly number[];
}

/** Rows of one look-up: 2 MiB at dim 128. */
const BATCH = 4096;

/** Long samples: an array that fits a cache has to find its way back after the full table's turn. */
const SAMPLING = { rounds: 11, sampleMs: 150, budgetMs: 40_000 };

/** Sizes for a full run, and for one that shows that the bench works. */
export function lookupSizes(quick: boolean): LookupSizes {
  return quick ? { full: 3_840_000, arrays: [270_000] } : { full: 384_000_000, arrays: [2_700_000, 27_000_000] };
}

/** Gigabytes or megabytes, decimal. */
export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${formatNumber(bytes / 1e9)} GB` : `${formatNumber(bytes / 1e6)} MB`;
}

/** What a case is called. */
export function lookupCase(
  arm: Pick<Arm, "dim" | "blockSize" | "align" | "dtype">,
  size: number,
  distribution: Distribution,
  threads: number,
): string {
  const { dim, blockSize, align, dtype } = arm;
  return `look-up d ${dim}, ROBE Z ${blockSize} align ${align} ${dtype} ${
    bytesText(size * (dtype === "f32" ? 4 : 2))
  }, ` +
    `${distribution} ids, ${threads} thread${threads > 1 ? "s" : ""}, wasm`;
}

/** Names of the full tables. */
export function fullNames(sizes: LookupSizes): Record<"care" | "plain" | "narrowPlain" | "prefetch", string> {
  const table = `full table ${bytesText(sizes.full * 4)}`;
  return {
    care: `${table}, same care, wasm`,
    plain: `${table}, plain loop, C`,
    narrowPlain: `${table}, plain loop, C with 128-bit vectors`,
    prefetch: `${table}, C with prefetch instructions`,
  };
}

/** Our algorithm in C: with the vectors that WebAssembly has, with this processor's, and with prefetches besides. */
export const NATIVE_NAMES = {
  narrow: "same algorithm, C with 128-bit vectors",
  same: "same algorithm, C",
  prefetch: "same algorithm, C with prefetch instructions",
};

function arms(threads: number, quick: boolean): Arm[] {
  if (quick) {
    return [[128, 32, 4], [128, 8, 8], [16, 16, 4], [16, 32, 1]].map(([dim, blockSize, align], i) => (
      { dim: dim!, blockSize: blockSize!, align: align as 1 | 4 | 8, dtype: i === 1 ? "f16" : "f32", headline: i === 0 }
    ));
  }
  const list: Arm[] = [];
  for (const dim of [128, 16]) {
    for (const blockSize of [1, 8, 16, 32, 128]) {
      const chosen = Math.min(4, blockSize), headline = blockSize >= 32 && dim === 128;
      if (threads > 1 && !headline) continue;
      if (dim === 16 && blockSize > 32) continue;
      for (const align of [1, 4, 8] as const) {
        // Alignments are compared for large blocks, f16 for all, both on one thread.
        if (blockSize % align !== 0 || (align !== chosen && (!headline || threads > 1))) continue;
        list.push({ dim, blockSize, align, dtype: "f32", headline: headline && align === chosen });
        if (align === chosen && dim === 128 && threads === 1) {
          list.push({ dim, blockSize, align, dtype: "f16", headline: false });
        }
      }
    }
  }
  return list;
}

/** Runs all arms. */
export async function benchLookups(bench: Bench, peers: Peers): Promise<void> {
  const { quick } = bench.options, sizes = lookupSizes(quick);
  for (const threads of quick ? [1] : new Set([1, navigator.hardwareConcurrency])) {
    const wanted = arms(threads, quick).filter((arm) =>
      sizes.arrays.some((size) => DISTRIBUTIONS.some((d) => bench.wants(lookupCase(arm, size, d, threads))))
    );
    if (wanted.length === 0) continue;
    using device = openCpuDevice({ threads, onMemory: adviseHugePages });
    using memory = new Inputs(device, sizes);
    for (const dim of new Set(wanted.map((arm) => arm.dim))) {
      for (const distribution of DISTRIBUTIONS) {
        using ids = new Ids(device, distribution, sizes.full / dim, quick);
        for (const arm of wanted.filter((arm) => arm.dim === dim)) {
          // Ids of both kinds where a figure is asked for or the size of blocks changes; what else varies, with uniform ones.
          const varied = arm.dtype === "f16" || arm.align !== Math.min(4, arm.blockSize);
          if (varied && distribution !== "uniform" && !quick) continue;
          for (const size of sizes.arrays) {
            if (!bench.wants(lookupCase(arm, size, distribution, threads))) continue;
            await benchArm(bench, peers, { device, memory, ids, arm, size, sizes, distribution });
          }
        }
        await peers.torch?.forget();
      }
    }
  }
}

/** The full table, whose beginning is the arrays: f32, and the same rounded to f16. */
class Inputs implements Disposable {
  readonly table: Tensor;
  readonly halves: Tensor;
  readonly out: Tensor;

  constructor(device: CpuDevice, { full, arrays }: LookupSizes) {
    this.table = device.tensor("f32", [full], { label: "full table" });
    randomUniform(this.table, { seed: 1, stream: 1, low: -1, high: 1 });
    const most = Math.max(...arrays);
    const halves = new Float16Array(device.hostView(this.table.view(0, [most])) as Float32Array);
    this.halves = device.tensor("u32", [most / 2], { data: new Uint32Array(halves.buffer) });
    this.out = device.tensor("f32", [BATCH * 128]);
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.table, this.halves, this.out]) tensor[Symbol.dispose]();
  }
}

/** Ids of many batches, as tensors and as a file for other processes. */
class Ids implements Disposable {
  readonly batches: readonly Tensor[];
  readonly file: string;
  readonly #all: Tensor;

  constructor(device: CpuDevice, distribution: Distribution, rows: number, quick: boolean) {
    const count = quick ? 8 * BATCH : 1024 * BATCH, data = randomIds(distribution, rows, count, 1);
    this.#all = device.tensor("u32", [count], { data });
    this.batches = Array.from({ length: count / BATCH }, (_, i) => this.#all.view(i * BATCH, [BATCH, 1]));
    this.file = Deno.makeTempFileSync();
    Deno.writeFileSync(this.file, new Uint8Array(data.buffer));
  }

  /** A subject that goes through the batches. */
  subject(name: string, work: (ids: Tensor) => void): Subject {
    let next = 0;
    return {
      name,
      run: (repeats) => {
        for (let i = 0; i < repeats; i++) work(this.batches[next++ % this.batches.length]!);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#all[Symbol.dispose]();
    Deno.removeSync(this.file);
  }
}

interface Case {
  readonly device: CpuDevice;
  readonly memory: Inputs;
  readonly ids: Ids;
  readonly arm: Arm;
  readonly size: number;
  readonly sizes: LookupSizes;
  readonly distribution: Distribution;
}

async function benchArm(bench: Bench, { native, narrow, torch }: Peers, c: Case): Promise<void> {
  const { device, memory, ids, arm, size, sizes, distribution } = c, { dim, dtype, align, blockSize } = arm;
  const { threads } = device, rows = sizes.full / dim, text = lookupCase(arm, size, distribution, threads);
  const layout: RobeLayoutOptions = { size, blockSize, align };
  const set = robeTableSet(device, robeLayout(layout), dim, [{ rows }]);
  using _records = set.records;
  const array = dtype === "f32" ? memory.table.view(0, [size]) : memory.halves.view(0, [size / 2]);
  const table = memory.table.view(0, [rows, dim]), out = memory.out.view(0, [BATCH, 1, dim]);
  using rowBase = device.tensor("u32", [1]);
  const bags = (tensor: Tensor) => ({ batch: BATCH, tables: 1, ids: tensor });
  const ours = (tensor: Tensor) => robeLookup(array, set, bags(tensor), out);
  const full = (tensor: Tensor) => embeddingLookup(table, rowBase, bags(tensor), out);
  const names = fullNames(sizes), baselines = [ids.subject(names.care, full)];
  if (native && native.threads >= threads) {
    const same = native.robe(device, array, set, out, false);
    const fetching = native.robe(device, array, set, out, true), plain = native.full(device, table, dim, out, false);
    await sameBits(device, out, ids.batches, text, ours, [same, fetching]);
    baselines.push(ids.subject(NATIVE_NAMES.same, same), ids.subject(NATIVE_NAMES.prefetch, fetching));
    if (arm.headline && narrow) {
      const work = narrow.robe(device, array, set, out, false), loop = narrow.full(device, table, dim, out, false);
      await sameBits(device, out, ids.batches, text, ours, [work]);
      baselines.push(ids.subject(NATIVE_NAMES.narrow, work), ids.subject(names.narrowPlain, loop));
    }
    if (arm.headline) {
      const ahead = native.full(device, table, dim, out, true);
      await sameBits(device, out, ids.batches, text, full, [plain, ahead]);
      baselines.push(ids.subject(names.plain, plain), ids.subject(names.prefetch, ahead));
    }
  }
  if (torch && arm.headline) {
    for (const count of [rows, Math.floor(size / dim)]) {
      const spec = { dim, rows: [count], ids: ids.file, batch: BATCH, threads };
      baselines.push(torch.subject(spec, `${torch.name} EmbeddingBag, table of ${bytesText(count * dim * 4)}`));
    }
  }
  const sampling = bench.options.quick ? {} : SAMPLING;
  await bench.compare({
    case: text,
    ours: ids.subject("pocketrec", ours),
    baselines,
    measure: nanosecondsPer("row", BATCH),
    sampling,
  });
  const perRow = bench.rows.at(-1)!.value;
  bench.add({ case: text, metric: "rows", value: 1e3 / perRow, unit: "M rows/s" });
  bench.add({ case: text, metric: "useful bytes", value: dim * 4 / perRow, unit: "GB/s" });
}

/** Throws where peers do not write the bits that we write. */
async function sameBits(
  device: CpuDevice,
  out: Tensor,
  batches: readonly Tensor[],
  text: string,
  ours: (ids: Tensor) => void,
  peers: readonly ((ids: Tensor) => void)[],
): Promise<void> {
  for (const ids of batches.slice(0, 4)) {
    ours(ids);
    const want = new Uint32Array((await out.read()).buffer);
    for (const peer of peers) {
      (device.hostView(out) as Float32Array).fill(NaN);
      peer(ids);
      const got = new Uint32Array((await out.read()).buffer);
      const at = want.findIndex((bits, i) => bits !== got[i]);
      if (at >= 0) throw new Error(`${text}: the native peer differs at element ${at}: ${got[at]}, want ${want[at]}`);
    }
  }
}
