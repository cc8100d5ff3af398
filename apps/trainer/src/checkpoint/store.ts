/**
 * A folder of checkpoints. Each is written under a temporary name, synced, and renamed; its `manifest.json`, written
 * last, holds size and SHA-256 of every file, so that a checkpoint is complete or is not there, and damage is noticed.
 *
 * ```text
 * checkpoint/
 *   step-00000400/   manifest.json  state.json  weights.safetensors  optimizer.safetensors
 *   step-00000500/
 * ```
 *
 * @module
 */
import { createHash } from "node:crypto";
import { errorLine, RunError } from "../errors.ts";
import { exists, type FileData, removeQuietly, syncFolder, writeError, writeSynced } from "../files.ts";

const FORMAT = "pocketrec-checkpoint";
const VERSION = 1;

/** What `manifest.json` holds. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly step: number;
  /** Steps of other checkpoints that this one needs kept: the best one. */
  readonly pins: readonly number[];
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** A checkpoint read back; every byte agreed with the manifest. */
export interface Checkpoint {
  readonly step: number;
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** The checkpoints of one run. Only one process may write; the run folder's lock sees to that. */
export class CheckpointStore {
  readonly #folder: string;
  readonly #keep: number;

  /**
   * @param folder where the checkpoints are; made when missing.
   * @param keep how many of the newest stay, besides those pinned by them.
   */
  constructor(folder: string, keep: number) {
    this.#folder = folder;
    this.#keep = keep;
  }

  /**
   * Writes a checkpoint, then removes those no longer needed.
   *
   * @param pins steps whose checkpoints must stay as long as this one does.
   * @throws {RunError} when it cannot be written; the earlier checkpoints are untouched then.
   */
  async write(step: number, files: ReadonlyMap<string, FileData>, pins: readonly number[] = []): Promise<void> {
    const target = this.#path(step);
    const temporary = `${this.#folder}/.tmp-${name(step)}`;
    try {
      Deno.mkdirSync(this.#folder, { recursive: true });
      removeQuietly(temporary);
      Deno.mkdirSync(temporary);
      const entries: Record<string, { bytes: number; sha256: string }> = {};
      for (const [file, data] of files) {
        const hash = createHash("sha256");
        const bytes = await writeSynced(`${temporary}/${file}`, data, (chunk) => hash.update(chunk));
        entries[file] = { bytes, sha256: hash.digest("hex") };
      }
      const manifest: Manifest = { format: FORMAT, version: VERSION, step, pins, files: entries };
      await writeSynced(`${temporary}/manifest.json`, JSON.stringify(manifest, null, 2) + "\n");
      syncFolder(temporary);
      if (exists(target)) Deno.removeSync(target, { recursive: true });
      Deno.renameSync(temporary, target);
      syncFolder(this.#folder);
    } catch (error) {
      removeQuietly(temporary);
      throw writeError(`checkpoint ${target}`, error);
    }
    this.#prune();
  }

  /** The steps of all checkpoints that have a manifest, oldest first. */
  steps(): number[] {
    if (!exists(this.#folder)) return [];
    const found: number[] = [];
    for (const entry of Deno.readDirSync(this.#folder)) {
      const match = /^step-(\d{8,})$/.exec(entry.name);
      if (match && exists(`${this.#folder}/${entry.name}/manifest.json`)) found.push(Number(match[1]));
    }
    return found.sort((a, b) => a - b);
  }

  /**
   * Reads one checkpoint.
   *
   * @throws {RunError} when a file is missing, unreadable, or differs from the manifest.
   */
  read(step: number): Checkpoint {
    const path = this.#path(step);
    const manifest = this.#manifest(step);
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const [file, want] of Object.entries(manifest.files)) {
      if (!/^[\w-][\w.-]*$/.test(file)) {
        throw new RunError(
          `Cannot read checkpoint ${path} as its manifest names an impossible file: ${JSON.stringify(file)}`,
        );
      }
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = Deno.readFileSync(`${path}/${file}`);
      } catch (error) {
        throw new RunError(`Cannot read checkpoint ${path} as ${errorLine(error)}`, { cause: error });
      }
      if (bytes.length !== want.bytes) {
        throw new RunError(`Cannot read checkpoint ${path} as ${file} has ${bytes.length} bytes; want ${want.bytes}`);
      }
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      if (sha256 !== want.sha256) {
        throw new RunError(
          `Cannot read checkpoint ${path} as ${file} is damaged: SHA-256 ${sha256.slice(0, 12)}...; ` +
            `want ${want.sha256.slice(0, 12)}...`,
        );
      }
      files.set(file, bytes);
    }
    return { step, files };
  }

  /**
   * The newest checkpoint that is intact. A damaged one is never used: the one before it is, and `warn` is told.
   *
   * @throws {RunError} when there are checkpoints, but none is intact.
   */
  newestIntact(warn: (line: string) => void): Checkpoint | undefined {
    const steps = this.steps().reverse();
    let lastError: unknown;
    for (const step of steps) {
      try {
        const checkpoint = this.read(step);
        if (lastError) warn(`${errorLine(lastError)}; going on from the intact one at step ${step}`);
        return checkpoint;
      } catch (error) {
        if (error instanceof UnknownVersionError) throw error;
        lastError = error;
      }
    }
    if (lastError) throw new RunError(`${errorLine(lastError)}; no earlier checkpoint is intact`, { cause: lastError });
    return undefined;
  }

  /** Removes all checkpoints after a step: a resumed run writes that part of its history anew. */
  dropAfter(step: number): void {
    for (const later of this.steps()) if (later > step) removeQuietly(this.#path(later));
    for (const entry of exists(this.#folder) ? Deno.readDirSync(this.#folder) : []) {
      if (entry.name.startsWith(".tmp-")) removeQuietly(`${this.#folder}/${entry.name}`);
    }
  }

  #prune(): void {
    const steps = this.steps();
    const needed = new Set(steps.slice(-this.#keep));
    for (const step of [...needed]) {
      try {
        for (const pin of this.#manifest(step).pins) needed.add(pin);
      } catch {
        return; // What a damaged manifest pins is unknown, so nothing is removed.
      }
    }
    for (const step of steps) if (!needed.has(step)) removeQuietly(this.#path(step));
  }

  #manifest(step: number): Manifest {
    const path = `${this.#path(step)}/manifest.json`;
    let value: Partial<Manifest>;
    try {
      value = JSON.parse(Deno.readTextFileSync(path));
    } catch (error) {
      throw new RunError(`Cannot read ${path} as ${errorLine(error)}`, { cause: error });
    }
    if (value?.format !== FORMAT || typeof value.files !== "object" || value.files === null) {
      throw new RunError(
        `Cannot read ${path} as it is no checkpoint manifest: format ${JSON.stringify(value?.format)}`,
      );
    }
    if (value.version !== VERSION) {
      throw new UnknownVersionError(`Cannot read ${path} as its version is ${value.version}; want ${VERSION}`);
    }
    return { pins: [], ...value } as Manifest;
  }

  #path(step: number): string {
    return `${this.#folder}/${name(step)}`;
  }
}

/** A checkpoint of a later release: not damage, so nothing older may silently take its place. */
class UnknownVersionError extends RunError {
  override readonly name: string = "UnknownVersionError";
}

function name(step: number): string {
  return `step-${String(step).padStart(8, "0")}`;
}
