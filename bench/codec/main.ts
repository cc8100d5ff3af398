/**
 * Speed of the codec on one core: `deno task bench:codec`. Encoding and decoding of embedding batches, with the WebAssembly
 * kernels and with the TypeScript ones, beside zstd -3 and fflate on the same codes, zfp and SZ3. Peers come from the system
 * and from npm; SZ3 from a Python with pysz, named in `POCKETREC_PYTHON`.
 *
 * Also here: `ratio.ts`, how small arrays become; `fuzz.ts`, damaged streams; `kernels.ts`, speed of the parts;
 * `dual_level/main.ts`, what bounds cost a model.
 *
 * @module
 */
import { runBench } from "../harness.ts";
import { reportMarks } from "./marks.ts";
import { openPeers } from "./ratio/methods.ts";
import { benchSpeed } from "./speed.ts";

await runBench("codec", async (bench) => {
  await using peers = await openPeers();
  const { zstd3, deflate, zfp, sz3, missing } = peers;
  const found = [zstd3, deflate, zfp, sz3].flatMap((peer) => peer?.name ?? []).join(", ");
  Object.assign(bench.machine.versions, {
    peers: found,
    ...(missing.length > 0 ? { missing: missing.join("; ") } : {}),
  });
  await benchSpeed(bench, peers);
  reportMarks(bench);
});
