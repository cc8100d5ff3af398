/**
 * Training steps of a DLRM with a ROBE array against the same model with full tables, on the CPU: the whole step, and what
 * the embeddings take of it.
 *
 * @module
 */
import { adviseHugePages } from "@pocketrec/compute/huge-pages";
import { type CpuDevice, fill, openCpuDevice, type Tensor } from "@pocketrec/compute";
import { findBlas } from "@pocketrec/compute/blas";
import {
  Dlrm,
  type EmbeddingCollection,
  type IdBatch,
  TableCollection,
  type TrainingBatch,
} from "@pocketrec/dlrm-model";
import { RobeCollection } from "@pocketrec/robe-array";
import { makeBatches } from "../dlrm/batches.ts";
import { reportPhases } from "../dlrm/phases.ts";
import { type BenchShape, ROTATED_BATCHES, SHAPES } from "../dlrm/shapes.ts";
import type { Bench, PeerProcess, Subject } from "../harness.ts";
import { type Distribution, DISTRIBUTIONS, randomIds } from "./ids.ts";
import { bytesText } from "./lookups.ts";

const BATCH = 2048, RATE = 1e-4, OPTIMIZER = { kind: "sgd" } as const;

/** Sizes of the array: CriteoTB's 27 M elements, and a thousandth of the full tables. */
const SIZES: readonly ((full: number) => number)[] = [() => 27_000_000, (full) => Math.floor(full / 1000 / 4) * 4];

const SAMPLING = { rounds: 11, sampleMs: 400, budgetMs: 40_000 };

/** Adds the cases; with `--quick` a small shape on one thread. */
export async function benchTraining(bench: Bench, torch: PeerProcess | undefined): Promise<void> {
  const { quick } = bench.options;
  const setEnvironment = (name: string, value: string) => Deno.env.has(name) || Deno.env.set(name, value);
  const blas = findBlas({ setEnvironment });
  bench.machine.versions["blas"] = blas?.name ?? "none";
  for (const threads of quick ? [1] : new Set([1, navigator.hardwareConcurrency])) {
    for (const shape of quick ? [QUICK] : SHAPES) {
      const library = blas?.name.split(" ")[0] ?? "wasm";
      const tail = `batch ${BATCH}, sgd, ${threads} thread${threads > 1 ? "s" : ""}, ${library}`;
      const cases = casesOf(shape, tail).filter(({ step, embeddings }) => bench.wants(step) || bench.wants(embeddings));
      if (cases.length === 0) continue;
      using device = openCpuDevice({ threads, onMemory: adviseHugePages, ...(blas ? { blas } : {}) });
      await benchShape(bench, torch, device, shape, cases);
    }
  }
}

/** A model that costs little. */
const QUICK: BenchShape = {
  name: "small d 16",
  config: {
    denseFeatures: 13,
    tables: [30_000, 20_000, 100].map((rows, i) => ({ name: `C${i + 1}`, rows })),
    dim: 16,
    bottom: [13, 64, 16],
    top: [64, 1],
  },
};

interface Case {
  readonly size: number;
  readonly blockSize: number;
  readonly distribution: Distribution;
  /** Names of the comparisons. */
  readonly step: string;
  readonly embeddings: string;
}

function casesOf({ name, config }: BenchShape, tail: string): Case[] {
  const full = elementsOf(config), blockSize = Math.min(32, config.dim);
  return SIZES.flatMap((sizeOf) => {
    const size = sizeOf(full);
    return DISTRIBUTIONS.map((distribution) => {
      const text = `${name}, ROBE Z ${blockSize} ${bytesText(size * 4)}, ${distribution} ids, ${tail}`;
      return { size, blockSize, distribution, step: `train ${text}`, embeddings: `look-up and update ${text}` };
    });
  });
}

function elementsOf({ tables, dim }: BenchShape["config"]): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0) * dim;
}

async function benchShape(
  bench: Bench,
  torch: PeerProcess | undefined,
  device: CpuDevice,
  { config }: BenchShape,
  cases: readonly Case[],
): Promise<void> {
  const { tables, dim } = config;
  using full = new TableCollection(device, { tables, dim, optimizer: OPTIMIZER, seed: 1 });
  const fullName = `full tables ${bytesText(full.parameterBytes)}`;
  for (const { size, blockSize, distribution, step, embeddings } of cases) {
    using robe = new RobeCollection(device, {
      tables,
      dim,
      layout: { size, blockSize },
      optimizer: OPTIMIZER,
      seed: 1,
    });
    const batches = batchesOf(config, distribution);
    const sampling = bench.options.quick ? {} : SAMPLING;
    if (bench.wants(step)) {
      const made = { config, optimizer: OPTIMIZER, trainBatch: BATCH, seed: 1 };
      using ours = new Dlrm(device, { ...made, embeddings: robe });
      using theirs = new Dlrm(device, { ...made, embeddings: full });
      await bench.compare({
        case: step,
        ours: steps("pocketrec", ours, batches),
        baselines: [steps(fullName, theirs, batches)],
        sampling,
      });
      await reportPhases(bench, step, device, { config, embeddings: robe, optimizer: OPTIMIZER, batches });
      await reportPhases(bench, `${step}: ${fullName}`, device, {
        config,
        embeddings: full,
        optimizer: OPTIMIZER,
        batches,
      });
    }
    if (bench.wants(embeddings)) {
      using inputs = new EmbeddingInputs(device, batches, tables.length, dim);
      await bench.compare({
        case: embeddings,
        ours: inputs.subject("pocketrec", robe),
        baselines: [
          inputs.subject(fullName, full),
          ...(torch ? [inputs.peer(torch, tables.map(({ rows }) => rows), device.threads)] : []),
        ],
        sampling,
      });
      await torch?.forget();
    }
  }
}

function steps(name: string, model: Dlrm, batches: readonly TrainingBatch[]): Subject {
  let next = 0;
  return {
    name,
    run: async (repeats) => {
      for (let i = 0; i < repeats; i++) await model.trainStep(batches[next++ % batches.length]!, RATE);
    },
  };
}

function batchesOf(config: BenchShape["config"], distribution: Distribution): TrainingBatch[] {
  const batches = makeBatches(config, BATCH, ROTATED_BATCHES);
  if (distribution === "uniform") return batches;
  const count = config.tables.length;
  config.tables.forEach(({ rows }, t) => {
    const ids = randomIds(distribution, rows, BATCH * batches.length, t);
    batches.forEach((batch, i) => {
      for (let s = 0; s < BATCH; s++) (batch.ids as Uint32Array)[s * count + t] = ids[i * BATCH + s]!;
    });
  });
  return batches;
}

/** Ids on the device, and a gradient: look-up and update without a model around them. */
class EmbeddingInputs implements Disposable {
  readonly #ids: readonly IdBatch[];
  readonly #out: Tensor;
  readonly #gradient: Tensor;
  readonly #dim: number;
  readonly #file = Deno.makeTempFileSync();

  constructor(device: CpuDevice, batches: readonly TrainingBatch[], tables: number, dim: number) {
    this.#ids = batches.map(({ ids }) => ({
      batch: BATCH,
      tables,
      ids: device.tensor("u32", [BATCH, tables], { data: ids as Uint32Array }),
    }));
    this.#out = device.tensor("f32", [BATCH, tables, dim]);
    this.#gradient = device.tensor("f32", [BATCH, tables, dim]);
    fill(this.#gradient, 1e-3);
    this.#dim = dim;
    for (const { ids } of batches) {
      Deno.writeFileSync(this.#file, new Uint8Array(Uint32Array.from(ids).buffer), { append: true });
    }
  }

  /** The same by PyTorch: full tables, sparse gradients. */
  peer(torch: PeerProcess, rows: readonly number[], threads: number): Subject {
    const spec = { dim: this.#dim, rows: [...rows], ids: this.#file, batch: BATCH, train: true, threads };
    return torch.subject(spec, `${torch.name} EmbeddingBag, full tables, sparse gradients`);
  }

  subject(name: string, collection: EmbeddingCollection): Subject {
    let next = 0;
    return {
      name,
      run: (repeats) => {
        for (let i = 0; i < repeats; i++) {
          collection.lookup(this.#ids[next++ % this.#ids.length]!, this.#out);
          collection.backward(this.#gradient);
          collection.step(RATE);
        }
      },
    };
  }

  [Symbol.dispose](): void {
    for (const { ids } of this.#ids) ids[Symbol.dispose]();
    Deno.removeSync(this.#file);
    this.#out[Symbol.dispose]();
    this.#gradient[Symbol.dispose]();
  }
}
