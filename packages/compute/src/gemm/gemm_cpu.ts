import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Activation, GemmPlan } from "./gemm.ts";
import { gemmUnfusedWasm } from "./gemm_unfused_wasm.ts";
import { gemmWasm } from "./gemm_wasm.ts";

const RELAXED: CpuModule = { label: "compute/gemm", base64: gemmWasm };
const UNFUSED: CpuModule = { label: "compute/gemm[unfused]", base64: gemmUnfusedWasm };

let module: CpuModule | undefined;

/** The kernels that this host takes: those with relaxed SIMD, unless it has none (Node 20). */
function hostModule(): CpuModule {
  return module ??= WebAssembly.validate(Uint8Array.from(atob(gemmWasm), (c) => c.charCodeAt(0))) ? RELAXED : UNFUSED;
}

/** The BLAS kernel of every thread; see cpu/thread_main.ts. */
const SGEMM = 0;

/** Extents of the register tile of the WebAssembly kernel; see _pack.as.ts. */
const TILE_ROWS = 5, TILE_COLUMNS = 8;

/** Longest part of a sum that stays in registers: a panel of A and one of B of this depth fit a 48 KB L1 cache. */
const DEPTH = 512;

/** Most rows of a task: at full depth its packed A takes 200 KB of L2. */
const MOST_ROWS = 100;

/** Tasks wanted: some per thread, so that one that was held up does not hold up all. */
const TASKS = 16;

/** Multiplications that one thread does sooner than two could share them (a fork-join takes some 6 us). */
const SMALL = 1 << 18;

/** Elements of B worth a task of packing. */
const PACK_ELEMENTS = 1 << 14;

const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, sigmoid: 2 };

/** Runs a checked product on the CPU. */
export function gemmOnCpu(device: CpuDevice, plan: GemmPlan): void {
  if (device.blas) return runBlas(device, plan);
  return runWasm(device, plan, hostModule());
}

/** Slots 0 to 18, which the BLAS kernel, the WebAssembly kernel and the epilogue have in common. */
function commonSlots(plan: GemmPlan, rowsPerTask: number, columnsPerTask: number, epilogue: number): number[] {
  const { m, n, k, a, b, out, transposeA, transposeB, alpha, beta, bias, activation, reluMask } = plan;
  // deno-fmt-ignore
  return [
    Number(transposeA), Number(transposeB), m, n, k,
    alpha, addressOf(a), Math.max(1, a.shape[1]!), addressOf(b), Math.max(1, b.shape[1]!), beta, addressOf(out), n,
    rowsPerTask, columnsPerTask, epilogue,
    bias ? addressOf(bias) : 0, ACTIVATIONS[activation], reluMask ? addressOf(reluMask) : 0,
  ];
}

function runBlas(device: CpuDevice, plan: GemmPlan): void {
  const { m, n, bias, activation, reluMask } = plan;
  const epilogue = bias || reluMask || activation !== "none" ? device.kernel(hostModule(), "epilogue") : 0;
  const rows = Math.min(m, 64), columns = n;
  const tasks = Math.ceil(m / rows) * Math.ceil(n / columns);
  device.run(SGEMM, tasks, commonSlots(plan, rows, columns, epilogue));
}

function runWasm(device: CpuDevice, plan: GemmPlan, module: CpuModule): void {
  const { m, n, k } = plan;
  const small = m * n * k <= SMALL;
  const depth = Math.max(1, Math.ceil(k / Math.ceil(k / DEPTH)) || 0);
  const rows = small ? roundUp(m, TILE_ROWS) : Math.min(MOST_ROWS, roundUp(m / TASKS, TILE_ROWS));
  const panels = Math.ceil(n / TILE_COLUMNS);
  const panelsPerTask = small ? panels : Math.max(1, Math.floor(PACK_ELEMENTS / (TILE_COLUMNS * Math.max(1, k))));
  const packedB = device.workspace("gemm/b", "f32", Math.max(1, panels * TILE_COLUMNS * k));
  // A tile, packed rows, and what the last load reads beyond them; whole cache lines, so that threads share none.
  const scratch = roundUp(TILE_ROWS * TILE_COLUMNS + rows * depth + 3, 16);
  const perThread = device.workspace("gemm/a", "f32", scratch * device.threads);
  const slots = commonSlots(plan, rows, n, 0);
  slots.push(addressOf(packedB), addressOf(perThread), 4 * scratch, depth, panelsPerTask);
  device.run(device.kernel(module, "pack"), Math.ceil(panels / panelsPerTask), slots);
  device.run(device.kernel(module, "multiply"), Math.ceil(m / rows), slots);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
