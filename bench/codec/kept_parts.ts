/**
 * Parts of long runs that were done before: a run that was interrupted goes on where it was, unless the codec has changed.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const CACHE = new URL("../../.cache/", import.meta.url);
const SOURCE = new URL("../../packages/lossy-codec/src/", import.meta.url);
/** What the entries of the package that a bench calls are made of. */
const FOLDERS = ["", "chunk/", "entropy/", "format/", "kernels/"];

/** Hash of the codec's modules, and of those in further folders. */
async function sourceHash(further: readonly URL[]): Promise<string> {
  const texts: string[] = [];
  for (const folder of [...FOLDERS.map((name) => new URL(name, SOURCE)), ...further].map((url) => fileURLToPath(url))) {
    const names = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
    for (const name of names) {
      if (/_test\.ts$|\.as\.ts$|^_test_(?!bound)/.test(name) || !name.endsWith(".ts")) continue;
      texts.push(`${name}\n${Deno.readTextFileSync(folder + name)}`);
    }
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("\n")));
  return new Uint8Array(digest).toHex().slice(0, 16);
}

/** Results of parts by name, of one state of the source. */
export class KeptParts<T> {
  readonly source: string;
  readonly parts: Map<string, T>;
  readonly #file: URL;

  private constructor(file: URL, source: string, parts: Map<string, T>) {
    this.#file = file;
    this.source = source;
    this.parts = parts;
  }

  /**
   * What there is of this source.
   *
   * @param name Of the file, without ending.
   * @param further Folders whose modules count as well.
   */
  static async open<T>(name: string, further: readonly URL[] = []): Promise<KeptParts<T>> {
    const source = await sourceHash(further), file = new URL(`${name}.json`, CACHE);
    try {
      const found = JSON.parse(await Deno.readTextFile(file)) as { source: string; parts: Record<string, T> };
      if (found.source === source) return new KeptParts(file, source, new Map(Object.entries(found.parts)));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return new KeptParts(file, source, new Map());
  }

  /** Keeps a part, also for later runs. */
  keep(name: string, part: T): void {
    this.parts.set(name, part);
    const temporary = new URL(`${this.#file.href}.tmp`);
    Deno.mkdirSync(CACHE, { recursive: true });
    Deno.writeTextFileSync(temporary, JSON.stringify({ source: this.source, parts: Object.fromEntries(this.parts) }));
    Deno.renameSync(temporary, this.#file);
  }
}
