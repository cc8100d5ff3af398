/**
 * SZ3 in a Python process, as no registry has it in another form.
 *
 * @module
 */
import { type PeerProcess, startPythonPeer, type Subject } from "../../harness.ts";
import type { NamedArray } from "../data/array.ts";
import { bytesOf } from "./codes.ts";

/** SZ3's modes: its predictors, and none of them. */
export type Sz3Algorithm = "default" | "no prediction";
/** Both. */
export const SZ3_ALGORITHMS: readonly Sz3Algorithm[] = ["default", "no prediction"];

/** What to install. */
export const SZ3_MISSING = "SZ3: pip install pysz, and name that Python in POCKETREC_PYTHON";

/** SZ3 on arrays that it is told about by a file. */
export class Sz3 implements AsyncDisposable {
  readonly #peer: PeerProcess;
  readonly #folder: string;

  private constructor(peer: PeerProcess, folder: string) {
    this.#peer = peer;
    this.#folder = folder;
  }

  /** Starts it; `undefined` where no Python has pysz. */
  static async start(): Promise<Sz3 | undefined> {
    const peer = await startPythonPeer(new URL("./sz3_peer.py", import.meta.url), { threads: 1 });
    return peer && new Sz3(peer, await Deno.makeTempDir());
  }

  /** Name and version. */
  get name(): string {
    return this.#peer.name;
  }

  /**
   * Bytes of all slices of an array, each within its bound.
   *
   * @param bounds Absolute, one for each slice.
   * @returns Also the largest error in units of the bound.
   */
  async sizes(
    array: NamedArray,
    sliceRows: number,
    bounds: readonly number[],
    algorithm: Sz3Algorithm,
  ): Promise<{ readonly bytes: number; readonly worst: number }> {
    const finite = Number.isFinite(sliceRows) && !array.sequence ? sliceRows : 0;
    const ask = { question: "sizes", ...this.#write(array), sliceRows: finite, bounds, algorithm };
    const { bytes, worst } = await this.#peer.request({ ask }) as { bytes: number; worst: number };
    return { bytes, worst };
  }

  /** One direction as a side of a comparison. */
  subject(array: NamedArray, bound: number, algorithm: Sz3Algorithm, direction: "encode" | "decode"): Subject {
    const name = `${this.name}, ${algorithm}`;
    return this.#peer.subject({ ...this.#write(array, `${direction}.f32`), bound, algorithm, direction }, name);
  }

  /** Compresses an array as one piece. */
  async encode(array: NamedArray, bound: number, algorithm: Sz3Algorithm): Promise<Uint8Array<ArrayBuffer>> {
    const out = `${this.#folder}/out`;
    await this.#peer.request({ ask: { question: "encode", ...this.#write(array), bound, algorithm, out } });
    return await Deno.readFile(out);
  }

  /** Restores what may be damaged. @throws {Error} SZ3 refuses it, or ended */
  async decode(bytes: Uint8Array, shape: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
    const file = `${this.#folder}/in`, out = `${this.#folder}/out`;
    await Deno.writeFile(file, bytes);
    await this.#peer.request({ ask: { question: "decode", file, shape, out } });
    return new Float32Array((await Deno.readFile(out)).buffer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  #write({ values, rows, rowLength, sequence }: NamedArray, name = "array.f32"): { file: string; shape: number[] } {
    const file = `${this.#folder}/${name}`;
    Deno.writeFileSync(file, bytesOf(values));
    return { file, shape: sequence ? [values.length] : [rows, rowLength] };
  }
}
