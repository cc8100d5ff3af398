/**
 * Compiles one AssemblyScript kernel module in this process.
 *
 * @module
 */
import asc from "assemblyscript/asc";
import { dirname, join, posix, relative } from "node:path";
import { findState, readSections } from "./sections.ts";

/** What a module says of its memory in its first line; `shared` where it says nothing. */
export type MemoryKind = "shared" | "private";

const commonFlags = (shrinkLevel: number): string[] => [
  "--optimizeLevel=3",
  `--shrinkLevel=${shrinkLevel}`,
  "--converge",
  "--noAssert",
  "--runtime=stub",
  "--importMemory",
  "--noExportMemory",
];

/**
 * Flags of a module by the memory it imports.
 *
 * - `shared`: every module of a device imports one shared memory of up to 4 GiB; SIMD and threads are on.
 * - `private`: the module imports a memory of its own, so that it runs where shared memory does not exist (a page that is not
 *   cross-origin isolated); plain SIMD only, as relaxed SIMD may give other bits on another host. It is part of what a page
 *   loads: compiled for size where that hardly costs speed.
 */
export const compilerFlags: Readonly<Record<MemoryKind, readonly string[]>> = {
  shared: [
    ...commonFlags(0),
    "--sharedMemory",
    "--initialMemory=1",
    "--maximumMemory=65536",
    "--enable=simd",
    "--enable=relaxed-simd",
    "--enable=threads",
    // An out-of-bounds abort becomes a trap instead of an import.
    "--use=abort=",
  ],
  private: [...commonFlags(1), "--initialMemory=1", "--enable=simd", "--use=abort="],
};

/** The compiler's name and version, part of the source hash. */
export const compiler: string = `assemblyscript ${asc.version}`;

/**
 * Finds the sources of a module: itself and what it imports by relative path, each once.
 *
 * @param entry Path of the `*.as.ts` file.
 * @returns Paths, the entry first.
 */
export async function sourcesOf(entry: string): Promise<string[]> {
  const found = [entry];
  for (let at = 0; at < found.length; at++) {
    const path = found[at]!;
    const text = await Deno.readTextFile(path);
    for (const [, specifier] of text.matchAll(/^\s*(?:import|export)\b[^;]*?\bfrom\s*["'](\.[^"']+)["']/gm)) {
      const file = join(dirname(path), specifier!.endsWith(".ts") ? specifier! : `${specifier}.ts`);
      if (!found.includes(file)) found.push(file);
    }
  }
  return found;
}

/**
 * Reads which memory a module imports from its first line, such as `// memory: private`.
 *
 * @param entry Path of the `*.as.ts` file.
 * @throws {SyntaxError} The first line names a memory that is neither `shared` nor `private`.
 */
export async function memoryOf(entry: string): Promise<MemoryKind> {
  const kind = /^\/\/ memory:[ \t]*([^\r\n]*?)[ \t]*(?:\r?\n|$)/.exec(await Deno.readTextFile(entry))?.[1] ?? "shared";
  if (kind !== "shared" && kind !== "private") {
    throw new SyntaxError(`Cannot compile ${entry} as its memory is ${JSON.stringify(kind)}; want shared or private`);
  }
  return kind;
}

/**
 * Hashes all that decides what a module compiles to: sources, flags, compiler version.
 *
 * @param entry Path of the `*.as.ts` file.
 * @returns Hexadecimal SHA-256.
 */
export async function hashSources(entry: string): Promise<string> {
  const parts = [compiler, ...compilerFlags[await memoryOf(entry)]];
  for (const path of await sourcesOf(entry)) {
    parts.push(
      posix.normalize(relative(dirname(entry), path)),
      (await Deno.readTextFile(path)).replaceAll("\r\n", "\n"),
    );
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\0")));
  return new Uint8Array(digest).toHex();
}

/**
 * Compiles a kernel module and refuses one that holds state.
 *
 * @param entry Path of the `*.as.ts` file.
 * @returns The WebAssembly binary.
 * @throws {SyntaxError} The source does not compile; the message is the compiler's. Or its first line is wrong.
 * @throws {TypeError} The module holds data segments, mutable globals or foreign imports.
 */
export async function compileModule(entry: string): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const stderr = asc.createMemoryStream();
  const flags = compilerFlags[await memoryOf(entry)];
  const { error } = await asc.main([entry, "--outFile=module.wasm", ...flags], {
    stderr,
    readFile: async (name: string) => {
      try {
        return await Deno.readTextFile(name);
      } catch {
        return null;
      }
    },
    writeFile: (_name: string, contents: string | Uint8Array) => {
      if (typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new SyntaxError(`Cannot compile ${entry}:\n${stderr.toString() || error?.message}`);
  const faults = findState(readSections(binary));
  if (faults.length > 0) throw new TypeError(`Cannot use ${entry} as a kernel module as ${faults.join("; ")}`);
  return binary;
}
