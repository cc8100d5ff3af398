/**
 * The codec on a GPU.
 *
 * @module
 */
import { spreadWorkgroups, Tensor, type WebGpuDevice, WebGpuStorage } from "@pocketrec/compute";
import { decodeKernel, openKernels, restoreKernels } from "./decode.wgsl.ts";
import {
  type CallBuffers,
  type CallPlan,
  type DecodeDescriptor,
  type DeviceDtype,
  type EncodeDescriptor,
  planDecode,
  planEncode,
  tablesOf,
} from "./descriptors.ts";
import { CHUNK_ERRORS, CODER_WORKGROUP, INFO_WORDS, WORKGROUP } from "./layout.ts";
import { insertKernel, numberKernel, quantiseKernels, rangeKernels, STATE_WORDS } from "./quantise.wgsl.ts";
import { DECODE_WORDS, decodeWords, DeviceTables, ENCODE_WORDS, encodeWords } from "./tables.ts";
import { codeKernel, writeKernels } from "./write.wgsl.ts";

/** What a codec makes room for. A call may use less. */
export interface CodecCapacity {
  /** Type of the elements. */
  readonly dtype: DeviceDtype;
  /** Most chunks of a call. */
  readonly chunks: number;
  /** Most rows of all chunks of a call. */
  readonly rows: number;
  /** Most elements of all chunks of a call. */
  readonly elements: number;
  /** Most tables of a call. Default 32. */
  readonly tables?: number;
}

/** What is wrong with a decoded chunk; `""`: nothing. `UNSUPPORTED` and `TABLE` chunks may be good, but not for the GPU. */
export type ChunkError = "" | "TRUNCATED" | "CHECKSUM" | "CORRUPT" | "UNSUPPORTED" | "TABLE";

/** Memory on the device: a tensor, or a buffer with usages `STORAGE`, `COPY_SRC` and `COPY_DST`. */
export type DeviceMemory = Tensor | GPUBuffer;

/** Row words of `row_words`, see the kernels. */
const ROW_ARRAYS = 6;

/**
 * Encodes and decodes many chunks at once, on a GPU and without waiting for it: an encode call takes 5 dispatches (6 with a
 * table), a decode call 2 (3), however many chunks there are. Lengths and errors come by one readback when asked for.
 *
 * Chunks are those of the CPU codec, bit by bit, and so are the elements: see {@linkcode compressChunk}. Only where rows were
 * crafted to collide in the CPU's row table may that one store a row repeatedly that is stored once here.
 *
 * Calls of one codec follow one another on the device; scratch is reused. Needs no feature, and no limit above WebGPU's
 * defaults as long as buffers stay below 128 MiB.
 */
export class WebGpuCodec implements Disposable {
  /** What it has room for. */
  readonly capacity: Required<CodecCapacity>;
  readonly #device: WebGpuDevice;
  readonly #encodeState: Tensor;
  readonly #decodeState: Tensor;
  readonly #info: Tensor;
  readonly #codes: Tensor;
  readonly #rows: Tensor;
  readonly #slots: Tensor;
  readonly #encodeTables: DeviceTables;
  readonly #decodeTables: DeviceTables;
  readonly #grown = new Map<string, Tensor>();
  readonly #wrapped = new WeakMap<GPUBuffer, Tensor>();
  #encoded = 0;
  #decoded = 0;

  /** Use {@linkcode createCodec}. */
  constructor(device: WebGpuDevice, capacity: Required<CodecCapacity>) {
    const { chunks, rows, elements, tables } = capacity;
    this.#device = device;
    this.capacity = capacity;
    const make = (name: string, words: number, dtype: "u32" | "i32" = "u32") =>
      device.tensor(dtype, [words], { label: `lossy-codec/${name}` });
    this.#encodeState = make("sizes", chunks * STATE_WORDS);
    this.#decodeState = make("errors", chunks);
    this.#info = make("info", chunks * INFO_WORDS);
    this.#codes = make("codes", elements, "i32");
    this.#rows = make("rows", ROW_ARRAYS * rows);
    // A table has less than 4 slots per row, of 2 words.
    this.#slots = make("slots", 8 * rows);
    this.#encodeTables = new DeviceTables(device, "lossy-codec/encode tables", tables, ENCODE_WORDS, encodeWords);
    this.#decodeTables = new DeviceTables(device, "lossy-codec/decode tables", tables, DECODE_WORDS, decodeWords);
  }

  /**
   * Records the encoding of chunks.
   *
   * @param source Elements, of the capacity's dtype.
   * @param chunks What to encode; destinations do not overlap.
   * @param destination Where the chunks go. Each has to have room for its elements and 16 bytes, whatever it will take.
   * @throws {RangeError} A chunk does not fit into source, destination or capacity, or one of its options cannot be used
   */
  encode(source: DeviceMemory, chunks: readonly EncodeDescriptor[], destination: DeviceMemory): void {
    this.#encoded = chunks.length;
    if (chunks.length === 0) return;
    const { dtype } = this.capacity, device = this.#device, state = this.#encodeState;
    const src = this.#tensorOf(source), dst = this.#tensorOf(destination);
    const tables = this.#encodeTables.place(tablesOf(chunks));
    const call = planEncode(dtype, chunks, buffersOf(src, dst, tables)), { totals } = call;
    const plan = this.#upload("encode", chunks.length, call), words = this.#grow("words", totals.words);
    const n = chunks.length, tiles = spreadWorkgroups(totals.tiles);
    device.clear(state, 0, n * STATE_WORDS);
    if (call.dict) device.clear(this.#slots, 0, 2 * totals.slots);
    device.dispatch(rangeKernels[dtype], [n, totals.tiles], [plan, src, state], tiles);
    const quantise = [plan, src, state, this.#codes, this.#rows];
    device.dispatch(quantiseKernels[dtype], [n, totals.tiles, totals.rows], quantise, tiles);
    if (call.dict) {
      const insert = [plan, this.#codes, this.#rows, this.#slots];
      device.dispatch(insertKernel, [n, totals.rows], insert, spreadWorkgroups(Math.ceil(totals.rows / WORKGROUP)));
    }
    device.dispatch(numberKernel, [n, totals.rows], [plan, state, this.#rows, this.#slots], spreadWorkgroups(n));
    if (call.coded) {
      device.dispatch(
        codeKernel,
        [n, totals.rows, totals.groups],
        [plan, this.#encodeTables.tensor, state, this.#codes, this.#rows, words],
        spreadWorkgroups(Math.ceil(totals.groups / CODER_WORKGROUP)),
      );
    }
    const write = [plan, src, state, this.#codes, this.#rows, words, dst];
    device.dispatch(writeKernels[dtype], [n, totals.rows], write, spreadWorkgroups(n));
  }

  /**
   * Records the decoding of chunks.
   *
   * @param source Chunks; they may be anything.
   * @param chunks What they have to be; the places of their elements do not overlap.
   * @param destination Gets the elements. Nothing outside of those of a chunk is written to for it; after an error, they are of
   *   no use.
   * @param options `verify`: whether to compare checksums; default true.
   * @throws {RangeError} A chunk does not fit into source, destination or capacity
   */
  decode(
    source: DeviceMemory,
    chunks: readonly DecodeDescriptor[],
    destination: DeviceMemory,
    { verify = true }: { readonly verify?: boolean } = {},
  ): void {
    this.#decoded = chunks.length;
    if (chunks.length === 0) return;
    const { dtype } = this.capacity, device = this.#device, state = this.#decodeState;
    const src = this.#tensorOf(source), dst = this.#tensorOf(destination);
    const tables = this.#decodeTables.place(tablesOf(chunks));
    const call = planDecode(dtype, chunks, buffersOf(src, dst, tables)), { totals } = call;
    const plan = this.#upload("decode", chunks.length, call), words = this.#grow("words", totals.words);
    const n = chunks.length;
    device.clear(state, 0, n);
    const open = [plan, src, state, this.#info, this.#rows, words];
    device.dispatch(openKernels[dtype], [n, totals.rows, verify ? 1 : 0], open, spreadWorkgroups(n));
    if (call.coded) {
      device.dispatch(
        decodeKernel,
        [n, totals.groups],
        [plan, src, this.#decodeTables.tensor, state, this.#info, words, this.#codes],
        spreadWorkgroups(Math.ceil(totals.groups / CODER_WORKGROUP)),
      );
    }
    const restore = [plan, src, state, this.#info, this.#rows, this.#codes, dst];
    device.dispatch(restoreKernels[dtype], [n, totals.rows, totals.tiles], restore, spreadWorkgroups(totals.tiles));
  }

  /** Waits for the last `encode`, and reads the length of each of its chunks, in bytes. */
  async sizes(): Promise<Uint32Array> {
    return await this.#encodeState.read(0, this.#encoded) as Uint32Array;
  }

  /** Waits for the last `decode`, and reads what is wrong with each of its chunks. */
  async errors(): Promise<ChunkError[]> {
    const words = await this.#decodeState.read(0, this.#decoded);
    return Array.from(words, (word) => CHUNK_ERRORS[word] ?? "CORRUPT");
  }

  /** Frees what it has on the device. */
  [Symbol.dispose](): void {
    const scratch = [this.#encodeState, this.#decodeState, this.#info, this.#codes, this.#rows, this.#slots];
    for (const tensor of [...scratch, ...this.#grown.values()]) tensor[Symbol.dispose]();
    this.#encodeTables[Symbol.dispose]();
    this.#decodeTables[Symbol.dispose]();
  }

  #upload(name: string, chunks: number, { words, totals }: CallPlan): Tensor {
    const { capacity } = this;
    for (
      const [what, met, most] of [
        ["chunks", chunks, capacity.chunks],
        ["rows", totals.rows, capacity.rows],
        ["elements", totals.elements, capacity.elements],
      ] as const
    ) {
      if (met > most) throw new RangeError(`Cannot ${name} ${met} ${what} at once: the codec has room for ${most}`);
    }
    const plan = this.#grow(`${name} plan`, words.length);
    plan.write(words);
    return plan;
  }

  /** Scratch that grows with what is asked for. */
  #grow(name: string, words: number): Tensor {
    const have = this.#grown.get(name);
    if (have !== undefined && have.size >= words) return have;
    have?.[Symbol.dispose]();
    const made = this.#device.tensor("u32", [Math.ceil(words * 1.25)], { label: `lossy-codec/${name}` });
    this.#grown.set(name, made);
    return made;
  }

  #tensorOf(memory: DeviceMemory): Tensor {
    if (memory instanceof Tensor) return memory;
    let tensor = this.#wrapped.get(memory);
    if (tensor === undefined) {
      const storage = new WebGpuStorage(memory, () => {});
      tensor = new Tensor(this.#device, "u32", [Math.floor(memory.size / 4)], storage, { label: memory.label });
      this.#wrapped.set(memory, tensor);
    }
    return tensor;
  }
}

function buffersOf(source: Tensor, destination: Tensor, tables: CallBuffers["tables"]): CallBuffers {
  if (source.storage === destination.storage) {
    throw new TypeError(`Cannot use tensor "${source.label}" as source and destination: want two buffers`);
  }
  return { source: source.size, destination: destination.size, tables };
}

/**
 * Makes a codec.
 *
 * @param device Where elements and chunks are.
 * @param capacity What to make room for; scratch takes about 10 bytes per element and 56 per row.
 * @throws {RangeError} The capacity cannot be used
 */
export function createCodec(device: WebGpuDevice, capacity: CodecCapacity): WebGpuCodec {
  const whole = { tables: 32, ...capacity };
  for (const name of ["chunks", "rows", "elements", "tables"] as const) {
    if (!Number.isSafeInteger(whole[name]) || whole[name] < 1) {
      throw new RangeError(`Cannot make a codec for ${whole[name]} ${name}: want a whole number from 1 on`);
    }
  }
  return new WebGpuCodec(device, whole);
}
