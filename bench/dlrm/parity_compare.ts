/**
 * Our side of the parity check: runs a case on a device and measures the distance to PyTorch's files.
 *
 * @module
 */
import type { AnyDevice, TensorData } from "@pocketrec/compute";
import {
  decodeSafetensors,
  Dlrm,
  type OptimizerConfig,
  type SafeTensor,
  stateNames,
  TableCollection,
  type TrainingBatch,
} from "@pocketrec/dlrm-model";
import { type ParityCase, RATES } from "./parity_cases.ts";

/** PyTorch's files of a case. */
export interface TorchFiles {
  readonly inputs: ReadonlyMap<string, SafeTensor>;
  readonly oneStep: ReadonlyMap<string, SafeTensor>;
  readonly runs: ReadonlyMap<string, SafeTensor>;
  /** PyTorch's version. */
  readonly version: string;
}

/** One line of the result. */
export interface ParityRow {
  /** Drift: the ratio of each seed, of which `value` is the median. */
  readonly seeds?: readonly number[];
  readonly case: string;
  readonly device: string;
  readonly metric: string;
  readonly value: number;
  /** What the value must not exceed. */
  readonly limit: number;
}

/** Largest difference allowed for logits and updates (absolute) and gradients (relative to their tensor's largest). */
const TOLERANCE = 1e-5;

/** Rate of the SGD step that table gradients are read off: large, so that rounding the rows hardly shows. */
const PROBE_RATE = 128;

/** Our distance to float64 over PyTorch float32's distance to it. */
export const DRIFT_LIMIT = 2;

/** Runs PyTorch on a case and reads what it wrote; `undefined` where this Python has no torch. */
export async function runTorch(python: string, description: object): Promise<TorchFiles | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "parity-" });
  try {
    await Deno.writeTextFile(`${folder}/case.json`, JSON.stringify(description));
    const script = new URL("./parity.py", import.meta.url).pathname;
    const command = new Deno.Command(python, { args: [script, `${folder}/case.json`, folder], stderr: "piped" });
    const { success, stdout, stderr } = await command.output();
    if (!success) {
      const text = new TextDecoder().decode(stderr);
      if (/No module named '(torch|numpy)'/.test(text)) return undefined;
      throw new Error(`parity.py failed:\n${text}`);
    }
    const read = async (name: string) =>
      decodeSafetensors(await Deno.readFile(`${folder}/${name}.safetensors`)).tensors;
    const version = new TextDecoder().decode(stdout).trim();
    return { inputs: await read("inputs"), oneStep: await read("one_step"), runs: await read("runs"), version };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compares logits, gradients and one update of each optimiser on a device. */
export async function compareCase(
  device: AnyDevice,
  name: string,
  parity: ParityCase,
  torch: TorchFiles,
): Promise<ParityRow[]> {
  const rows: ParityRow[] = [];
  const add = (metric: string, value: number, limit: number) => {
    rows.push({ case: parity.name, device: name, metric, value, limit });
  };
  const weights = initialWeights(torch.inputs);
  const first = batchOf(torch.inputs, 0);
  {
    using pair = new Pair(device, parity, { kind: "sgd" }, weights);
    add("logits", distance(await pair.model.predict(first, "logit"), torch.oneStep.get("logits")!.data), TOLERANCE);
    await pair.model.forward(first);
    await pair.model.backward();
    let worst = 0;
    for (const [key, tensor] of Object.entries(pair.model.denseGradients())) {
      worst = Math.max(worst, relative(await tensor.read(), torch.oneStep.get(`gradient.${key}`)!.data));
    }
    pair.model.step(PROBE_RATE);
    for (const [key, after] of Object.entries(await pair.read())) {
      if (!key.startsWith("emb_l") || key.includes("@")) continue;
      const gradient = Float64Array.from(after, (value, i) => (weights[key]![i]! - value) / PROBE_RATE);
      worst = Math.max(worst, relative(gradient, torch.oneStep.get(`gradient.${key}`)!.data));
    }
    add("gradients", worst, TOLERANCE);
  }
  for (const [kind, lr] of Object.entries(RATES) as [keyof typeof RATES, number][]) {
    using pair = new Pair(device, parity, { kind }, { ...weights, ...warmState(kind, weights) });
    await pair.model.trainStep(first, lr);
    const after = await pair.read();
    const worst = Object.keys(weights).map((key) => distance(after[key]!, torch.oneStep.get(`${kind}.${key}`)!.data));
    add(`one ${kind} update`, Math.max(...worst), TOLERANCE);
  }
  return rows;
}

/**
 * Runs all steps of a case, and returns our distance to PyTorch in float64 over PyTorch float32's, by metric: the root of
 * squares over the losses of all steps, and over all parameters at the end.
 */
export async function measureDrift(
  device: AnyDevice,
  parity: ParityCase,
  torch: TorchFiles,
): Promise<Record<string, number>> {
  const drifts: Record<string, number> = {};
  const weights = initialWeights(torch.inputs);
  for (const kind of parity.runs) {
    using pair = new Pair(device, parity, { kind }, weights);
    const losses: number[] = [];
    for (let step = 0; step < parity.steps; step++) {
      await pair.model.trainStep(batchOf(torch.inputs, step), RATES[kind]);
      const { sum, count } = await pair.model.readLoss();
      pair.model.setLoss({ sum: 0, count: 0 });
      losses.push(sum / count);
    }
    const after = await pair.read();
    const drift = (ours: (key: string) => Numbers, keys: readonly string[]) => {
      let own = 0, theirs = 0;
      for (const key of keys) {
        const exact = torch.runs.get(`float64.${kind}.${key}`)!.data;
        own += squares(ours(key), exact);
        theirs += squares(torch.runs.get(`float32.${kind}.${key}`)!.data, exact);
      }
      return Math.sqrt(own / theirs);
    };
    drifts[`${parity.steps} ${kind} steps: drift of losses`] = drift(() => Float64Array.from(losses), ["losses"]);
    drifts[`${parity.steps} ${kind} steps: drift of weights`] = drift((key) => after[key]!, Object.keys(weights));
  }
  return drifts;
}

/** A model and its tables with given state. */
class Pair implements Disposable {
  readonly model: Dlrm;
  readonly #tables: TableCollection;

  constructor(
    device: AnyDevice,
    { config, schemes, batch }: ParityCase,
    optimizer: OptimizerConfig,
    state: Readonly<Record<string, TensorData>>,
  ) {
    const { tables, dim } = config;
    this.#tables = new TableCollection(device, { tables, dim, schemes, optimizer, seed: 1 });
    this.model = new Dlrm(device, { config, embeddings: this.#tables, optimizer, trainBatch: batch, seed: 1 });
    this.model.load(state);
  }

  async read(): Promise<Record<string, TensorData>> {
    const read: Record<string, TensorData> = {};
    for (const [name, tensor] of Object.entries(this.model.state())) read[name] = await tensor.read();
    return read;
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
    this.#tables[Symbol.dispose]();
  }
}

function initialWeights(inputs: ReadonlyMap<string, SafeTensor>): Record<string, Float32Array> {
  const weights = [...inputs].filter(([name]) => !/^(dense|ids|labels)\.\d+$/.test(name));
  return Object.fromEntries(weights.map(([name, { data }]) => [name, data as Float32Array]));
}

function batchOf(inputs: ReadonlyMap<string, SafeTensor>, step: number): TrainingBatch {
  return {
    dense: inputs.get(`dense.${step}`)!.data as Float32Array,
    ids: Uint32Array.from(inputs.get(`ids.${step}`)!.data as Int32Array),
    labels: inputs.get(`labels.${step}`)!.data as Float32Array,
  };
}

/** The optimiser state that `warm_up` of parity.py sets. */
function warmState(kind: keyof typeof RATES, weights: Record<string, Float32Array>): Record<string, TensorData> {
  const values: Record<string, number> = { sum: 0.01, row_sum: 0.01, exp_avg: 0.001, exp_avg_sq: 0.0001 };
  const state: Record<string, TensorData> = { "emb_l@step": Uint32Array.of(9), "dense@step": Uint32Array.of(9) };
  for (const [name, weight] of Object.entries(weights)) {
    const table = name.startsWith("emb_l");
    for (const suffix of stateNames(kind === "rowwise-adagrad" && !table ? "adagrad" : kind)) {
      // Every table of these cases has 16 columns.
      const size = suffix === "row_sum" ? weight.length / 16 : weight.length;
      state[`${name}@${suffix}`] = new Float32Array(size).fill(values[suffix]!);
    }
  }
  return state;
}

type Numbers = SafeTensor["data"] | Float64Array;

function distance(actual: Numbers, expected: Numbers): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(Number(actual[i]) - Number(expected[i]));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

function squares(actual: Numbers, exact: Numbers): number {
  let sum = 0;
  for (let i = 0; i < exact.length; i++) sum += (Number(actual[i]) - Number(exact[i])) ** 2;
  return sum;
}

function relative(actual: Numbers, expected: Numbers): number {
  let largest = 0;
  for (const value of expected) largest = Math.max(largest, Math.abs(Number(value)));
  const difference = distance(actual, expected);
  return largest > 0 ? difference / largest : difference;
}
