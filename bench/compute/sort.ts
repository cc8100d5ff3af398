/**
 * Sorting keys with their indices, and listing runs.
 *
 * @module
 */
import { type AnyDevice, radixSort, runLength } from "@pocketrec/compute";
import { nanosecondsPer } from "../harness.ts";
import { type ComputeCases, onDevice } from "./case.ts";

/** Uniform keys below 2^`bits`. */
function randomKeys(n: number, bits: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: n }, () => Math.floor(Math.random() * 2 ** bits));
}

/** See `ComputeCases`. */
export const cases: ComputeCases = async function* (context) {
  const devices: AnyDevice[] = context.cpuDevices.filter((device) => !device.blas);
  if (context.gpu) devices.push(context.gpu);
  // Ids of a DLRM batch (26 tables, batch 128 and 2,048), and of a large one.
  for (const n of context.quick ? [53_248] : [3328, 53_248, 1_000_000]) {
    for (const device of devices) {
      const tail = `${n} keys of 25 bits, ${context.describe(device)}`;
      if (!context.wants(`radix sort ${tail}`) && !context.wants(`runs ${tail}`)) continue;
      const make = (size: number) => device.tensor("u32", [size]);
      using keys = device.tensor("u32", [n], { data: randomKeys(n, 25) });
      using outKeys = make(n);
      using outValues = make(n);
      yield {
        case: `radix sort ${tail}`,
        ours: onDevice(device, () => radixSort(keys, undefined, outKeys, outValues, { bits: 25 })),
        baselines: device.kind === "cpu"
          ? context.torch([{ op: "sort", n, high: 2 ** 25, threads: device.threads }])
          : [],
        measure: nanosecondsPer("key", n),
      };
      using runKeys = make(n);
      using starts = make(n + 1);
      using count = make(1);
      yield {
        case: `runs ${tail}`,
        ours: onDevice(device, () => runLength(outKeys, { keys: runKeys, starts, count })),
        baselines: [],
        measure: nanosecondsPer("key", n),
      };
    }
  }
};
