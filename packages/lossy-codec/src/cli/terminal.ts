/**
 * What people read while they wait, and afterwards, on the standard error.
 *
 * @module
 */
import process from "node:process";
import { isatty } from "node:tty";
import { writeAll } from "./output.ts";

/** Milliseconds before the first line of progress, and between two. */
const PATIENCE_MS = 1000, PERIOD_MS = 200;
/** Milliseconds of work after which signals are looked for. */
const TURN_MS = 50;

/** Writes text to the standard error. */
export function say(text: string): void {
  try {
    writeAll(2, new TextEncoder().encode(text), null);
  } catch {
    // Nobody listens; the work goes on.
  }
}

/** Progress of long work, on terminals only; between its steps signals arrive. */
export class Progress implements Disposable {
  readonly #what: string;
  readonly #total: number;
  readonly #shown: boolean;
  readonly #start: number = performance.now();
  #next: number = this.#start + PATIENCE_MS;
  #turn: number = this.#start + TURN_MS;
  #width = 0;

  /**
   * @param what What is worked on.
   * @param total Bytes to be done; Infinity if that is not known.
   */
  constructor(what: string, total: number, quiet: boolean) {
    this.#what = what;
    this.#total = total;
    this.#shown = !quiet && isatty(2);
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Tells that so many bytes are done. */
  async step(done: number): Promise<void> {
    const now = performance.now();
    if (this.#shown && now >= this.#next) {
      const part = this.#total < Infinity
        ? `${Math.floor(100 * done / this.#total)} %`
        : `${(done / 1e6).toFixed(0)} MB`;
      this.#show(`${this.#what}  ${part}  ${(done / 1e6 / this.seconds).toFixed(0)} MB/s`);
      this.#next = now + PERIOD_MS;
    }
    if (now >= this.#turn) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#turn = performance.now() + TURN_MS;
    }
  }

  [Symbol.dispose](): void {
    if (this.#width > 0) this.#show("");
  }

  #show(line: string): void {
    say(`\r${line.padEnd(this.#width)}${line === "" ? "\r" : ""}`);
    this.#width = line.length;
  }
}

const SIGNALS: readonly (readonly ["SIGINT" | "SIGTERM", number])[] = [["SIGINT", 130], ["SIGTERM", 143]];

/**
 * Opens a resource and works with it, such that signals leave nothing behind.
 *
 * @param open What is disposed of when a signal arrives, before the process ends, and when the work ends.
 */
export async function guarded<T extends Disposable, R>(open: () => T, work: (resource: T) => Promise<R>): Promise<R> {
  let resource: T | undefined;
  const handlers = SIGNALS.map(([signal, code]) => {
    const handler = () => {
      resource?.[Symbol.dispose]();
      process.exit(code);
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  try {
    resource = open();
    return await work(resource);
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
    resource?.[Symbol.dispose]();
  }
}
