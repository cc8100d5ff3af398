import { assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { plainLines } from "../_test_rows.ts";

const run = promisify(execFile);
const entry = new URL("../../node.ts", import.meta.url).href;

const program = `
import { openCtrDataset, prefetch } from ${JSON.stringify(entry)};
console.log("begin");
await using data = await openCtrDataset("criteo:rows.tsv", { memoryBytes: 10_000 });
let rows = 0;
for await (const batch of prefetch(data.train, { batchSize: 100 })) rows += batch.rows;
console.log(rows, data.train.constructor.name.includes("BlockedSplit"));
`;

Deno.test("prefetch: a bundled program runs once, not again in the worker", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pocketrec-bundle-"));
  try {
    await writeFile(join(folder, "rows.tsv"), plainLines(0, 2000));
    await writeFile(join(folder, "program.ts"), program);
    const config = fileURLToPath(new URL("../../../../deno.json", import.meta.url));
    const deno = (...args: string[]) => run(process.execPath, args, { cwd: folder, timeout: 60_000 });
    await deno("bundle", "--config", config, "-o", "bundle.js", "program.ts");
    const { stdout } = await deno("run", "-A", "bundle.js");
    assertEquals(stdout, "begin\n1440 true\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});
