/**
 * Where a training step's time goes, measured around the parts of a model that is otherwise the compared one. The CPU
 * device runs commands as they are recorded, so a clock around the calls is enough.
 *
 * @module
 */
import type { CpuDevice } from "@pocketrec/compute";
import {
  Dlrm,
  type DlrmConfig,
  type EmbeddingCollection,
  type IdBatch,
  type OptimizerConfig,
  type TrainingBatch,
} from "@pocketrec/dlrm-model";
import type { Bench } from "../harness.ts";
import { quantile } from "../harness.ts";

/** What the measured model is made of. */
export interface PhaseParts {
  readonly config: DlrmConfig;
  readonly embeddings: EmbeddingCollection;
  readonly optimizer: OptimizerConfig;
  readonly batches: readonly TrainingBatch[];
}

const PHASES = ["lookup", "forward", "backward", "dense update", "embedding update"] as const;
type Phase = typeof PHASES[number];

/** Adds one row per phase: median milliseconds and share of the step. */
export async function reportPhases(bench: Bench, text: string, device: CpuDevice, parts: PhaseParts): Promise<void> {
  const spent: Record<Phase, number> = {
    lookup: 0,
    forward: 0,
    backward: 0,
    "dense update": 0,
    "embedding update": 0,
  };
  const timed = (phase: Phase, work: () => void) => {
    const start = performance.now();
    work();
    spent[phase] += performance.now() - start;
  };
  const inner = parts.embeddings;
  const embeddings: EmbeddingCollection = {
    tables: inner.tables,
    parameterBytes: inner.parameterBytes,
    lookup: (ids: IdBatch, out) => timed("lookup", () => inner.lookup(ids, out)),
    backward: (gradOut) => timed("embedding update", () => inner.backward(gradOut)),
    step: (lr) => timed("embedding update", () => inner.step(lr)),
    state: () => inner.state(),
    load: (state) => inner.load(state),
  };
  const { config, optimizer, batches } = parts;
  const trainBatch = batches[0]!.labels.length;
  using model = new Dlrm(device, { config, embeddings, optimizer, trainBatch, seed: 1 });
  const samples = Object.fromEntries(PHASES.map((phase) => [phase, [] as number[]])) as Record<Phase, number[]>;
  const steps = bench.options.quick ? 4 : 40;
  for (let step = 0; step < steps; step++) {
    for (const phase of PHASES) spent[phase] = 0;
    const batch = batches[step % batches.length]!;
    const start = performance.now();
    await model.forward(batch);
    const forwardEnd = performance.now();
    const before = spent["embedding update"];
    await model.backward();
    const backwardEnd = performance.now();
    const inBackward = spent["embedding update"] - before;
    model.step(1e-4);
    const stepEnd = performance.now();
    spent.forward = forwardEnd - start - spent.lookup;
    spent.backward = backwardEnd - forwardEnd - inBackward;
    spent["dense update"] = stepEnd - backwardEnd - (spent["embedding update"] - before - inBackward);
    if (step >= steps / 4) { for (const phase of PHASES) samples[phase].push(spent[phase]); }
  }
  const medians = PHASES.map((phase) => quantile(samples[phase].sort((a, b) => a - b), 0.5));
  const total = medians.reduce((sum, ms) => sum + ms, 0);
  PHASES.forEach((phase, i) => {
    bench.add({ case: text, metric: `phase ${phase}`, value: medians[i]!, unit: "ms" });
    bench.add({ case: text, metric: `share ${phase}`, value: 100 * medians[i]! / total, unit: "%" });
  });
}
