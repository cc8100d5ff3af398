import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Tensor } from "../tensor.ts";
import { radixSortWasm } from "./radix_sort_wasm.ts";

const MODULE: CpuModule = { label: "compute/radix_sort", base64: radixSortWasm };

/** Keys per task. The cut must not depend on the threads, though any cut gives the same (unique) stable order. */
const CHUNK = 16_384;

/** Digits of 11 bits save passes; below this many keys their 2,048 counters cost more than the passes. */
const WIDE_DIGITS_FROM = 8192;

/** The passes of a sort by the low `bits` bits: as equally wide as can be. */
export function digitPasses(bits: number, keys: number): { shift: number; width: number }[] {
  const passes = Math.ceil(bits / (keys >= WIDE_DIGITS_FROM ? 11 : 8));
  const width = Math.ceil(bits / passes);
  return Array.from({ length: passes }, (_, i) => ({ shift: i * width, width: Math.min(width, bits - i * width) }));
}

/** {@linkcode radixSort} of the first `n` keys on the CPU. Values are the indices where `values` is absent. */
export function radixSortCpu(
  device: CpuDevice,
  keys: Tensor,
  values: Tensor | undefined,
  outKeys: Tensor,
  outValues: Tensor,
  n: number,
  bits: number,
): void {
  const chunks = Math.ceil(n / CHUNK);
  if (chunks === 0) return;
  const passes = digitPasses(bits, n);
  const out = [addressOf(outKeys), addressOf(outValues)] as const;
  let from: readonly [number, number] = [addressOf(keys), values ? addressOf(values) : 0];
  if (passes.length === 0) {
    device.run(device.kernel(MODULE, "copyChunk"), chunks, [...from, ...out, n, CHUNK]);
    return;
  }
  const counts = addressOf(
    device.workspace("radixSort.counts", "u32", chunks << Math.max(...passes.map((p) => p.width))),
  );
  const spare = passes.length === 1 ? out : [
    addressOf(device.workspace("radixSort.keys", "u32", n)),
    addressOf(device.workspace("radixSort.values", "u32", n)),
  ] as const;
  passes.forEach(({ shift, width }, i) => {
    const to = (passes.length - 1 - i) % 2 === 0 ? out : spare;
    const args = [...from, ...to, n, CHUNK, shift, 1 << width, counts, chunks];
    device.run(device.kernel(MODULE, "countChunk"), chunks, args);
    device.run(device.kernel(MODULE, "scanChunks"), 1, args);
    device.run(device.kernel(MODULE, "scatterChunk"), chunks, args);
    from = to;
  });
}
