/**
 * Huge pages for the memory of a CPU device, through Deno's FFI (`--allow-ffi`). Random rows of large tables miss the
 * TLB as well as the caches; with pages of 2 MiB instead of 4 KiB the first miss goes away.
 *
 * ```ts
 * import { openCpuDevice } from "@pocketrec/compute";
 * import { adviseHugePages } from "@pocketrec/compute/huge-pages";
 *
 * using device = openCpuDevice({ onMemory: adviseHugePages });
 * ```
 *
 * @module
 */

/** Linux's MADV_HUGEPAGE. */
const MADV_HUGEPAGE = 14;

/**
 * Asks Linux for huge pages in the first `bytes` from the start of a buffer on, as far as they are reserved. Returns
 * whether it agreed; `false` on other systems, without the permission, and where the kernel has them switched off.
 */
export function adviseHugePages(buffer: ArrayBufferLike, bytes: number): boolean {
  if (typeof Deno === "undefined" || Deno.build?.os !== "linux") return false;
  try {
    const library = Deno.dlopen("libc.so.6", {
      madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
    });
    const start = Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer)));
    const agreed = library.symbols.madvise(start, BigInt(bytes), MADV_HUGEPAGE) === 0;
    library.close();
    return agreed;
  } catch {
    return false; // no permission, or another C library
  }
}
