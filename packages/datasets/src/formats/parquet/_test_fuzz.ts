/**
 * Reads damaged Parquet files, in a worker: the test that started it notices when it hangs. Receives `{ files, seed,
 * from, to }`; reports the number of each case before it is read, and what went wrong or null at the end.
 *
 * @module
 */
import { DataFormatError } from "../../errors.ts";
import { readParquet } from "../parquet.ts";

/** What the worker is to do. */
export interface FuzzJob {
  files: Uint8Array[];
  seed: number;
  cases: number;
}

/** What the worker says. */
export type FuzzReport = { starting: number } | { failure: string | null; rejected: number };

/** Case `index` of a seed: one of the files with some of its bytes changed, moved, or missing. */
export function damagedFile(files: readonly Uint8Array[], seed: number, index: number): Uint8Array<ArrayBuffer> {
  let state = seed ^ Math.imul(index + 1, 0x9e3779b1);
  const below = (limit: number): number => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x6d2b79f5 | 0;
    const mixed = Math.imul(state ^ state >>> 13, 0x297a2d39);
    return Math.floor(((mixed ^ mixed >>> 16) >>> 0) / 2 ** 32 * limit);
  };
  const bytes = new Uint8Array(files[below(files.length)]!);
  if (below(20) === 0) return bytes.slice(0, below(bytes.length));
  const footer = bytes.length - 8 - new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(4) === 0 ? footer + below(bytes.length - footer) : below(footer);
    const kind = below(4);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes[at]! ^= 1 << below(8);
    else if (kind === 2) bytes.fill([0, 1, 127, 128, 254, 255][below(6)]!, at, at + 1 + below(5));
    else bytes.copyWithin(at, below(bytes.length), below(bytes.length));
  }
  return bytes;
}

async function run({ files, seed, cases }: FuzzJob, report: (report: FuzzReport) => void): Promise<void> {
  let rejected = 0;
  for (let index = 0; index < cases; index++) {
    report({ starting: index });
    try {
      await readParquet(damagedFile(files, seed, index).buffer, { file: "a.parquet", blockRows: 64 }, () => {});
    } catch (error) {
      rejected++;
      if (!(error instanceof DataFormatError) || error.message.includes("\n")) {
        return report({ failure: `case ${index}: ${(error as Error).stack}`, rejected });
      }
    }
  }
  report({ failure: null, rejected });
}

const scope = globalThis as unknown as {
  WorkerGlobalScope?: unknown;
  postMessage(report: FuzzReport): void;
  onmessage: ((event: MessageEvent<FuzzJob>) => void) | null;
};
if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = ({ data }) => void run(data, (report) => scope.postMessage(report));
}
