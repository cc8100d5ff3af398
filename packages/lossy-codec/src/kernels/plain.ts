/**
 * The kernels in TypeScript: run anywhere, and are the definition that other implementations are compared with.
 *
 * @module
 */
import type { KernelMemory, Kernels } from "./kernels.ts";
import type { Lanes } from "./lanes.ts";
import { dedupe } from "./plain_dedupe.ts";
import { ansDecode, ansEncode, columnSums, histogram, huffDecode, huffEncode, rowBuckets } from "./plain_entropy.ts";
import { gatherRows, lorenzo, pack, unlorenzo, unpack } from "./plain_integers.ts";
import { restoreMantissa, roundMantissa } from "./plain_mantissa.ts";
import { PlainMemory } from "./plain_memory.ts";
import { dequantise, quantise } from "./plain_quantise.ts";
import { expandF16, range } from "./plain_range.ts";

/** An instance on this memory, or on a memory of its own. With lanes, these do what they can of the entropy coding. */
export function createPlainKernels(memory: KernelMemory = new PlainMemory(), lanes?: Lanes): Kernels {
  const on = <A extends unknown[], R>(kernel: (memory: KernelMemory, ...args: A) => R) => (...args: A): R =>
    kernel(memory, ...args);
  const onLanes =
    <A extends unknown[], R>(kernel: (memory: KernelMemory, lanes: Lanes | undefined, ...args: A) => R) =>
    (...args: A): R => kernel(memory, lanes, ...args);
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
    ansEncode: onLanes(ansEncode),
    ansDecode: onLanes(ansDecode),
    huffEncode: onLanes(huffEncode),
    huffDecode: onLanes(huffDecode),
  };
}
