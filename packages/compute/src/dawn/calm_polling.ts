/**
 * Keeps Dawn's wait for the GPU from eating a core.
 *
 * While a promise of Dawn's is open, its binding asks for a `setImmediate` after each `setImmediate`
 * (github.com/dawn-gpu/node-webgpu/issues/17). Each call makes a native function whose finaliser waits for a collection;
 * Deno walks all that wait, so that long waits take time that grows with its square: reading back one product of two
 * 512 x 512 matrices from SwiftShader took 18,000 calls and 800 ms instead of 60 calls and 130 ms.
 *
 * @module
 */

/** Time in which a wait may poll without pause: read-backs from a GPU take some tenths of a millisecond. */
const EAGER_MS = 2;
/** Pause between polls from then on. */
const PAUSE_MS = 1;

type Callback = (...args: unknown[]) => void;

/** The global that has `setImmediate`, or a stand-in. */
interface Host {
  setImmediate?: (callback: Callback, ...args: unknown[]) => unknown;
}

const calmed = new WeakSet<Host>();

/** From now on Dawn's polls pause once a wait has lasted a while; other users of `setImmediate` notice nothing. */
export function calmPolling(host: Host = globalThis as Host): void {
  const immediate = host.setImmediate;
  if (!immediate || calmed.has(host)) return;
  calmed.add(host);
  let polling = false, waitingSince = 0;
  host.setImmediate = (callback, ...args) => {
    if (!isNative(callback)) return immediate(callback, ...args);
    // A wait goes on where the next poll is asked for by the one before.
    if (!polling) waitingSince = performance.now();
    const poll = () => {
      polling = true;
      try {
        callback(...args);
      } finally {
        polling = false;
      }
    };
    return performance.now() - waitingSince < EAGER_MS ? immediate(poll) : setTimeout(poll, PAUSE_MS);
  };
}

/** Whether this is a function of a native addon: such have no name, while bound functions are called "bound ...". */
function isNative(callback: Callback): boolean {
  return typeof callback === "function" && callback.name === "" &&
    Function.prototype.toString.call(callback).includes("[native code]");
}
