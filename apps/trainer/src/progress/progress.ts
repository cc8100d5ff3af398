/**
 * Progress of a run: a bar with estimates on a terminal, plain lines elsewhere.
 *
 * @module
 */
import { compactNumber, formatDuration } from "../report/format.ts";
import type { Terminal } from "./terminal.ts";

/** Least time between two drawings of the bar. */
const REDRAW_MS = 100;
/** Least time between two plain lines about the training loss. */
const LINE_MS = 2000;
/** The speed shown is a mean that forgets with this half-life. */
const HALF_LIFE_MS = 5000;

/** A moment of the training. */
export interface Tick {
  readonly step: number;
  readonly epoch: number;
  /** Rows of the batch just done. */
  readonly rows: number;
}

/** Tells a person how the run goes. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #totalSteps: number;
  readonly #epochs: number;
  readonly #now: () => number;
  #last: number;
  #first = true;
  #ms = 0;
  #steps = 0;
  #rows = 0;
  #loss = NaN;
  #auc = NaN;
  #lr = NaN;
  #drawn = -Infinity;
  #lined = -Infinity;
  #bar = "";

  /** @param now a monotonic clock in milliseconds. */
  constructor(
    terminal: Terminal,
    totalSteps: number,
    epochs: number,
    now: () => number = () => performance.now(),
  ) {
    this.#terminal = terminal;
    this.#totalSteps = totalSteps;
    this.#epochs = epochs;
    this.#now = now;
    this.#last = now();
  }

  /** A step is done. */
  step(tick: Tick): void {
    const now = this.#now();
    this.#count(now - this.#last, tick.rows);
    this.#last = now;
    if (this.#terminal.interactive && now - this.#drawn >= REDRAW_MS) this.#draw(this.#barText(tick));
  }

  /** The training loss was read. */
  loss(tick: Tick, loss: number, lr: number): void {
    [this.#loss, this.#lr] = [loss, lr];
    const now = this.#now();
    if (this.#terminal.interactive) return;
    if (now - this.#lined < LINE_MS && tick.step < this.#totalSteps) return;
    this.#lined = now;
    this.line(
      `step ${tick.step}/${this.#totalSteps}  epoch ${tick.epoch}/${this.#epochs}  loss ${loss.toFixed(4)}  ` +
        `lr ${shortRate(lr)}  ${this.#speed()}  eta ${this.#eta(tick.step)}`,
    );
  }

  /** An evaluation or a checkpoint begins; time until {@linkcode resume} counts for nobody's speed. */
  pause(what: string): void {
    if (this.#terminal.interactive) this.#draw(this.#dim(`  ${what} ...`));
  }

  /** Training goes on. */
  resume(): void {
    this.#last = this.#now();
  }

  /** An evaluation ended. */
  evaluation(step: number, scores: { auc: number; logloss: number; accuracy: number }, best: boolean): void {
    if (!Number.isNaN(scores.auc)) this.#auc = scores.auc;
    this.line(
      `step ${step}/${this.#totalSteps}  validation  auc ${scores.auc.toFixed(4)}  logloss ${
        scores.logloss.toFixed(4)
      }  ` +
        `accuracy ${(100 * scores.accuracy).toFixed(2)} %${best ? this.#bold("  best so far") : ""}`,
    );
  }

  /** Writes a line for good, above the bar. */
  line(text: string): void {
    const bar = this.#bar;
    this.clear();
    this.#terminal.write(`${text}\n`);
    if (bar) this.#draw(bar);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#bar) this.#terminal.write("\r\x1b[2K");
    this.#bar = "";
  }

  #draw(text: string): void {
    this.#drawn = this.#now();
    this.#terminal.write(`\r\x1b[2K${text}`);
    this.#bar = text;
  }

  #barText(tick: Tick): string {
    const share = Math.min(1, tick.step / this.#totalSteps);
    const texts = [
      `${tick.step}/${this.#totalSteps}`,
      this.#speed(),
      Number.isNaN(this.#loss) ? "" : `loss ${this.#loss.toFixed(4)}`,
      Number.isNaN(this.#auc) ? "" : `auc ${this.#auc.toFixed(4)}`,
      this.#epochs > 1 ? `epoch ${tick.epoch}/${this.#epochs}` : "",
      `eta ${this.#eta(tick.step)}`,
    ].filter((text) => text !== "");
    const percent = `${String(Math.floor(100 * share)).padStart(3)} %`;
    const width = this.#terminal.width() - 1;
    let tail = texts.join("  ");
    // A narrow terminal keeps what is said first.
    while (texts.length > 1 && percent.length + tail.length + 14 > width) {
      texts.splice(-2, 1);
      tail = texts.join("  ");
    }
    const cells = Math.max(0, Math.min(30, width - percent.length - tail.length - 4));
    return `${percent} ${this.#color(36, bar(share, cells))}  ${tail}`;
  }

  /** Sums that forget: the speed of the last seconds. The first step of all, which compiles kernels, does not count. */
  #count(ms: number, rows: number): void {
    if (this.#first) {
      this.#first = false;
      return;
    }
    const keep = 0.5 ** (ms / HALF_LIFE_MS);
    this.#ms = keep * this.#ms + ms;
    this.#steps = keep * this.#steps + 1;
    this.#rows = keep * this.#rows + rows;
  }

  #speed(): string {
    return `${compactNumber(1000 * this.#rows / this.#ms)} rows/s`;
  }

  #eta(step: number): string {
    return formatDuration((this.#totalSteps - step) * this.#ms / this.#steps / 1000);
  }

  #color(code: number, text: string): string {
    return this.#terminal.color ? `\x1b[${code}m${text}\x1b[39m` : text;
  }

  #bold(text: string): string {
    return this.#terminal.color ? `\x1b[1m${text}\x1b[22m` : text;
  }

  #dim(text: string): string {
    return this.#terminal.color ? `\x1b[2m${text}\x1b[22m` : text;
  }
}

/** A bar of eighths of a cell. */
function bar(share: number, cells: number): string {
  const eighths = Math.round(share * cells * 8);
  const full = "█".repeat(Math.floor(eighths / 8));
  const part = " ▏▎▍▌▋▊▉"[eighths % 8]!.trim();
  return (full + part).padEnd(cells, "·");
}

function shortRate(lr: number): string {
  return String(Number(lr.toPrecision(3)));
}
