import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Activation, GemmPlan } from "./gemm.ts";
import { gemmWasm } from "./gemm_wasm.ts";

const MODULE: CpuModule = { label: "compute/gemm", base64: gemmWasm };

/** The BLAS kernel of every thread; see cpu/thread_main.ts. */
const SGEMM = 0;

/** Extents of the register tile of the WebAssembly kernel; see gemm.as.ts. */
const TILE_ROWS = 6, TILE_COLUMNS = 8;

/** Longest part of a sum that stays in registers: panels of A and B of this depth fit a 48 KB L1 cache together. */
const DEPTH = 512;

const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, sigmoid: 2 };

/** Runs a checked product on the CPU. */
export function gemmOnCpu(device: CpuDevice, plan: GemmPlan): void {
  if (device.blas) return runBlas(device, plan);
  return runWasm(device, plan);
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
  const epilogue = bias || reluMask || activation !== "none" ? device.kernel(MODULE, "epilogue") : 0;
  const rows = Math.min(m, 64), columns = n;
  const tasks = Math.ceil(m / rows) * Math.ceil(n / columns);
  device.run(SGEMM, tasks, commonSlots(plan, rows, columns, epilogue));
}

function runWasm(device: CpuDevice, plan: GemmPlan): void {
  const { m, n, k } = plan;
  const panels = Math.ceil(n / TILE_COLUMNS);
  const depth = k <= DEPTH ? Math.max(1, k) : Math.ceil(k / Math.ceil(k / DEPTH));
  const rows = Math.min(16 * TILE_ROWS, Math.ceil(m / TILE_ROWS) * TILE_ROWS);
  const columns = panels * TILE_COLUMNS;
  const packedB = device.workspace("gemm/b", "f32", Math.max(1, columns * k));
  const scratch = TILE_ROWS * TILE_COLUMNS + rows * depth;
  const scratchFloats = Math.ceil(scratch / 16) * 16; // whole cache lines
  const perThread = device.workspace("gemm/a", "f32", scratchFloats * device.threads);
  const slots = commonSlots(plan, rows, columns, 0);
  slots.push(addressOf(packedB), addressOf(perThread), 4 * scratchFloats, depth);
  device.run(device.kernel(MODULE, "pack"), panels, slots);
  device.run(device.kernel(MODULE, "multiply"), Math.ceil(m / rows), slots);
}
