/**
 * Cache of parsed sources. An entry is a folder named by a hash of the source's bytes and of what was made of them;
 * another small file per source, named by path, size and time of modification, spares hashing the source again.
 * Entries are written under a temporary name, made durable and renamed; a damaged one is built anew.
 *
 * @module
 */
import { mkdtempSync } from "node:fs";
import { mkdir, open, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeBlock } from "../crow_block.ts";
import { CROW_VERSION } from "../crow_shard.ts";
import { decodeDictionaries } from "../dictionary_bytes.ts";
import { DataFormatError } from "../errors.ts";
import { CATEGORIES } from "../layout.ts";
import { largest } from "../feature_table.ts";
import type { TableSummary } from "../table.ts";
import type { InputFile } from "./files.ts";
import { openShards, sha256, type StagedTable, type StageOptions, stageToFolder } from "./stage.ts";

interface Manifest {
  readonly format: "pocketrec-crow";
  readonly version: number;
  readonly summary: TableSummary;
  readonly shards: readonly string[];
  readonly dictionarySha256: string;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const digest = (value: unknown): string => hex(sha256(JSON.stringify(value))).slice(0, 32);

/** A table from the cache, which is filled first if it lacks the source or is damaged. */
export async function stageCached(
  files: readonly InputFile[],
  options: StageOptions,
  folder: string,
): Promise<StagedTable> {
  const { coding, labels, onBadRow } = options;
  const entryFolder = (contentHash: string): string =>
    join(folder, digest([CROW_VERSION, contentHash, coding, labels, onBadRow]));
  const identity = await Promise.all(files.map(async (f) => [await realpath(f.path), f.bytes, f.modifiedMs]));
  const pointer = join(folder, `${digest(identity)}.source`);

  const known = await readFile(pointer, "utf8").catch(() => "");
  if (/^[0-9a-f]{64}$/.test(known)) {
    const table = await openEntry(entryFolder(known)).catch(() => undefined);
    if (table) return table;
  }
  await mkdir(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, ".tmp-"));
  try {
    const { summary, dictionaryBytes, names } = await stageToFolder(files, options, temporary);
    const manifest: Manifest = {
      format: "pocketrec-crow",
      version: CROW_VERSION,
      summary,
      shards: names,
      dictionarySha256: hex(sha256(dictionaryBytes)),
    };
    await writeDurably(join(temporary, "dictionary.bin"), dictionaryBytes);
    await writeDurably(join(temporary, "manifest.json"), new TextEncoder().encode(seal(manifest)));
    const entry = entryFolder(summary.contentHash);
    await rm(entry, { recursive: true, force: true });
    await rename(temporary, entry);
    await writeFile(`${pointer}.tmp`, summary.contentHash);
    await rename(`${pointer}.tmp`, pointer);
    return await openEntry(entry);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** The manifest as text, with a hash of itself. */
function seal(manifest: Manifest): string {
  return JSON.stringify({ ...manifest, sha256: hex(sha256(JSON.stringify(manifest))) });
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Opens an entry and checks every block of it. @throws on any damage */
async function openEntry(folder: string): Promise<StagedTable> {
  const text = await readFile(join(folder, "manifest.json"), "utf8");
  const { sha256: _, ...manifest } = JSON.parse(text) as Manifest & { sha256: string };
  if (seal(manifest) !== text || manifest.format !== "pocketrec-crow" || manifest.version !== CROW_VERSION) {
    throw new DataFormatError(
      { file: folder },
      "Cannot read the cache as its manifest is damaged or of another version",
    );
  }
  const file = join(folder, "dictionary.bin");
  const bytes = new Uint8Array(await readFile(file));
  const dictionaryHash = sha256(bytes);
  if (hex(dictionaryHash) !== manifest.dictionarySha256) {
    throw new DataFormatError({ file }, "Cannot read dictionaries as their hash does not match");
  }
  const dictionaries = decodeDictionaries(bytes, file);
  if (dictionaries.length !== (manifest.summary.coding.kind === "hash" ? 0 : CATEGORIES)) {
    throw new DataFormatError({ file }, `Cannot read dictionaries as there are ${dictionaries.length}`);
  }
  const shards = { folder, names: manifest.shards, dictionaryHash };
  const table = await openShards(manifest.summary, dictionaries, shards, false);
  try {
    const scratch = largest(table);
    for (let block = 0; block < manifest.summary.blockRows.length; block++) {
      decodeBlock(await table.read(block), { file: folder, line: block + 1 }, scratch);
    }
    return table;
  } catch (error) {
    await table.close();
    throw error;
  }
}
