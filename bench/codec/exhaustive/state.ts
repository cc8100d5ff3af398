/**
 * What was checked before: a run that was interrupted goes on where it was.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Tally } from "./check.ts";

const FILE = new URL("../../../.cache/codec_exhaustive.json", import.meta.url);
const SOURCE = fileURLToPath(new URL("../../../packages/lossy-codec/src/", import.meta.url));

/** Hash of the modules that the main entry of the package and the check are made of. */
export async function sourceHash(): Promise<string> {
  const folders = ["", "chunk/", "entropy/", "format/", "kernels/"], texts: string[] = [];
  for (const folder of folders) {
    const names = [...Deno.readDirSync(SOURCE + folder)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
    for (const name of names) {
      if (/_test\.ts$|\.as\.ts$|^_test_(?!bound)/.test(name) || !name.endsWith(".ts")) continue;
      texts.push(`${folder}${name}\n${Deno.readTextFileSync(SOURCE + folder + name)}`);
    }
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("\n")));
  return new Uint8Array(digest).toHex().slice(0, 16);
}

/** Tallies of parts by name, of one state of the source. */
export class State {
  readonly source: string;
  readonly parts: Map<string, Tally>;

  private constructor(source: string, parts: Map<string, Tally>) {
    this.source = source;
    this.parts = parts;
  }

  /** What there is of this source. */
  static async open(): Promise<State> {
    const source = await sourceHash();
    try {
      const found = JSON.parse(await Deno.readTextFile(FILE)) as { source: string; parts: Record<string, Tally> };
      if (found.source === source) return new State(source, new Map(Object.entries(found.parts)));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return new State(source, new Map());
  }

  /** Keeps a part, also for later runs. */
  keep(name: string, tally: Tally): void {
    this.parts.set(name, tally);
    const temporary = new URL(`${FILE.href}.tmp`);
    Deno.mkdirSync(new URL(".", FILE), { recursive: true });
    Deno.writeTextFileSync(temporary, JSON.stringify({ source: this.source, parts: Object.fromEntries(this.parts) }));
    Deno.renameSync(temporary, FILE);
  }
}
