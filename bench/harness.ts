/**
 * What all benches share: interleaved comparisons with peers (also in other processes), medians, one ratio convention
 * (> 1: ours is better), a table, the machine and a JSON result.
 *
 * ```ts
 * await runBench("compute", async (bench) => {
 *   await using torch = await startPythonPeer(new URL("./torch_peer.py", import.meta.url), { threads: 2 });
 *   await bench.compare({
 *     case: "gemm 512x512x512, 2 threads, wasm",
 *     ours: { name: "pocketrec", run: (repeats) => { while (repeats-- > 0) gemm(a, b, out); } },
 *     baselines: torch ? [torch.subject({ op: "gemm", m: 512, n: 512, k: 512, threads: 2 })] : [],
 *     measure: gigaflops(2 * 512 ** 3),
 *   });
 * });
 * ```
 *
 * @module
 */
export * from "./harness/bench.ts";
export * from "./harness/machine.ts";
export * from "./harness/measure.ts";
export * from "./harness/peer.ts";
export * from "./harness/table.ts";
