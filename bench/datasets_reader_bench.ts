/**
 * Speed and memory of the Criteo reader on one core, on generated rows in Criteo's layout.
 *
 *     deno run -A bench/datasets_reader_bench.ts [--json <file>] [--quick]
 *
 * Cases: the parser alone on bytes in memory; parsing with dictionaries and encoding (what a training run does once);
 * the file readers on plain and gzipped files; batch assembly; peak memory for two file lengths.
 *
 * @module
 */
import { mkdtemp, open, rm, stat, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { CriteoLikeGenerator, CriteoTsvParser, TableBuilder } from "@pocketrec/datasets";
import { openCtrDataset, openCtrRows, prefetch } from "@pocketrec/datasets/node";

interface Row {
  case: string;
  metric: string;
  value: number;
  unit: string;
}

const quick = process.argv.includes("--quick");
const jsonAt = process.argv.indexOf("--json");
const repeats = quick ? 3 : 9;
const rowCount = quick ? 50_000 : 200_000;
const results: Row[] = [];

function report(name: string, metric: string, value: number, unit: string): void {
  results.push({ case: name, metric, value, unit });
  console.log(`${name.padEnd(58)} ${metric.padEnd(12)} ${value.toPrecision(4).padStart(10)} ${unit}`);
}

/** Median wall time and median processor time (all threads of this process) in ms. */
async function median(work: () => unknown | Promise<unknown>): Promise<{ wall: number; cpu: number }> {
  const walls: number[] = [], cpus: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now(), before = process.cpuUsage();
    await work();
    walls.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpus.push((user + system) / 1000);
  }
  const middle = (values: number[]) => values.sort((a, b) => a - b)[repeats >> 1]!;
  return { wall: middle(walls), cpu: middle(cpus) };
}

/** Rows per second of wall time, and per second of processor time, which other load on the machine hardly touches. */
function reportRate(name: string, rows: number, { wall, cpu }: { wall: number; cpu: number }): void {
  report(name, "wall", rows / wall * 1000, "rows/s");
  report(name, "per core", rows / cpu * 1000, "rows/s");
}

/** Peak resident memory (bytes) of a fresh process that opens a source. */
async function peakMemory(source: string, options: string): Promise<number> {
  const code = `import { openCtrDataset } from "@pocketrec/datasets/node"; import { readFileSync } from "node:fs";
    await using data = await openCtrDataset(${JSON.stringify(source)}, ${options});
    for await (const _ of data.train.batches({ batchSize: 2048 }));
    console.log(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0");`;
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped", stderr: "inherit" });
  return Number(new TextDecoder().decode((await command.output()).stdout)) * 1024;
}

const folder = await mkdtemp(join(tmpdir(), "reader-bench-"));
try {
  const generator = new CriteoLikeGenerator(1);
  const bytes = generator.tsv(0, rowCount);
  const perRow = bytes.length / rowCount;
  const label = `${rowCount} rows of ${perRow.toFixed(0)} bytes`;
  const parse = (sink: (block: Parameters<TableBuilder["encode"]>[0]) => void) => {
    const parser = new CriteoTsvParser({ file: "bench" }, sink);
    for (let at = 0; at < bytes.length; at += 1 << 18) parser.push(bytes.subarray(at, at + (1 << 18)));
    parser.finish();
  };
  reportRate(`parse only, ${label}`, rowCount, await median(() => parse(() => {})));
  let packed = 0;
  const encode = () => {
    const builder = new TableBuilder({ kind: "dictionary", modulo: 0 });
    packed = 0;
    parse((block) => packed += builder.encode(block).length);
  };
  reportRate(`parse + dictionaries + encode, ${label}`, rowCount, await median(encode));
  report(`encoded size, ${label}`, "size", packed / rowCount, "bytes/row");

  const plain = join(folder, "a.tsv"), packedFile = join(folder, "a.tsv.gz");
  await writeFile(plain, bytes);
  await writeFile(packedFile, gzipSync(bytes, { level: 6 }));
  for (const file of [plain, packedFile]) {
    const source = `criteo:${file}`, name = `${file.slice(folder.length + 1)}, ${(await stat(file)).size} bytes`;
    const opened = await median(async () => await (await openCtrDataset(source))[Symbol.asyncDispose]());
    reportRate(`open (parse, fit, split, unpack), ${name}`, rowCount, opened);
    const { preprocessor } = await openCtrDataset(source);
    const streamed = await median(async () => {
      await using rows = await openCtrRows(source, { preprocessor: preprocessor!, batchSize: 2048 });
      for await (const _ of rows.batches);
    });
    reportRate(`stream through a fitted transform, ${name}`, rowCount, streamed);
  }
  const cacheDir = join(folder, "cache");
  await (await openCtrDataset(`criteo:${plain}`, { cacheDir }))[Symbol.asyncDispose]();
  const cached = await median(async () =>
    await (await openCtrDataset(`criteo:${plain}`, { cacheDir }))[Symbol.asyncDispose]()
  );
  reportRate(`open from the shard cache, ${label}`, rowCount, cached);

  for (const [where, memoryBytes] of [["memory", 2 ** 30], ["files", 8e6]] as const) {
    await using data = await openCtrDataset(`criteo:${plain}`, { cacheDir, memoryBytes });
    for (
      const [how, walk] of [["in place", data.train.batches.bind(data.train)], [
        "prefetch",
        prefetch.bind(null, data.train),
      ]] as const
    ) {
      let longest = 0;
      const time = await median(async () => {
        let last = performance.now(), first = true;
        for await (const _ of walk({ batchSize: 2048, shuffle: { seed: 1, epoch: 0 } })) {
          if (!first) longest = Math.max(longest, performance.now() - last);
          first = false;
          last = performance.now();
        }
      });
      reportRate(`shuffled batches of 2048 from ${where}, ${how}`, data.train.rows, time);
      report(`shuffled batches of 2048 from ${where}, ${how}`, "longest gap", longest, "ms");
    }
  }

  if (Deno.build.os === "linux") {
    const lengths = [5 * rowCount, 15 * rowCount];
    for (const rows of lengths) {
      const file = join(folder, `${rows}.tsv`);
      const handle = await open(file, "w");
      for (let row = 0; row < rows; row += rowCount) await handle.write(bytes);
      await handle.close();
      const peak = await peakMemory(
        `criteo:${file}`,
        `{ memoryBytes: ${32 * 2 ** 20}, cacheDir: ${JSON.stringify(cacheDir)} }`,
      );
      report(`peak memory, ${rows} rows, same dictionary, 32 MiB budget`, "rss", peak / 2 ** 20, "MiB");
      await rm(file);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  deno: Deno.version.deno,
  v8: Deno.version.v8,
};
console.log(`machine: ${machine.cpu}, ${machine.cores} cores; Deno ${machine.deno}, V8 ${machine.v8}`);
if (jsonAt >= 0) {
  await writeFile(
    process.argv[jsonAt + 1]!,
    JSON.stringify({ name: "datasets", machine, rows: results }, null, 2) + "\n",
  );
}
