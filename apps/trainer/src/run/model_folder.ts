/**
 * `model/1/`: what a server or `predict` loads. `model.json` lists the other files with size and SHA-256.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { DlrmConfig } from "@pocketrec/dlrm-model";
import type { StoredEmbedding } from "../config/model_choice.ts";
import { errorLine, RunError } from "../errors.ts";
import { type FileData, folderOf, removeQuietly, syncFolder, writeError, writeSynced } from "../files.ts";

const FORMAT = "pocketrec-model";
const VERSION = 1;

/** What `model.json` holds. */
export interface ModelCard {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly kind: "dlrm";
  /** The shape; see `DlrmConfig`. */
  readonly model: DlrmConfig;
  /** How the tables are stored. */
  readonly embedding: StoredEmbedding;
  /** Where the weights come from. */
  readonly training: {
    readonly trainer: string;
    readonly step: number;
    readonly seed: number;
    readonly data: string;
    readonly contentHash: string;
    readonly preprocess: string;
  };
  /** Scores on the test part; `null` where there was none. */
  readonly test: { readonly auc: number | null; readonly logloss: number; readonly accuracy: number } | null;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/**
 * Writes the folder under a temporary name and renames it.
 *
 * @throws {RunError} when it cannot be written; an older one stays then.
 */
export async function writeModelFolder(
  path: string,
  card: Omit<ModelCard, "format" | "version" | "files">,
  files: ReadonlyMap<string, FileData>,
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    removeQuietly(temporary);
    Deno.mkdirSync(temporary, { recursive: true });
    const entries: Record<string, { bytes: number; sha256: string }> = {};
    for (const [name, data] of files) {
      const hash = createHash("sha256");
      const bytes = await writeSynced(`${temporary}/${name}`, data, (chunk) => hash.update(chunk));
      entries[name] = { bytes, sha256: hash.digest("hex") };
    }
    const whole: ModelCard = { format: FORMAT, version: VERSION, ...card, files: entries };
    await writeSynced(`${temporary}/model.json`, JSON.stringify(whole, null, 2) + "\n");
    syncFolder(temporary);
    removeQuietly(path);
    Deno.renameSync(temporary, path);
    syncFolder(folderOf(path));
  } catch (error) {
    removeQuietly(temporary);
    throw writeError(path, error);
  }
}

/**
 * Reads a model folder: `model/1` of a run folder, or a folder that holds `model.json` itself.
 *
 * @throws {RunError} when it is missing, damaged or of another version.
 */
export function readModelFolder(path: string): { card: ModelCard; files: Map<string, Uint8Array<ArrayBuffer>> } {
  const folder = [`${path}/model/1`, path].find((candidate) => isFile(`${candidate}/model.json`));
  if (folder === undefined) {
    throw new RunError(
      `Cannot load a model from ${path} as there is no model/1/model.json in it; want a finished run's folder`,
    );
  }
  let card: Partial<ModelCard>;
  try {
    card = JSON.parse(Deno.readTextFileSync(`${folder}/model.json`));
  } catch (error) {
    throw new RunError(`Cannot read ${folder}/model.json as ${errorLine(error)}`, { cause: error });
  }
  if (card?.format !== FORMAT || card.version !== VERSION || card.kind !== "dlrm") {
    throw new RunError(
      `Cannot read ${folder}/model.json as it is ${card?.format ?? "of no format"} version ${card?.version}, kind ` +
        `${card?.kind}; want ${FORMAT} version ${VERSION}, kind dlrm`,
    );
  }
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, want] of Object.entries(card.files ?? {})) {
    if (!/^[\w-][\w.-]*$/.test(name)) {
      throw new RunError(`Cannot read ${folder}/model.json as it names an impossible file: "${name}"`);
    }
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = Deno.readFileSync(`${folder}/${name}`);
    } catch (error) {
      throw new RunError(`Cannot load ${folder} as ${errorLine(error)}`, { cause: error });
    }
    if (bytes.length !== want.bytes || sha256(bytes) !== want.sha256) {
      throw new RunError(`Cannot load ${folder} as ${name} is damaged: it differs from size and SHA-256 in model.json`);
    }
    files.set(name, bytes);
  }
  return { card: card as ModelCard, files };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
