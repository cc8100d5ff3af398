/**
 * The folder of a run: made, taken over or refused, and locked while a process works in it.
 *
 * ```text
 * runs/x/  config.json  report.json  report.html  metrics.csv  events.out.tfevents.*  checkpoint/  model/1/
 * ```
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { exists, removeQuietly, writeError } from "../files.ts";

const LOCK = ".lock";
/** What a run writes; `--force` removes these and nothing else. */
const CONTENTS: readonly (string | RegExp)[] = [
  "config.json",
  "report.json",
  "report.html",
  "metrics.csv",
  "checkpoint",
  "model",
  /^events\.out\.tfevents\./,
  /\.tmp$/,
];

/** A locked run folder. */
export class RunFolder implements Disposable {
  /** The folder's path. */
  readonly path: string;
  readonly #lock: Deno.FsFile;
  #open: boolean = true;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Makes a folder for a new run. What is in it stays until {@linkcode clear}.
   *
   * @param out the folder asked for; otherwise `runs/<time>`.
   * @param force a run that is there may be replaced.
   * @throws {UsageError} when it holds a run or other things.
   */
  static create(out: string | undefined, force: boolean, now: Date = new Date()): RunFolder {
    const path = out ?? freeName(now);
    makeFolder(path);
    const folder = RunFolder.#locked(path);
    try {
      const names = [...Deno.readDirSync(path)].map((entry) => entry.name).filter((name) => name !== LOCK);
      const isRun = names.some((name) => name === "config.json" || name === "report.json" || name === "checkpoint");
      if (isRun && !force) {
        throw new UsageError(
          names.includes("report.json")
            ? `Cannot use --out ${path} as a run is in it already: want another folder, --force to replace it, or --resume ${path}`
            : `Cannot use --out ${path} as an unfinished run is in it: want --resume ${path} to go on, or --force to replace it`,
        );
      }
      if (!isRun && names.length > 0) {
        throw new UsageError(
          `Cannot use --out ${path} as it holds other files: found "${names[0]}"; want an empty folder`,
        );
      }
      return folder;
    } catch (error) {
      folder[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Opens the folder of an earlier run.
   *
   * @throws {UsageError} when there is no run in it.
   */
  static open(path: string): RunFolder {
    if (!exists(`${path}/config.json`)) {
      const why = exists(path) ? "there is no config.json in it" : "there is no such folder";
      throw new UsageError(`Cannot resume ${path} as ${why}; want the folder of an earlier run`);
    }
    return RunFolder.#locked(path);
  }

  /** Removes what an earlier run left; only when the new one is about to write, so that bad data cost nothing. */
  clear(): void {
    for (const { name } of [...Deno.readDirSync(this.path)]) {
      if (CONTENTS.some((c) => typeof c === "string" ? c === name : c.test(name))) removeQuietly(this.file(name));
    }
  }

  /** Lets the folder go when the run never began: an empty one is removed. */
  abandon(): void {
    this[Symbol.dispose]();
    try {
      Deno.removeSync(this.path);
    } catch {
      // Not empty, or gone: it stays as it is.
    }
  }

  /** The path of something in the folder. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    removeQuietly(this.file(LOCK));
    this.#lock.close();
  }

  /** The lock is the system's: it goes when the process does, however that ends. */
  static #locked(path: string): RunFolder {
    let lock: Deno.FsFile;
    try {
      lock = Deno.openSync(`${path}/${LOCK}`, { write: true, create: true });
    } catch (error) {
      throw writeError(path, error);
    }
    if (!lock.tryLockSync(true)) {
      lock.close();
      throw new UsageError(`Cannot use ${path} as another process is training in it`);
    }
    return new RunFolder(path, lock);
  }
}

function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true });
  } catch (error) {
    throw writeError(path, error);
  }
}

function freeName(now: Date): string {
  const pad = (n: number) => String(n).padStart(2, "0");
  const day = [now.getFullYear(), pad(now.getMonth() + 1), pad(now.getDate())].join("-");
  const base = `runs/${day}T${[now.getHours(), now.getMinutes(), now.getSeconds()].map(pad).join("-")}`;
  let path = base;
  for (let n = 2; exists(path); n++) path = `${base}-${n}`;
  return path;
}
