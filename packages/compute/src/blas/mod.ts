/**
 * Finds a system library of matrix products (oneDNN or a BLAS) for the CPU device, through Deno's FFI (`--allow-ffi`). Hosts without an FFI find none.
 *
 * ```ts
 * import { openCpuDevice } from "@pocketrec/compute";
 * import { findBlas } from "@pocketrec/compute/blas";
 *
 * const blas = findBlas();
 * using device = openCpuDevice(blas ? { blas } : {});
 * ```
 *
 * @module
 */
import type { BlasLibrary } from "../cpu/cpu_device.ts";

/**
 * Names that the dynamic loader may know, best first. On x86-64 oneDNN compiles a kernel for each shape: a DLRM's training
 * step takes 2 to 12 % less time than with OpenBLAS (bench/dlrm). Elsewhere its product is a plain loop.
 */
const CANDIDATES: Readonly<Record<string, readonly string[]>> = {
  linux: [
    ...(typeof Deno !== "undefined" && Deno.build?.arch === "x86_64" ? ["libdnnl.so.3", "libdnnl.so.2"] : []),
    // deno-fmt-ignore
    "libopenblas.so.0",
    "libopenblas.so",
    "libmkl_rt.so.2",
    "libmkl_rt.so.1",
    "libmkl_rt.so",
    "libblis.so.4",
  ],
  darwin: [
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
  ],
  windows: ["libopenblas.dll", "openblas.dll", "mkl_rt.2.dll"],
};

/** Matrix products that the device can call; oneDNN may bring both. */
const CALLS = ["dnnl_sgemm", "cblas_sgemm"] as const;

/** Options of {@linkcode findBlas}. */
export interface FindBlasOptions {
  /** Libraries to try instead of the host's usual names. */
  readonly paths?: readonly string[];
  /**
   * Sets a variable of the process's environment, if it is not set already. Given, OpenBLAS is told the kernels that the
   * CPU's flags allow before it loads: releases older than a CPU model fall back to SSE3 for it, five times slower.
   */
  readonly setEnvironment?: (name: string, value: string) => void;
}

/**
 * Returns the first library that opens and has `dnnl_sgemm` or `cblas_sgemm`, set to one thread per call (the CPU device
 * brings its own threads), or `undefined`.
 */
export function findBlas(options: FindBlasOptions = {}): BlasLibrary | undefined {
  if (typeof Deno === "undefined" || typeof Deno.dlopen !== "function") return undefined;
  const core = options.setEnvironment && openBlasCoreType(cpuFlags());
  if (core) options.setEnvironment?.("OPENBLAS_CORETYPE", core);
  for (const path of options.paths ?? CANDIDATES[Deno.build.os] ?? []) {
    const call = CALLS.find((call) => has(path, call));
    if (!call) continue;
    limitToOneThread(path);
    return { path, name: call === "dnnl_sgemm" ? oneDnnName(path) : nameOf(path), call };
  }
  return undefined;
}

/** The OpenBLAS kernel set for a CPU with these flags (as in `/proc/cpuinfo`), or `undefined` to let it choose. */
export function openBlasCoreType(flags: ReadonlySet<string>): string | undefined {
  if (["avx512f", "avx512dq", "avx512bw", "avx512vl"].every((flag) => flags.has(flag))) return "SkylakeX";
  if (flags.has("avx2") && flags.has("fma")) return "Haswell";
  return undefined;
}

function cpuFlags(): ReadonlySet<string> {
  try {
    const line = Deno.readTextFileSync("/proc/cpuinfo").split("\n").find((text) => text.startsWith("flags"));
    return new Set(line?.split(":")[1]?.trim().split(/\s+/));
  } catch {
    return new Set(); // not Linux, or not permitted: OpenBLAS decides
  }
}

function has(path: string, symbol: string): boolean {
  try {
    Deno.dlopen(path, { [symbol]: { parameters: [], result: "void" } }).close();
    return true;
  } catch {
    return false; // absent, or the permission was refused
  }
}

/** Each library has its own call for this; a library without one is single-threaded or takes the setting per call. */
function limitToOneThread(path: string): void {
  for (const symbol of ["openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads"]) {
    try {
      // Left open: closing the last handle would unload the library and forget the setting.
      const library = Deno.dlopen(path, { [symbol]: { parameters: ["i32"], result: "void" } } as const);
      (library.symbols as Record<string, (threads: number) => void>)[symbol]!(1);
      return;
    } catch {
      // Another vendor's library.
    }
  }
}

function oneDnnName(path: string): string {
  const library = Deno.dlopen(path, { dnnl_version: { parameters: [], result: "pointer" } });
  const pointer = library.symbols.dnnl_version(); // struct of ints: major, minor, patch, ...
  const version = pointer && new Deno.UnsafePointerView(pointer);
  const name = version ? `oneDNN ${[0, 4, 8].map((at) => version.getInt32(at)).join(".")}` : "oneDNN";
  library.close();
  return name;
}

function nameOf(path: string): string {
  try {
    const library = Deno.dlopen(path, { openblas_get_config: { parameters: [], result: "pointer" } });
    const pointer = library.symbols.openblas_get_config();
    const words = pointer ? Deno.UnsafePointerView.getCString(pointer).split(" ") : [];
    const core = words.findLast((word) => /^[A-Z][A-Za-z0-9]+$/.test(word) && !/^(NO_|USE|DYNAMIC|MAX)/.test(word));
    library.close();
    if (words.length > 1) return `${words[0]} ${words[1]}${core ? ` ${core}` : ""}`;
  } catch {
    // Not OpenBLAS.
  }
  return path.split("/").at(-1)!;
}
