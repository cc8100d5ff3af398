/**
 * Does the model compute what PyTorch computes? `deno run -A bench/dlrm/parity.ts`
 *
 * PyTorch (`parity.py`) makes weights and batches and writes what it computes from them as safetensors; ours loads the
 * same on every device of this host (CPU with WebAssembly and with BLAS, Deno's WebGPU, Dawn). Must hold:
 *
 * - logits: largest difference 1e-5
 * - gradients of every dense tensor and every table: largest difference 1e-5 of the tensor's largest gradient
 * - every parameter after one update by SGD, Adagrad, row-wise Adagrad and Adam (tables: SparseAdam): largest difference
 *   1e-5; optimiser states start warm, as from zero Adagrad and Adam take the sign of each gradient, rounding included
 * - drift over 100 steps of SGD and Adagrad: our distance to PyTorch in float64 is at most twice that of PyTorch in
 *   float32, for the losses (root of squares over the steps) and for all parameters at the end. The median over five
 *   seeds (software GPUs: three): the ratio of a single run says which program was first to see a ReLU flip, and is anything from 0 to 5
 *
 * Prints a table, writes `results/parity.json`, exits with 1 where a limit is exceeded. Software GPUs take the small
 * shapes only. PyTorch is that of `python3` or `/usr/bin/python3`, or of the Python named by `POCKETREC_PYTHON`.
 *
 * @module
 */
import type { AnyDevice } from "@pocketrec/compute";
import { openTestDevices } from "@pocketrec/compute/testing";
import { describeMachine, renderMachine } from "../harness.ts";
import { compareCase, DRIFT_LIMIT, measureDrift, type ParityRow, runTorch } from "./parity_compare.ts";
import { describeCase, PARITY_CASES, type ParityCase } from "./parity_cases.ts";
import { findTorch } from "./parity_python.ts";

const SEEDS = [1, 2, 3, 4, 5];

/** What {@linkcode checkParity} does. */
export interface ParityOptions {
  /** Seeds of weights and batches. */
  readonly seeds: readonly number[];
  /** Whether a device measures the drift of a seed. */
  readonly drift: (device: AnyDevice, seed: number) => boolean;
  /** Told of each row as it comes. */
  readonly report?: (row: ParityRow) => void;
}

/** Compares cases on all devices; all seeds for the drift, the first for the rest. */
export async function checkParity(
  python: string,
  cases: readonly ParityCase[],
  options: ParityOptions,
): Promise<{ rows: ParityRow[]; torch: string; devices: Record<string, string> }> {
  const { seeds, drift, report } = options;
  const devices = await openTestDevices();
  const rows: ParityRow[] = [];
  let version = "";
  const add = (row: ParityRow) => {
    rows.push(row);
    report?.(row);
  };
  for (const parity of cases) {
    const takers = [...devices].filter(([, device]) => parity.small || device.kind === "cpu" || !device.isFallback);
    const drifts = new Map<string, Record<string, number>[]>(takers.map(([name]) => [name, []]));
    for (const seed of parity.runs.length > 0 ? seeds : seeds.slice(0, 1)) {
      const torch = await runTorch(python, describeCase(parity, seed));
      if (!torch) throw new Error(`${python} has no torch`);
      version = torch.version;
      for (const [name, device] of takers) {
        if (seed === seeds[0]) (await compareCase(device, name, parity, torch)).forEach(add);
        if (drift(device, seed)) drifts.get(name)!.push(await measureDrift(device, parity, torch));
      }
    }
    for (const [device, bySeed] of drifts) {
      for (const metric of Object.keys(bySeed[0] ?? {})) {
        const ratios = bySeed.map((drift) => drift[metric]!);
        const value = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)]!;
        add({ case: parity.name, device, metric, value, limit: DRIFT_LIMIT, seeds: ratios });
      }
    }
  }
  const labels = Object.fromEntries([...devices].map(([name, device]) => [name, device.label]));
  for (const device of devices.values()) device[Symbol.dispose]();
  return { rows, torch: version, devices: labels };
}

if (import.meta.main) {
  const python = await findTorch();
  if (!python) {
    console.error("Cannot compare with PyTorch as no Python here has it: apt-get install -y python3-torch");
    Deno.exit(1);
  }
  const machine = describeMachine();
  console.log("case          device   what                                   value      limit");
  // Software GPUs take a third of a second per step: three seeds do.
  const drift = (device: AnyDevice, seed: number) => !(device.kind === "webgpu" && device.isFallback) || seed <= 3;
  const report = (row: ParityRow) => {
    const mark = row.value <= row.limit ? "" : "  EXCEEDED";
    const value = row.limit === DRIFT_LIMIT ? row.value.toFixed(2) : row.value.toExponential(1);
    console.log(
      `${row.case.padEnd(13)} ${row.device.padEnd(8)} ${row.metric.padEnd(38)} ${value.padEnd(10)} ${row.limit}${mark}`,
    );
  };
  const { rows, torch, devices } = await checkParity(python, PARITY_CASES, { seeds: SEEDS, drift, report });
  machine.versions["PyTorch"] = torch;
  for (const [name, label] of Object.entries(devices)) machine.versions[name] = label;
  console.log(`\n${renderMachine(machine)}`);
  const results = new URL("./results/parity.json", import.meta.url);
  await Deno.mkdir(new URL("./", results), { recursive: true });
  const text = JSON.stringify(
    { name: "dlrm parity", command: "deno run -A bench/dlrm/parity.ts", machine, rows },
    null,
    2,
  );
  await Deno.writeTextFile(results, text + "\n");
  if (rows.some(({ value, limit }) => !(value <= limit))) Deno.exit(1);
}
