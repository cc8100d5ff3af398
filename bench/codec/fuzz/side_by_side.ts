/**
 * The same damage to streams of ours, zstd, zfp and SZ3: 150 flipped bits and 150 truncations of one batch each.
 *
 * @module
 */
import { compress, inspect } from "@pocketrec/lossy-codec";
import { random } from "../../../packages/lossy-codec/src/_test_round_trip.ts";
import { trainedBatch } from "../data/generated.ts";
import { zstd } from "../peers/lossless.ts";
import { Sz3, SZ3_MISSING } from "../peers/sz3.ts";
import { openZfp, ZFP_MISSING } from "../peers/zfp.ts";
import { runLines } from "./lines.ts";

/** Relative bound of the streams. */
export const PEER_BOUND = 0.03;
/** Flipped bits; as many truncations follow. */
export const FLIPS = 150;

/** What became of damaged streams. */
export interface Outcomes {
  /** Refused. */
  noticed: number;
  /** Other values without an error. */
  silent: number;
  /** The same values. */
  unaffected: number;
  /** The process ended. */
  crashed: number;
  /** The process had to be ended. */
  hung: number;
}

/** Of one codec. */
export interface SideBySide {
  readonly codec: string;
  readonly flips: Outcomes;
  readonly truncations: Outcomes;
}

/** Damage number `n`: a flipped bit, or from {@linkcode FLIPS} on a truncation, at the same share of any stream. */
export function flipOrTruncate(bytes: Uint8Array, n: number): Uint8Array<ArrayBuffer> {
  const next = random(Math.imul(n + 1, 0x9e3779b1));
  const at = Math.floor(next() * bytes.length), copy = new Uint8Array(bytes);
  if (n >= FLIPS) return copy.slice(0, at);
  copy[at]! ^= 1 << Math.floor(8 * next());
  return copy;
}

/** All codecs that are there. */
export async function sideBySide(say: (line: string) => void): Promise<{ all: SideBySide[]; missing: string[] }> {
  const all: SideBySide[] = [], missing: string[] = [];
  const add = (result: SideBySide) => {
    all.push(result);
    const { codec, flips, truncations } = result;
    say(`${codec}: flipped bits ${JSON.stringify(flips)}, truncations ${JSON.stringify(truncations)}`);
  };
  add(await inProcesses("ours", "ours"));
  const codec = zstd(3), zfp = openZfp();
  if (codec) add(await inProcesses("zstd", `${codec.name} with checksum, of codes`));
  else missing.push("zstd: apt-get install -y libzstd1");
  if (zfp) add(await inProcesses("zfp", `${zfp.name} with header`));
  else missing.push(ZFP_MISSING);
  const sz3 = await ofSz3();
  if (sz3) add(sz3);
  else missing.push(SZ3_MISSING);
  return { all, missing };
}

function nothing(): Outcomes {
  return { noticed: 0, silent: 0, unaffected: 0, crashed: 0, hung: 0 };
}

async function inProcesses(key: string, codec: string): Promise<SideBySide> {
  const result = { codec, flips: nothing(), truncations: nothing() }, end = 2 * FLIPS;
  const count = (n: number, outcome: keyof Outcomes) => void (n < FLIPS ? result.flips : result.truncations)[outcome]++;
  for (let first = 0; first < end;) {
    const { how, detail } = await runLines(
      new URL("./peer_worker.ts", import.meta.url),
      ["-A"],
      [key, first, end],
      ({ n, outcome }) => {
        count(n as number, outcome as keyof Outcomes);
        first = n as number + 1;
      },
    );
    if (how === "done") {
      if (first < end) throw new Error(`Cannot go on with ${codec} as its process ended at ${first} of ${end}`);
      break;
    }
    if (detail.startsWith("exit code 1:")) throw new Error(`${codec}: ${detail}`);
    count(first++, how);
  }
  return result;
}

/** SZ3 runs in Python, which ends with it. */
async function ofSz3(): Promise<SideBySide | undefined> {
  const array = trainedBatch(0.45), { values, rows, rowLength } = array;
  const { absBound } = inspect(compress(values, { bound: { rel: PEER_BOUND }, rowLength }));
  let sz3 = await Sz3.start();
  if (!sz3) return undefined;
  const result = { codec: sz3.name, flips: nothing(), truncations: nothing() };
  const bytes = await sz3.encode(array, absBound, "default"), whole = await sz3.decode(bytes, [rows, rowLength]);
  for (let n = 0; n < 2 * FLIPS; n++) {
    const own = n < FLIPS ? result.flips : result.truncations;
    try {
      const restored = await sz3.decode(flipOrTruncate(bytes, n), [rows, rowLength]);
      own[restored.every((x, i) => Object.is(x, whole[i])) ? "unaffected" : "silent"]++;
    } catch (error) {
      if (!/as it ended|closed|Broken pipe/i.test(String(error))) {
        own.noticed++;
        continue;
      }
      own.crashed++;
      await sz3[Symbol.asyncDispose]();
      sz3 = (await Sz3.start())!;
    }
  }
  await sz3[Symbol.asyncDispose]();
  return result;
}
