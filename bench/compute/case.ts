/**
 * The contract between `deno task bench:compute` and the files beside it: each `<operator>.ts` exports `cases`.
 *
 * ```ts
 * export const cases: ComputeCases = async function* (context) {
 *   for (const device of context.cpuDevices) {
 *     using a = device.tensor("f32", [512, 512]);  // freed when the next case is asked for
 *     yield {
 *       case: `gemm 512x512x512, ${context.describe(device)}`,
 *       ours: onDevice(device, () => gemm(a, b, out)),
 *       baselines: context.torch([{ op: "gemm", m: 512, n: 512, k: 512, threads: device.threads }]),
 *       measure: gigaflops(2 * 512 ** 3),
 *     };
 *   }
 * };
 * ```
 *
 * @module
 */
import type { AnyDevice, CpuDevice, WebGpuDevice } from "@pocketrec/compute";
import type { Comparison, JsonObject, Subject } from "../harness.ts";

/** What the cases run on. */
export interface ComputeContext {
  /** The CPU device in its variants: 1 and all threads, without BLAS and (where one is found) with it. */
  readonly cpuDevices: readonly CpuDevice[];
  /** The GPU, unless it computes in software (whose speed says nothing). */
  readonly gpu: WebGpuDevice | undefined;
  /** Whether `--quick` was given: use the smallest size only. */
  readonly quick: boolean;
  /** `--only` for case texts; ask before building large inputs. */
  readonly wants: (text: string) => boolean;
  /** The tail of a case text: threads and `blas` or `wasm`, or the adapter. */
  readonly describe: (device: AnyDevice) => string;
  /** PyTorch as baselines, one per spec (see `torch_peer.py`); empty where it is not installed. */
  readonly torch: (specs: readonly JsonObject[]) => readonly Subject[];
}

/** What each file exports as `cases`: yields comparisons one by one, so that only one holds its inputs at a time. */
export type ComputeCases = (context: ComputeContext) => AsyncIterable<Comparison>;

/** Our side on a device: records `work` `repeats` times, then waits for the device. */
export function onDevice(device: AnyDevice, work: () => void): Subject {
  return {
    name: "pocketrec",
    run: async (repeats) => {
      for (let i = 0; i < repeats; i++) work();
      await device.finish();
    },
  };
}
