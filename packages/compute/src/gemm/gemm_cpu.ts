import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import { forHost } from "../cpu/relaxed_simd.ts";
import type { Activation, GemmPlan } from "./gemm.ts";
import { gemmUnfusedWasm } from "./gemm_unfused_wasm.ts";
import { gemmWasm } from "./gemm_wasm.ts";

const MODULES = {
  relaxed: { label: "compute/gemm", base64: gemmWasm },
  unfused: { label: "compute/gemm[unfused]", base64: gemmUnfusedWasm },
};
/** The kernels without relaxed SIMD. */
export const UNFUSED: CpuModule = MODULES.unfused;

/** The BLAS kernel of every thread; see cpu/thread_main.ts. */
const SGEMM = 0;

/** Extents of the register tile of the WebAssembly kernel; see _pack.as.ts. */
const TILE_ROWS = 5, TILE_COLUMNS = 8;

/** Longest part of a sum that stays in registers: a panel of A and one of B of this depth fit a 48 KB L1 cache. */
const DEPTH = 512;

/** Most rows of a task: at full depth its packed A takes 100 KB of L2. */
const MOST_ROWS = 50;

/** Tasks wanted: some per thread, so that one that was held up does not hold up all. */
const TASKS = 8;

/** Multiplications that one thread does sooner than two could share them (a fork-join takes some 6 us). */
const SMALL = 1 << 18;

/** Elements of B worth a task of packing. */
const PACK_ELEMENTS = 1 << 15;

const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, sigmoid: 2 };

/** Runs a checked product on the CPU. Tests force the module without relaxed SIMD. */
export function gemmOnCpu(device: CpuDevice, plan: GemmPlan, module: CpuModule = forHost(device, MODULES)): void {
  if (plan.m === 1 || plan.n === 1) return runVector(device, plan, module);
  if (plan.k === 1) return runOuter(device, plan, module);
  if (device.blas && plan.k > 0) return runBlas(device, plan, module);
  return runPacked(device, plan, module);
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

/**
 * Rows and columns of the blocks that a BLAS product is cut into. Each call of the library packs its operands anew, so
 * blocks stay large: four blocks of a Kaggle layer at batch 2,048 cost 10 % against two, 64 x 1024 of a 1024-cube 30 %
 * against one call (OpenBLAS 0.3, AVX-512). The price is that products below 2^31 multiplications keep no more than two
 * to four threads busy.
 */
export function cutForBlas(m: number, n: number, k: number): [rows: number, columns: number] {
  const wanted = Math.max(2, Math.min(64, m * n * k / 2 ** 29));
  let rows = m, columns = n;
  while (Math.ceil(m / rows) * Math.ceil(n / columns) < wanted) {
    if (Math.max(rows, columns) < 256 || rows * columns * k < 2 ** 23) break;
    if (rows >= columns) rows = roundUp(rows / 2, 16);
    else columns = roundUp(columns / 2, 16);
  }
  return [rows, columns];
}

function runBlas(device: CpuDevice, plan: GemmPlan, module: CpuModule): void {
  const { m, n, k, bias, activation, reluMask } = plan;
  const epilogue = bias || reluMask || activation !== "none" ? device.kernel(module, "epilogue") : 0;
  const [rows, columns] = cutForBlas(m, n, k);
  const tasks = Math.ceil(m / rows) * Math.ceil(n / columns);
  device.run(SGEMM, tasks, commonSlots(plan, rows, columns, epilogue));
}

function runPacked(device: CpuDevice, plan: GemmPlan, module: CpuModule): void {
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

/** One result per row or column of the matrix; where the vector comes first, the product is turned around. */
function runVector(device: CpuDevice, plan: GemmPlan, module: CpuModule): void {
  const { n, k, bias } = plan;
  const across = n === 1;
  const { m, a, b, transposeA } = across ? plan : { m: plan.n, a: plan.b, b: plan.a, transposeA: !plan.transposeB };
  const rows = m * k <= SMALL / 4 ? m : roundUp(Math.max(16, m / TASKS), 16);
  const turned = { ...plan, m, n: 1, a, b, transposeA, bias: across ? undefined : bias };
  const slots = commonSlots(turned, rows, 1, 0);
  slots.push(0, 0, 0, 0, 0, across && bias ? addressOf(bias) : 0);
  device.run(device.kernel(module, transposeA ? "sums" : "dots"), Math.ceil(m / rows), slots);
}

function runOuter(device: CpuDevice, plan: GemmPlan, module: CpuModule): void {
  const rows = Math.ceil(SMALL / 8 / plan.n);
  device.run(device.kernel(module, "outer"), Math.ceil(plan.m / rows), commonSlots(plan, rows, plan.n, 0));
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
