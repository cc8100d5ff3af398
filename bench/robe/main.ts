import { runBench, startPythonPeer } from "../harness.ts";
import { benchLookups } from "./lookups.ts";
import { loadNativePeer } from "./native.ts";

await runBench("robe", async (bench) => {
  const native = await loadNativePeer();
  await using torch = await startPythonPeer(new URL("./torch_peer.py", import.meta.url));
  Object.assign(bench.machine.versions, { compiler: native?.name ?? "none", peer: torch?.name ?? "none" });
  await benchLookups(bench, { native, torch });
});
