/**
 * Shared libraries of the system, called by FFI.
 *
 * @module
 */

/** Opens the first of some libraries that is there; `undefined` if none is. */
export function openLibrary<S extends Deno.ForeignLibraryInterface>(
  names: readonly string[],
  symbols: S,
): Deno.DynamicLibrary<S> | undefined {
  for (const name of names) {
    try {
      return Deno.dlopen(name, symbols);
    } catch {
      // Absent, or without a symbol that is needed.
    }
  }
  return undefined;
}

/** Text that a library returns. */
export function textAt(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}
