/**
 * Do TypeScript, WebAssembly and WGSL hash alike? `deno run -A bench/robe/keys.ts [--keys 1e9]`
 *
 * Random keys (table, id, block, array size, block size, alignment) in batches, in equal parts of every hash and
 * alignment, on every device of this host: starts and sign words must have the bits of the hashes in TypeScript. On the
 * CPU both the scalar functions and those for four keys at a time run. Prints progress, writes `results/keys.json`, exits
 * with 1 where a bit differs.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { openTestDevices } from "@pocketrec/compute/testing";
import {
  hashKeys,
  hashKeysReference,
  type KeyForm,
  type KeyKind,
  keyKinds,
  randomKeys,
} from "../../packages/robe-array/src/hash/start_keys.ts";
import { describeMachine, renderMachine } from "../harness.ts";

/** Keys of a batch. */
const BATCH = 2 ** 20;

/** What one kind of keys came to on one device. */
export interface KeyRow extends KeyKind {
  readonly device: string;
  readonly form: KeyForm;
  readonly keys: number;
  /** Keys whose start or sign word differs. */
  mismatches: number;
}

/** Words that differ, the first named in `report`. */
function compare(
  actual: ArrayLike<number>,
  expected: Uint32Array,
  count: number,
  report: (at: number) => void,
): number {
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    if (actual[i] === expected[i]) continue;
    if (wrong++ === 0) report(i);
  }
  return wrong;
}

/** Compares at least `keys` keys; `progress` is told of each batch. */
export async function checkKeys(
  keys: number,
  progress: (done: number, text: string) => void,
): Promise<{ rows: KeyRow[]; devices: Record<string, string> }> {
  const devices = [...await openTestDevices()].filter(([name]) => name !== "blas"); // the same kernels as the CPU's
  const subjects = devices.flatMap(([name, device]) => {
    const tensors = [
      device.tensor("u32", [2, BATCH]),
      device.tensor("u32", [256, 4]),
      device.tensor("u32", [2, BATCH]),
    ] as const;
    const forms: KeyForm[] = device.kind === "cpu" ? ["scalar", "vector"] : ["scalar"];
    return forms.map((form) => ({ name, device, tensors, form }));
  });
  const kinds = keyKinds(), batches = Math.ceil(keys / kinds.length / BATCH);
  const rows: KeyRow[] = [];
  for (const [at, kind] of kinds.entries()) {
    const found = subjects.map(({ name, form }) => ({
      ...kind,
      device: name,
      form,
      keys: batches * BATCH,
      mismatches: 0,
    }));
    rows.push(...found);
    for (let b = 0; b < batches; b++) {
      const batch = randomKeys(kind, at * 1e6 + b, BATCH);
      for (const { device, tensors, form } of subjects) {
        if (form === "vector") continue;
        tensors[0].write(batch.keys);
        tensors[1].write(batch.records);
        if (device.kind === "cpu") continue;
        hashKeys(device, batch, tensors);
        device.submit(); // works while the host does
      }
      const expected = hashKeysReference(batch);
      for (const [i, { name, device, tensors, form }] of subjects.entries()) {
        if (device.kind === "cpu") hashKeys(device, batch, tensors, form);
        const actual = device.kind === "cpu" ? device.hostView(tensors[2]) : await tensors[2].read();
        // Signs of affine hashes have no vector form.
        const count = form === "vector" && kind.hash !== "mix32" ? BATCH : 2 * BATCH;
        found[i]!.mismatches += compare(actual, expected, count, (j) => {
          const what = j < BATCH ? "start" : "sign word";
          const key = JSON.stringify({ ...kind, x: batch.keys[j % BATCH], k: batch.keys[BATCH + j % BATCH] });
          progress(
            (at * batches + b) * BATCH,
            `${name} ${form}: ${what} of ${key} is ${actual[j]}, want ${expected[j]}`,
          );
        });
      }
      progress((at * batches + b + 1) * BATCH, `${kind.hash}, align ${kind.align}, seed ${kind.seed}`);
    }
  }
  const labels = Object.fromEntries(devices.map(([name, device]) => [name, device.label]));
  for (const [, device] of devices) device[Symbol.dispose]();
  return { rows, devices: labels };
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["keys"], default: { keys: "1e9" } });
  const keys = Number(options.keys);
  if (!(keys >= 1 && Number.isInteger(keys))) {
    console.error(`Cannot compare ${options.keys} keys: want a whole number >= 1`);
    Deno.exit(2);
  }
  const machine = describeMachine(), start = performance.now();
  let shown = start;
  const { rows, devices } = await checkKeys(keys, (done, text) => {
    const now = performance.now();
    if (now - shown < 10_000 && !text.includes("want")) return;
    shown = now;
    console.log(
      `${((now - start) / 1000).toFixed(0).padStart(5)} s  ${(done / 1e6).toFixed(0).padStart(5)} M  ${text}`,
    );
  });
  const seconds = Math.round((performance.now() - start) / 1000);
  Object.assign(machine.versions, devices);
  console.log("\ndevice   form    hash   align  seed        keys  mismatches");
  for (const { device, form, hash, align, seed, keys, mismatches } of rows) {
    const where = `${device.padEnd(8)} ${form.padEnd(7)} ${hash.padEnd(6)} ${String(align).padStart(5)}`;
    console.log(`${where} ${String(seed).padStart(5)} ${String(keys).padStart(11)}  ${mismatches}`);
  }
  console.log(`\n${renderMachine(machine)}`);
  const perDevice = rows.filter(({ device, form }) => device === rows[0]!.device && form === "scalar")
    .reduce((sum, row) => sum + row.keys, 0);
  const results = new URL("./results/keys.json", import.meta.url);
  await Deno.mkdir(new URL("./", results), { recursive: true });
  const command = `deno run -A bench/robe/keys.ts --keys ${options.keys}`;
  const result = { name: "robe keys", command, keys: perDevice, seconds, machine, rows };
  await Deno.writeTextFile(results, JSON.stringify(result, null, 2) + "\n");
  if (rows.some(({ mismatches }) => mismatches > 0)) Deno.exit(1);
}
