import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import type { Activation, GemmPlan } from "./gemm.ts";
import { gemmKernel, type GemmKind, reduceKernel, TILE } from "./gemm.wgsl.ts";

/** How one product is run: which kernel, and in how many parts k is cut (1: not at all). */
export interface GemmChoice {
  /** See {@linkcode GemmKind}. */
  readonly kind: GemmKind;
  /** Parts of k. */
  readonly parts: number;
}

/** Workgroups that keep a large GPU busy (some 130 cores of it); fewer are worth a cut of k. */
const WANTED_WORKGROUPS = 256;

/** Shortest part of k: below, writing and adding partial results costs more than it gains. */
const LEAST_PART = 256;

const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, sigmoid: 2 };

/** Chooses by shape; software adapters get no barriers and no cut, as they have few cores. */
export function chooseGemm(m: number, n: number, k: number, isFallback: boolean): GemmChoice {
  const small = Math.min(m, n) < 4;
  const kind = small ? "naive" : isFallback ? "registers" : "tiled";
  if (isFallback) return { kind, parts: 1 };
  const wanted = Math.ceil(WANTED_WORKGROUPS / tiles(kind, m, n));
  return { kind, parts: Math.max(1, Math.min(wanted, Math.floor(k / LEAST_PART))) };
}

/** Workgroups of one part of k. */
function tiles(kind: GemmKind, m: number, n: number): number {
  const [rows, columns] = TILE[kind];
  if (kind === "naive") return Math.ceil(m * n / columns);
  return Math.ceil(m / rows) * Math.ceil(n / columns);
}

/** Records a checked product. Tests force a choice; users get the one for the shape. */
export function gemmOnWebGpu(
  device: WebGpuDevice,
  plan: GemmPlan,
  choice: GemmChoice = chooseGemm(plan.m, plan.n, plan.k, device.isFallback),
): void {
  const { m, n, k, a, b, out, transposeA, transposeB, alpha, beta, bias, activation, reluMask } = plan;
  const splitK = choice.parts > 1;
  const kernel = gemmKernel({ kind: choice.kind, transposeA, transposeB, splitK });
  const part = Math.max(1, Math.ceil(k / choice.parts));
  const parts = Math.max(1, Math.ceil(k / part));
  const epilogue = [alpha, beta, Number(!!bias), ACTIVATIONS[activation], Number(!!reluMask)];
  const [x, y] = spreadWorkgroups(tiles(choice.kind, m, n));
  if (!splitK) {
    // An absent bias or mask is never read; any buffer may stand in.
    device.dispatch(kernel, [m, n, k, part, ...epilogue], [a, b, bias ?? a, reluMask ?? a, out], [x, y, 1]);
    return;
  }
  const partial = device.workspace("gemm/parts", "f32", parts * m * n);
  device.dispatch(kernel, [m, n, k, part, 1, 0, 0, 0, 0], [a, b, partial], [x, y, parts]);
  device.dispatch(
    reduceKernel,
    [m, n, parts, part, ...epilogue],
    [partial, bias ?? a, reluMask ?? a, out],
    spreadWorkgroups(Math.ceil(m * n / 256)),
  );
}
