/**
 * A peer in another process, so that PyTorch can be sampled between two samples of ours.
 *
 * The protocol is one JSON object per line. The child first says `{"name": "PyTorch", "version": "..."}`; then each
 * line it gets is answered by one line. `{"run": <spec>, "repeats": n}` is answered by `{"seconds": s}`, the time of all
 * `n` repeats; a failure by `{"error": "..."}`. The child keeps what it built for a spec until it gets
 * `{"forget": true}`. `{"ask": <spec>}` is answered by any object, where the child knows how. `peer.py` beside this file
 * does all that for Python.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { TextLineStream } from "./text_lines.ts";
import type { Subject } from "./measure.ts";

/** A JSON object. */
export type JsonObject = { readonly [key: string]: unknown };

/** How to start a peer. */
export interface PeerOptions {
  /** Program. */
  readonly command: string;
  /** Its arguments. */
  readonly args?: readonly string[];
  /** Additions to the environment, e.g. `OMP_NUM_THREADS`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running peer. */
export class PeerProcess implements AsyncDisposable {
  /** Name and version, as the child told. */
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;

  private constructor(
    name: string,
    child: Deno.ChildProcess,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    lines: ReadableStreamDefaultReader<string>,
  ) {
    this.name = name;
    this.#child = child;
    this.#writer = writer;
    this.#lines = lines;
  }

  /** Starts a peer; `undefined` where the program is missing or ends at once (a missing module: its stderr is shown). */
  static async start(options: PeerOptions): Promise<PeerProcess | undefined> {
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(options.command, {
        args: [...options.args ?? []],
        env: { ...options.env },
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
    const first = await lines.read();
    const writer = child.stdin.getWriter();
    if (first.done) {
      await child.status;
      await writer.close().catch(() => {});
      return undefined;
    }
    const { name, version } = JSON.parse(first.value) as { name: string; version: string };
    return new PeerProcess(`${name} ${version}`, child, writer, lines);
  }

  /** Sends one object and returns the answer. */
  async request(message: JsonObject): Promise<JsonObject> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
    const line = await this.#lines.read();
    if (line.done) throw new Error(`Cannot ask ${this.name} as it ended: asked ${JSON.stringify(message)}`);
    const answer = JSON.parse(line.value) as JsonObject;
    if ("error" in answer) throw new Error(`${this.name}: ${answer["error"]}`);
    return answer;
  }

  /** The peer as one side of a comparison; `spec` tells it what to do. `name` defaults to the peer's. */
  subject(spec: JsonObject, name: string = this.name): Subject {
    return {
      name,
      run: async (repeats) => {
        const { seconds } = await this.request({ run: spec, repeats });
        if (typeof seconds !== "number") throw new TypeError(`Cannot use the answer of ${this.name}: want seconds`);
        return seconds;
      },
    };
  }

  /** Lets the peer free what it built. */
  async forget(): Promise<void> {
    await this.request({ forget: true });
  }

  /** Ends the peer by closing its input. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#child.status;
    await this.#lines.cancel();
  }
}

/**
 * Pythons to try: `POCKETREC_PYTHON`, or the first on the path and then the system's, which has the distribution's
 * packages even where another one comes first.
 */
function pythons(): string[] {
  const chosen = Deno.env.get("POCKETREC_PYTHON");
  return chosen ? [chosen] : ["python3", "/usr/bin/python3"];
}

/**
 * Starts a Python script as a peer with that many threads in every library that it may use; `undefined` where no Python
 * has what it imports.
 */
export async function startPythonPeer(
  script: URL,
  options: { threads?: number; args?: readonly string[] } = {},
): Promise<PeerProcess | undefined> {
  const threads = String(options.threads ?? navigator.hardwareConcurrency);
  for (const command of pythons()) {
    const peer = await PeerProcess.start({
      command,
      args: ["-u", fileURLToPath(script), ...options.args ?? []],
      env: {
        OMP_NUM_THREADS: threads,
        MKL_NUM_THREADS: threads,
        OPENBLAS_NUM_THREADS: threads,
        PYTHONPATH: fileURLToPath(new URL(".", import.meta.url)),
        PYTHONDONTWRITEBYTECODE: "1",
      },
    });
    if (peer) return peer;
  }
  return undefined;
}
