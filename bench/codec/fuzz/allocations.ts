/**
 * Counts what is allocated for arrays and WebAssembly memories. To be imported before what it watches.
 *
 * @module
 */

let allocated = 0;

/** Bytes asked for since the last call, whether touched or not. */
export function takeAllocated(): number {
  const bytes = allocated;
  allocated = 0;
  return bytes;
}

const ARRAYS = [
  "ArrayBuffer",
  "Uint8Array",
  "Int8Array",
  "Uint16Array",
  "Int16Array",
  "Uint32Array",
  "Int32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigUint64Array",
  "BigInt64Array",
] as const;

/** A constructor of arrays; called with a number, it allocates so many elements. */
type ArrayConstructor = (new (...args: unknown[]) => object) & { readonly BYTES_PER_ELEMENT?: number };

for (const name of ARRAYS) {
  const original = (globalThis as unknown as Record<string, ArrayConstructor>)[name];
  if (original === undefined) continue;
  const size = original.BYTES_PER_ELEMENT ?? 1;
  const watched = new Proxy(original, {
    construct(target, args, newTarget) {
      if (typeof args[0] === "number") allocated += args[0] * size;
      return Reflect.construct(target, args, newTarget);
    },
  });
  Object.defineProperty(globalThis, name, { value: watched, configurable: true, writable: true });
}

const PAGE = 65536, grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages: number): number {
  allocated += pages * PAGE;
  return grow.call(this, pages);
};
