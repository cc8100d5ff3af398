/**
 * The kernels in TypeScript: run anywhere, and are the definition that other implementations are compared with.
 *
 * @module
 */
import type { KernelMemory, Kernels } from "./kernels.ts";
import { dedupe } from "./plain_dedupe.ts";
import { ansDecode, ansEncode, columnSums, histogram, huffDecode, huffEncode, rowBuckets } from "./plain_entropy.ts";
import { gatherRows, lorenzo, pack, unlorenzo, unpack } from "./plain_integers.ts";
import { restoreMantissa, roundMantissa } from "./plain_mantissa.ts";
import { PlainMemory } from "./plain_memory.ts";
import { dequantise, quantise } from "./plain_quantise.ts";
import { expandF16, range } from "./plain_range.ts";

/** An instance with a memory of its own. */
export function createPlainKernels(): Kernels {
  const memory = new PlainMemory();
  const on = <A extends unknown[], R>(kernel: (memory: KernelMemory, ...args: A) => R) => (...args: A): R =>
    kernel(memory, ...args);
  return {
    name: "plain",
    memory,
    expandF16: on(expandF16),
    range: on(range),
    dedupe: on(dedupe),
    quantise: on(quantise),
    dequantise: on(dequantise),
    roundMantissa: on(roundMantissa),
    restoreMantissa: on(restoreMantissa),
    lorenzo: on(lorenzo),
    unlorenzo: on(unlorenzo),
    pack: on(pack),
    unpack: on(unpack),
    gatherRows: on(gatherRows),
    rowBuckets: on(rowBuckets),
    columnSums: on(columnSums),
    histogram: on(histogram),
    ansEncode: on(ansEncode),
    ansDecode: on(ansDecode),
    huffEncode: on(huffEncode),
    huffDecode: on(huffDecode),
  };
}
