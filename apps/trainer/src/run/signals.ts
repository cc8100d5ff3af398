/**
 * Ctrl-C and SIGTERM: the first asks the run to stop in order, the second ends the process at once.
 *
 * @module
 */

/** Exit code of a process ended by a signal, as shells count. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** A signal that stops a run. */
export type StopSignal = keyof typeof SIGNAL_EXIT_CODES;

/**
 * One Ctrl-C can arrive twice, from the terminal and from `deno task`, which passes it on; what comes this soon after the
 * first one is taken for the same key stroke.
 */
const SAME_STROKE_MS = 400;

/** Where signals come from; the process itself unless a test plays it. */
export interface SignalSource {
  addSignalListener(signal: StopSignal, listener: () => void): void;
  removeSignalListener(signal: StopSignal, listener: () => void): void;
  exit(code: number): void;
}

/** Listens for signals until disposed. */
export class StopRequest implements Disposable {
  #signal: StopSignal | undefined;
  readonly #source: SignalSource;
  readonly #listeners: [StopSignal, () => void][] = [];

  /**
   * @param announce called once, when the first signal comes.
   */
  constructor(
    announce: (signal: StopSignal) => void,
    source: SignalSource = Deno,
    now: () => number = () => performance.now(),
  ) {
    this.#source = source;
    let first = 0;
    // Windows knows no SIGTERM listener.
    const signals: StopSignal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
    for (const signal of signals) {
      const listener = () => {
        if (this.#signal === undefined) {
          first = now();
          this.#signal = signal;
          announce(signal);
        } else if (now() - first > SAME_STROKE_MS) {
          source.exit(SIGNAL_EXIT_CODES[signal]);
        }
      };
      source.addSignalListener(signal, listener);
      this.#listeners.push([signal, listener]);
    }
  }

  /** The signal that came, if one did. */
  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners.splice(0)) this.#source.removeSignalListener(signal, listener);
  }
}
