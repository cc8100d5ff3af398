/**
 * Speed of a whole DLRM on the CPU against PyTorch (and ONNX Runtime forward), full tables, same shapes, batches and
 * threads, interleaved: `deno task bench:dlrm`. Beside the comparison: where a step's time goes, and the limits that the
 * machine sets.
 *
 * PyTorch is taken from `python3` or `/usr/bin/python3`; name another Python in `POCKETREC_PYTHON`. ONNX Runtime joins
 * where that Python has `onnx` and `onnxruntime`.
 *
 * @module
 */
import { type CpuDevice, openCpuDevice } from "@pocketrec/compute";
import { findBlas } from "@pocketrec/compute/blas";
import { adviseHugePages } from "@pocketrec/compute/huge-pages";
import { Dlrm, TableCollection } from "@pocketrec/dlrm-model";
import { type Bench, type PeerProcess, runBench, startPythonPeer } from "../harness.ts";
import { reportLimits } from "./limits.ts";
import { reportPhases } from "./phases.ts";
import { type BenchShape, ROTATED_BATCHES, SHAPES } from "./shapes.ts";
import { makeBatches } from "./batches.ts";

const BATCHES = [128, 2048];

/** Several steps in a row, as training does them: a lone step would find the caches full of the peer's data. */
const SAMPLING = { sampleMs: 300, budgetMs: 12_000 };

const setEnvironment = (name: string, value: string) => Deno.env.has(name) || Deno.env.set(name, value);

/** One shape on one device: training and forward at each batch size, then phases and limits. */
async function benchShape(bench: Bench, device: CpuDevice, shape: BenchShape, peers: Peers): Promise<void> {
  const optimizer = { kind: "sgd" } as const;
  const { config } = shape;
  using embeddings = new TableCollection(device, { tables: config.tables, dim: config.dim, optimizer, seed: 1 });
  const trainBatch = Math.max(...BATCHES);
  using model = new Dlrm(device, { config, embeddings, optimizer, trainBatch, seed: 1 });
  for (const size of BATCHES) {
    const suffix = `${shape.name}, batch ${size}, uniform ids, ${threadsText(device)}`;
    const trainCase = `train ${suffix}`, forwardCase = `forward ${suffix}`;
    if (!bench.wants(trainCase) && !bench.wants(forwardCase)) continue;
    const batches = makeBatches(config, size, ROTATED_BATCHES);
    let next = 0;
    const spec = (engine: "torch" | "onnx", mode: "train" | "forward") => ({
      engine,
      mode,
      rows: config.tables.map(({ rows }) => rows),
      dim: config.dim,
      bottom: config.bottom,
      top: config.top,
      batch: size,
      batches: ROTATED_BATCHES,
      threads: device.threads,
    });
    const torchSubjects = (mode: "train" | "forward") => [
      ...(peers.torch ? [peers.torch.subject(spec("torch", mode), peers.torchName)] : []),
      ...(peers.asInstalled ? [peers.asInstalled.subject(spec("torch", mode), `${peers.torchName} as installed`)] : []),
    ];
    await bench.compare({
      case: trainCase,
      sampling: bench.options.quick ? {} : SAMPLING,
      ours: {
        name: "pocketrec",
        run: async (repeats) => {
          for (let i = 0; i < repeats; i++) await model.trainStep(batches[next++ % batches.length]!, 1e-4);
          await device.finish();
        },
      },
      baselines: torchSubjects("train"),
    });
    await bench.compare({
      case: forwardCase,
      sampling: bench.options.quick ? {} : SAMPLING,
      ours: {
        name: "pocketrec",
        run: async (repeats) => {
          for (let i = 0; i < repeats; i++) await model.predict(batches[next++ % batches.length]!);
        },
      },
      baselines: peers.torch
        ? [
          ...torchSubjects("forward"),
          ...(peers.onnxName ? [peers.torch.subject(spec("onnx", "forward"), peers.onnxName)] : []),
        ]
        : [],
    });
    if (bench.wants(trainCase)) {
      await reportPhases(bench, trainCase, device, { config, embeddings, optimizer, batches });
      reportLimits(bench, trainCase, device, config, size);
    }
  }
}

/** The other engines, living in one Python process. */
interface Peers {
  readonly torch: PeerProcess | undefined;
  /** PyTorch with the BLAS kernels that it chooses by itself, where these are others than what it is told above. */
  readonly asInstalled: PeerProcess | undefined;
  readonly torchName: string;
  readonly onnxName: string | undefined;
}

function threadsText(device: CpuDevice): string {
  return `${device.threads} thread${device.threads > 1 ? "s" : ""}, ${device.blas?.name.split(" ")[0] ?? "wasm"}`;
}

await runBench("dlrm", async (bench) => {
  const script = new URL("./torch_peer.py", import.meta.url);
  const coreType = Deno.env.get("OPENBLAS_CORETYPE");
  // Before the setting is made: OpenBLAS older than the CPU falls back to SSE3 kernels.
  await using untouched = coreType === undefined ? await startPythonPeer(script, { threads: 1 }) : undefined;
  // Before the peers below start, so that they inherit the setting: the same kernels on both sides.
  const blas = findBlas({ setEnvironment }), openBlas = findBlas({ paths: ["libopenblas.so.0"] });
  const libraries = [blas, openBlas?.name === blas?.name ? undefined : openBlas].filter((library) =>
    library !== undefined
  );
  const cores = navigator.hardwareConcurrency;
  for (const threads of new Set(bench.options.quick ? [1] : [1, cores])) {
    await using torch = await startPythonPeer(script, { threads });
    const asInstalled = threads === 1 && Deno.env.get("OPENBLAS_CORETYPE") !== coreType ? untouched : undefined;
    const [torchName = "", onnxName] = torch?.name.split(", ") ?? [];
    Object.assign(bench.machine.versions, {
      blas: libraries.map((library) => library.name).join(", ") || "none",
      peer: torch?.name ?? "none (install python3-torch, or name a Python that has torch in POCKETREC_PYTHON)",
    });
    for (const shape of SHAPES) {
      for (const library of [...libraries, undefined]) {
        using device = openCpuDevice({ threads, onMemory: adviseHugePages, ...(library ? { blas: library } : {}) });
        await benchShape(bench, device, shape, { torch, asInstalled, torchName, onnxName });
      }
      await torch?.forget();
      await asInstalled?.forget();
    }
  }
});
