/**
 * Speed on one core: arrays to messages and files and back, beside codecs of bytes on the same codes, zfp and SZ3. Figures are
 * in GB/s of float32.
 *
 * @module
 */
import {
  compress,
  compressInto,
  type CompressOptions,
  decompress,
  inspect,
  maxCompressedLength,
} from "@pocketrec/lossy-codec";
import { Decoder, Encoder } from "@pocketrec/lossy-codec/messages";
import { createPlainKernels } from "../../packages/lossy-codec/src/kernels/plain.ts";
import { createWasmKernels } from "../../packages/lossy-codec/src/kernels/wasm.ts";
import { type Bench, gigabytes, type Subject } from "../harness.ts";
import type { NamedArray } from "./data/array.ts";
import { trainedBatch } from "./data/generated.ts";
import { publishedBatches } from "./data/samples.ts";
import { type TableBatch, terabyteBatch } from "./data/terabyte.ts";
import { codesOf } from "./peers/codes.ts";
import type { LosslessCodec } from "./peers/lossless.ts";
import { Quantiser } from "./peers/quantiser.ts";
import { SZ3_ALGORITHMS } from "./peers/sz3.ts";
import type { Peers } from "./ratio/methods.ts";

/** The relative bound of single tables, and of some a second one. */
const TABLE_BOUND = 0.03, SECOND_BOUND = 0.01;

/** Arrays that are encoded one after the other. */
interface SpeedBatch {
  readonly name: string;
  readonly tables: readonly TableBatch[];
  /** What later steps look up in the same tables, if it is there: an encoder of messages meets it in turn. */
  readonly later: readonly (readonly TableBatch[])[];
}

/** The batch that the marks are for: all of a training step's look-ups. */
const TERABYTE = "Terabyte batch, 26 tables, rel 0.01 to 0.05";

/** The whole batch, then single tables of 2048 rows of 64. */
function speedBatches(): SpeedBatch[] {
  const published = publishedBatches();
  const single = (array: NamedArray, rel: number = TABLE_BOUND): SpeedBatch => (
    { name: `${array.name}, rel ${rel}`, tables: [{ ...array, rel }], later: [] }
  );
  return [
    { name: TERABYTE, tables: terabyteBatch(1), later: [2, 3, 4].map(terabyteBatch) },
    ...[trainedBatch(0.45), trainedBatch(1)].map((array) => single(array)),
    ...(published ? [single(published.table1), single(published.table1, SECOND_BOUND), single(published.table8)] : []),
  ];
}

/** The case of a batch and a direction; without a name that of the marks. */
export function speedCase(direction: Direction, name: string = TERABYTE): string {
  return `${direction} ${name}, 1 core`;
}

/** Adds the rows of all batches. */
export async function benchSpeed(bench: Bench, peers: Peers): Promise<void> {
  for (const { name, tables, later } of speedBatches()) {
    const directions = (["encode", "decode"] as const).filter((way) => bench.wants(speedCase(way, name)));
    if (directions.length === 0) continue;
    const sides = new Sides(tables, peers);
    const measure = gigabytes(tables.reduce((bytes, { values }) => bytes + values.byteLength, 0));
    const compare = (name: string, ours: Subject, baselines: readonly Subject[]) =>
      bench.compare({
        case: name,
        ours,
        baselines,
        measure,
        ...(bench.options.quick
          ? {}
          : { sampling: { rounds: 31, sampleMs: tables.length > 1 ? 150 : 40, budgetMs: 60_000, warmUpMs: 1500 } }),
      });
    for (const direction of directions) {
      const baselines = [sides.files(direction, "auto"), ...sides.peers(direction)];
      await compare(speedCase(direction, name), sides.messages(direction, "auto", later), baselines);
    }
    // Afterwards: where both kinds of kernels were called, V8 no longer inlines the calls of either.
    for (const direction of directions) {
      const plain = sides.messages(direction, "plain", later), baselines = [sides.files(direction, "plain")];
      await compare(`${speedCase(direction, name)}, without WebAssembly`, plain, baselines);
    }
    sides.addRatios(bench, name);
  }
}

type Direction = "encode" | "decode";
type Choice = "auto" | "plain";

/** How messages and files are called: with the kernels that a host gets, or without WebAssembly. */
function ourName(what: string, kernels: Choice): string {
  return kernels === "plain" ? `ours, ${what}, TypeScript kernels` : `ours, ${what}`;
}

/** A table and what other codecs need to know of it. */
interface Coded extends TableBatch {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly step: number;
  readonly absBound: number;
  /** 8-bit codes. */
  readonly codes: Uint8Array<ArrayBuffer>;
}

/** All sides of a comparison on the arrays of one batch. */
class Sides {
  readonly #tables: readonly Coded[];
  readonly #peers: Peers;

  constructor(tables: readonly TableBatch[], peers: Peers) {
    this.#peers = peers;
    this.#tables = tables.map((table) => {
      const file = compress(table.values, optionsOf(table)), { chunks, absBound } = inspect(file);
      const { step } = chunks[0]!;
      return { ...table, file, step, absBound, codes: codesOf(table.values, step) };
    });
  }

  /** Messages as collectives send them: an encoder and a decoder that keep memory and tables. */
  messages(direction: Direction, kernels: Choice, later: readonly (readonly TableBatch[])[]): Subject {
    const rowLength = this.#tables[0]!.rowLength;
    const encoder = new Encoder({ bound: { rel: this.#tables[0]!.rel }, rowLength, kernels });
    const room = this.#tables.map(({ values }) => new Uint8Array(encoder.maxEncodedBytes(values.length)));
    const encode = (tables: readonly TableBatch[]) =>
      tables.map(({ values, rel }, table) => encoder.encode(values, room[table]!, { table, bound: { rel } }));
    if (direction === "encode") {
      const steps = [this.#tables, ...later];
      let step = 0;
      return { name: ourName("messages", kernels), run: repeated(() => void encode(steps[step++ % steps.length]!)) };
    }
    // The first messages bring tables, the others refer to them.
    const [first, next] = [1, 2].map(() => encode(this.#tables).map((bytes, table) => room[table]!.slice(0, bytes)));
    const decoder = new Decoder({ rowLength, kernels }), out = this.#tables.map(({ values }) => values.slice());
    first!.forEach((message, table) => decoder.decode(message, out[table]!, { table }));
    const decode = () => next!.forEach((message, table) => decoder.decode(message, out[table]!, { table }));
    return { name: ourName("messages", kernels), run: repeated(decode) };
  }

  /** Files, into memory that is there already. */
  files(direction: Direction, kernels: Choice): Subject {
    const works = this.#tables.map((table) => {
      const { values, file } = table, options = { ...optionsOf(table), kernels };
      const dst = new Uint8Array(maxCompressedLength(values.length, options)), out = new Float32Array(values.length);
      return direction === "encode"
        ? () => void compressInto(values, options, dst)
        : () => void decompress(file, { out, kernels });
    });
    return { name: ourName("files", kernels), run: repeated(() => works.forEach((work) => work())) };
  }

  peers(direction: Direction): Subject[] {
    const { zstd3, deflate, zfp, sz3 } = this.#peers, subjects: Subject[] = [];
    const add = (name: string, workOf: (table: Coded) => () => void) => {
      const works = this.#tables.map(workOf);
      subjects.push({ name, run: repeated(() => works.forEach((work) => work())) });
    };
    if (zstd3) {
      add(`${zstd3.name} on codes, without quantising`, ({ codes }) => codecOfBytes(zstd3, codes, direction));
      add(`${zstd3.name} on codes, with our quantiser`, (table) => withQuantiser(zstd3, table, direction));
    }
    add(`${deflate.name} on codes, with our quantiser`, (table) => withQuantiser(deflate, table, direction));
    if (zfp) {
      add(zfp.name, ({ values, rows, rowLength, absBound }) => {
        const shape = [rowLength, rows] as const, out = new Float32Array(values.length);
        const encoded = zfp.encode(values, shape, absBound).slice();
        return direction === "encode"
          ? () => void zfp.encode(values, shape, absBound)
          : () => zfp.decode(encoded, out, shape, absBound);
      });
    }
    const [only, ...others] = this.#tables;
    if (sz3 && others.length === 0) {
      subjects.push(...SZ3_ALGORITHMS.map((algorithm) => sz3.subject(only!, only!.absBound, algorithm, direction)));
    }
    return subjects;
  }

  /** What the speed buys. */
  addRatios(bench: Bench, name: string): void {
    const { zstd3, deflate, zfp } = this.#peers;
    const ratio = (bytesOf: (table: Coded) => Uint8Array) => {
      const sum = (each: (table: Coded) => number) => this.#tables.reduce((all, table) => all + each(table), 0);
      return sum(({ values }) => values.byteLength) / sum((table) => bytesOf(table).length);
    };
    const row = { case: name, metric: "ratio of files", value: ratio(({ file }) => file), unit: "x" };
    const others: [string, number][] = [zstd3, deflate].flatMap((codec) =>
      codec ? [[`${codec.name} on codes`, ratio(({ codes }) => codec.encode(codes))]] : []
    );
    if (zfp) {
      const encode = ({ values, rows, rowLength, absBound }: Coded) => zfp.encode(values, [rowLength, rows], absBound);
      others.push([zfp.name, ratio(encode)]);
    }
    for (const [baseline, baselineValue] of others) {
      bench.add({ ...row, baseline, baselineValue, ratio: row.value / baselineValue });
    }
  }
}

function optionsOf({ rel, rowLength }: TableBatch): CompressOptions {
  return { bound: { rel }, rowLength };
}

/** From floats to bytes and back: our range, quantiser and packing to 8 bits around a codec of bytes. */
function withQuantiser(codec: LosslessCodec, table: Coded, direction: Direction): () => void {
  const kernels = createWasmKernels() ?? createPlainKernels();
  const quantiser = new Quantiser(kernels, table, table.step, table.absBound);
  const encoded = codec.encode(quantiser.encode()).slice();
  return direction === "encode"
    ? () => void codec.encode(quantiser.encode())
    : () => quantiser.decode((packed) => codec.decode(encoded, packed));
}

function codecOfBytes(codec: LosslessCodec, codes: Uint8Array<ArrayBuffer>, direction: Direction): () => void {
  const out = new Uint8Array(codes.length), encoded = codec.encode(codes).slice();
  return direction === "encode" ? () => void codec.encode(codes) : () => void codec.decode(encoded, out);
}

function repeated(work: () => void): (repeats: number) => void {
  return (repeats) => {
    while (repeats-- > 0) work();
  };
}
