import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  Bench,
  formatNumber,
  interleave,
  parseBenchOptions,
  PeerProcess,
  perSecond,
  quantile,
  renderTable,
  type Subject,
  summarize,
} from "../harness.ts";

const SAMPLING = { rounds: 4, sampleMs: 1, budgetMs: 1e9, settleMs: 0 };

/** A subject that claims a fixed time per repeat. */
function fixed(name: string, seconds: number, order: string[] = []): Subject {
  return {
    name,
    run: (repeats) => {
      order.push(name);
      return seconds * repeats;
    },
  };
}

Deno.test("summarize() gives median and quartile distance", () => {
  assertEquals(summarize([5, 1, 3, 2, 4]), { median: 3, iqr: 2 });
  assertEquals(quantile([1, 2], 0.5), 1.5);
  assertThrows(() => quantile([], 0.5), RangeError);
});

Deno.test("interleave() alternates the order of subjects from round to round", async () => {
  const order: string[] = [];
  const seconds = await interleave([fixed("a", 1, order), fixed("b", 2, order)], SAMPLING);
  assertEquals(order.slice(-8).join(""), "abbaabba");
  assertEquals(seconds, [[1, 1, 1, 1], [2, 2, 2, 2]]);
});

Deno.test("interleave() measures itself where a subject does not, and repeats short work", async () => {
  let repeatsSeen = 0;
  const [seconds] = await interleave([{
    name: "spin",
    run: (repeats) => {
      repeatsSeen = Math.max(repeatsSeen, repeats);
      const end = performance.now() + 0.1 * repeats;
      while (performance.now() < end);
    },
  }], { ...SAMPLING, sampleMs: 4 });
  assert(repeatsSeen >= 4, `${repeatsSeen}`);
  const { median } = summarize(seconds!);
  assert(median >= 0.99e-4 && median < 5e-3, `${median}`); // a busy machine only adds to it
});

Deno.test("Bench.compare() makes ratio > 1 mean that ours is better, whatever the unit", async () => {
  const bench = new Bench("x", { quick: true }, () => {});
  const baselines = [fixed("slow", 0.02), fixed("fast", 0.005)];
  await bench.compare({ case: "time", ours: fixed("ours", 0.01), baselines });
  await bench.compare({ case: "rate", ours: fixed("ours", 0.01), baselines, measure: perSecond("rows", 10) });
  const rounded = bench.rows.map((row) => [row.case, row.value, row.unit, row.baseline, row.ratio!.toFixed(3)]);
  assertEquals(rounded, [
    ["time", 10, "ms", "slow", "2.000"],
    ["time", 10, "ms", "fast", "0.500"],
    ["rate", 1000, "rows/s", "slow", "2.000"],
    ["rate", 1000, "rows/s", "fast", "0.500"],
  ]);
});

Deno.test("Bench.compare() leaves out what --only does not name", async () => {
  const bench = new Bench("x", { quick: true, only: "gemm" }, () => {});
  await bench.compare({ case: "sort", ours: { name: "ours", run: () => Promise.reject(new Error("ran")) } });
  assertEquals(bench.rows, []);
});

Deno.test("parseBenchOptions() refuses an unknown option by name", () => {
  assertEquals(parseBenchOptions(["--json", "a.json", "--quick"]), { json: "a.json", quick: true });
  assertThrows(() => parseBenchOptions(["--fast"]), TypeError, "--fast");
});

Deno.test("renderTable() aligns and formatNumber() keeps three digits", () => {
  assertEquals([0, 0.00012, 0.01234, 3.14159, 98765.4].map(formatNumber), ["0", "1.20e-4", "0.0123", "3.14", "98765"]);
  const text = renderTable([{ case: "c", metric: "time", value: 2, unit: "ms", baseline: "peer 1.0", ratio: 1.5 }]);
  assertStringIncludes(text.split("\n")[2]!, "1.50x");
});

const ECHO = `import json, sys
sys.path.insert(0, sys.argv[1])
from peer import serve
def prepare(spec):
    if spec["op"] == "bad": raise ValueError("no such op")
    print("noise of a library")
    return lambda: None
serve("Echo", "1", prepare)`;

/** Spawning throws, and does not reject, where there is no such program. */
async function runs(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}
const hasPython = await runs("python3");

Deno.test({
  name: `PeerProcess runs a Python peer, survives its errors and its prints${hasPython ? "" : " [python3: absent]"}`,
  ignore: !hasPython,
  fn: testPythonPeer,
});

async function testPythonPeer(): Promise<void> {
  const folder = decodeURIComponent(new URL(".", import.meta.url).pathname);
  await using peer = await PeerProcess.start({ command: "python3", args: ["-c", ECHO, folder] });
  assert(peer);
  assertEquals(peer.name, "Echo 1");
  const seconds = await peer.subject({ op: "good" }).run(1000);
  assert(typeof seconds === "number" && seconds >= 0 && seconds < 1);
  await assertRejects(async () => await peer.subject({ op: "bad" }).run(1), Error, "no such op");
  await peer.forget();
}

Deno.test("PeerProcess.start() gives undefined for a program that is missing or ends at once", async () => {
  assertEquals(await PeerProcess.start({ command: "no-such-program-here" }), undefined);
  assertEquals(
    await PeerProcess.start({ command: Deno.execPath(), args: ["--version"] }).catch(() => undefined),
    undefined,
  );
});
