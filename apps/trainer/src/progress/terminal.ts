/**
 * What the trainer knows about the terminal it writes to.
 *
 * @module
 */

/** Where progress goes, and what it may contain. */
export interface Terminal {
  /** A cursor can be moved: bars are possible. */
  readonly interactive: boolean;
  /** Colours are welcome. */
  readonly color: boolean;
  /** Columns now. */
  width(): number;
  write(text: string): void;
}

/** Standard error as it is; `NO_COLOR` and `TERM=dumb` are obeyed. */
export function standardError(): Terminal {
  const interactive = Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const encoder = new TextEncoder();
  return {
    interactive,
    color: interactive && !Deno.env.get("NO_COLOR"),
    width: () => {
      try {
        return Deno.consoleSize().columns || 100;
      } catch {
        return 100;
      }
    },
    write: (text) => {
      const bytes = encoder.encode(text);
      try {
        for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
      } catch {
        // A closed pipe must not end a training run.
      }
    },
  };
}
