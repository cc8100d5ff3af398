/**
 * The native peer: `lookup.c`, compiled here and called on the tensors of a CPU device, so that both sides read the same
 * pages.
 *
 * @module
 */
import { addressOf, type CpuDevice, type Tensor } from "@pocketrec/compute";
import type { RobeTableSet } from "@pocketrec/robe-array";
import { fileURLToPath } from "node:url";

const SYMBOLS = {
  lookup_threads: { parameters: [], result: "i32" },
  full_plain: { parameters: ["usize", "usize", "usize", "usize", "usize", "i32"], result: "void" },
  full_prefetch: { parameters: ["usize", "usize", "usize", "usize", "usize", "usize", "i32"], result: "void" },
  robe: { parameters: ["buffer"], result: "void" },
} as const;

/** Elements of a row that the peer handles at most. */
const MAX_DIM = 128;

/** Cache lines that are fetched ahead of their use: what a core can have under way, and a bit. */
const AHEAD_LINES = 64;
const LINE_BYTES = 64;

/** Look-ups in native code; all of one table and one id per bag. */
export interface NativePeer {
  /** Compiler and its version. */
  readonly name: string;
  /** Most threads; 1 where the compiler has no OpenMP. */
  readonly threads: number;
  /** A full table f32 `[rows, dim]`; with `prefetch`, rows are fetched ahead. */
  full(device: CpuDevice, table: Tensor, dim: number, out: Tensor, prefetch: boolean): (ids: Tensor) => void;
  /** A ROBE array (`mix32`), the algorithm of `robeLookup`; with `prefetch`, blocks are fetched ahead. */
  robe(device: CpuDevice, array: Tensor, set: RobeTableSet, out: Tensor, prefetch: boolean): (ids: Tensor) => void;
}

/** For which processor the peer is compiled: this one, or one with 128-bit vectors, as WebAssembly has. */
export type NativeTarget = "this processor" | "128-bit vectors";

const TARGET_FLAGS: Record<NativeTarget, readonly string[]> = {
  "this processor": ["-march=native"],
  "128-bit vectors": Deno.build.arch === "x86_64" ? ["-msse4.1", "-mtune=native"] : [],
};

/** Compiles and loads the peer; `undefined` where no C compiler is found. */
export async function loadNativePeer(target: NativeTarget): Promise<NativePeer | undefined> {
  const folder = await Deno.makeTempDir();
  try {
    const library = `${folder}/lookup.so`;
    const compiler = await compile(library, TARGET_FLAGS[target]);
    return compiler === undefined ? undefined : bind(compiler, Deno.dlopen(library, SYMBOLS).symbols);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the compiler that did it, with its version. */
async function compile(library: string, target: readonly string[]): Promise<string | undefined> {
  const source = fileURLToPath(new URL("./lookup.c", import.meta.url));
  const chosen = Deno.env.get("CC");
  for (const command of chosen ? [chosen] : ["cc", "gcc", "clang"]) {
    for (const flags of [[...target, "-fopenmp"], target, []]) {
      const args = ["-O3", "-fPIC", "-shared", "-w", ...flags, source, "-o", library];
      try {
        const { success } = await new Deno.Command(command, { args, stderr: "null" }).output();
        if (!success) continue;
        const { stdout } = await new Deno.Command(command, { args: ["--version"] }).output();
        const version = new TextDecoder().decode(stdout).split("\n")[0]!;
        return `${version}, ${["-O3", ...flags].join(" ")}`;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) break;
        throw error;
      }
    }
  }
  return undefined;
}

function bind(name: string, symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]): NativePeer {
  return {
    name,
    threads: symbols.lookup_threads(),
    full(device, table, dim, out, prefetch) {
      const address = addresses(device, table), from = address(table), to = address(out), width = BigInt(dim);
      const ahead = BigInt(rowsAhead(1, 4 * dim)), { threads } = device;
      return prefetch
        ? (ids) => symbols.full_prefetch(from, address(ids), BigInt(ids.size), width, to, ahead, threads)
        : (ids) => symbols.full_plain(from, address(ids), BigInt(ids.size), width, to, threads);
    },
    robe(device, array, { layout, dim, hashes, specs }, out, prefetch) {
      if (layout.hash !== "mix32" || specs.length !== 1 || Math.max(dim, layout.blockSize) > MAX_DIM) {
        throw new RangeError(`Cannot run the native peer: want one table of mix32 and rows of at most ${MAX_DIM}`);
      }
      const address = addresses(device, array), [{ a, b }] = hashes as [{ a: number; b: number }];
      const { size, blockSize, align, sign } = layout, half = Number(array.dtype === "u32");
      const ahead = prefetch ? rowsAhead(Math.ceil(dim / blockSize), (half ? 2 : 4) * Math.min(blockSize, dim)) : 0;
      // deno-fmt-ignore
      const job = BigUint64Array.from(
        [0, 0, 0, 0, dim, size, blockSize, align, Number(sign), half, a, b, specs[0]!.rows - 1, ahead, device.threads],
        BigInt,
      );
      job[0] = address(array);
      job[2] = address(out);
      return (ids) => {
        job[1] = address(ids);
        job[3] = BigInt(ids.size);
        symbols.robe(job);
      };
    },
  };
}

function rowsAhead(blocks: number, blockBytes: number): number {
  return Math.ceil(AHEAD_LINES / (blocks * Math.ceil(blockBytes / LINE_BYTES)));
}

/** Addresses of a device's tensors in this process, given one of them. */
function addresses(device: CpuDevice, tensor: Tensor): (tensor: Tensor) => bigint {
  const view = device.hostView(tensor) as Float32Array<ArrayBuffer>;
  const start = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(view))) - BigInt(addressOf(tensor));
  return (other) => start + BigInt(addressOf(other));
}
