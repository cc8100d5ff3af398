/**
 * Speed of ROBE arrays on the CPU: `deno task bench:robe`. Rows per second against full tables (the product's own, read
 * with the same care; a plain loop and prefetching ones in C; PyTorch's `EmbeddingBag`) and against the same algorithm in C;
 * latency; training steps of a DLRM. C is compiled where a compiler is found (`CC`, `cc`, `gcc`, `clang`); PyTorch is
 * taken from `POCKETREC_PYTHON`, `python3` or `/usr/bin/python3`.
 *
 * @module
 */
import { runBench, startPythonPeer } from "../harness.ts";
import { benchLatency } from "./latency.ts";
import { benchLookups } from "./lookups.ts";
import { reportMarks } from "./marks.ts";
import { memoryText } from "./memory_text.ts";
import { loadNativePeer } from "./native.ts";
import { benchTraining } from "./training.ts";

await runBench("robe", async (bench) => {
  const native = await loadNativePeer("this processor"), narrow = await loadNativePeer("128-bit vectors");
  await using torch = await startPythonPeer(new URL("./torch_peer.py", import.meta.url));
  Object.assign(bench.machine.versions, {
    memory: memoryText(),
    compiler: native?.name ?? "none (install a C compiler)",
    peer: torch?.name ?? "none (install python3-torch, or name a Python that has torch in POCKETREC_PYTHON)",
  });
  await benchLookups(bench, { native, narrow, torch });
  await benchLatency(bench, torch);
  await benchTraining(bench, torch);
  reportMarks(bench);
});
