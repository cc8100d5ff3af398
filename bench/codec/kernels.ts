/**
 * Speed of the codec's kernels, one by one: `deno run -A bench/codec/kernels.ts [--quick] [--json file]`
 *
 * A chunk of 2048 rows of 64 float32, as an embedding lookup gives it: 45 % of its rows distinct, or all. Every figure is in GB/s
 * of the chunk's float32 bytes, also where a kernel works on distinct rows only; so the times of a line-up add up, and `all of
 * encode` and `all of decode` are its sums. Each in WebAssembly against TypeScript.
 *
 * @module
 */
import { normaliseCounts } from "../../packages/lossy-codec/src/entropy/frequencies.ts";
import { codeLengths } from "../../packages/lossy-codec/src/entropy/huffman.ts";
import {
  writeAnsDecode,
  writeAnsEncode,
  writeHuffmanDecode,
  writeHuffmanEncode,
} from "../../packages/lossy-codec/src/entropy/kernel_tables.ts";
import { columnLevels } from "../../packages/lossy-codec/src/entropy/scales.ts";
import { Arena } from "../../packages/lossy-codec/src/kernels/arena.ts";
import { DIRECT, F32, type Kernels } from "../../packages/lossy-codec/src/kernels/kernels.ts";
import { createPlainKernels } from "../../packages/lossy-codec/src/kernels/plain.ts";
import { groupSymbolsFor, sectionCapacity } from "../../packages/lossy-codec/src/kernels/section.ts";
import { createWasmKernels } from "../../packages/lossy-codec/src/kernels/wasm.ts";
import { type Bench, gigabytes, runBench, type Subject } from "../harness.ts";

const ROWS = 2048, D = 64, COUNT = ROWS * D, BYTES = 4 * COUNT;
const ROW_CLASSES = 4, LEVELS = 4;

/** Rows of different scale, `distinct` of them, each occurring at random. */
export function makeChunk(distinct: number): Float32Array<ArrayBuffer> {
  let state = 1;
  const uniform = (): number => ((state = Math.imul(state, 1664525) + 1013904223 | 0) >>> 8) / 2 ** 24;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const columns = Float32Array.from({ length: D }, () => Math.exp(0.4 * normal()));
  const table = Array.from({ length: distinct }, () => {
    const scale = Math.exp(0.7 * normal());
    return Float32Array.from({ length: D }, (_, j) => scale * columns[j]! * normal());
  });
  const chunk = new Float32Array(COUNT);
  for (let r = 0; r < ROWS; r++) {
    const row = distinct === ROWS ? r : r < distinct ? r : Math.floor(uniform() ** 2 * distinct);
    chunk.set(table[row]!, r * D);
  }
  return chunk;
}

export interface Stage {
  readonly name: string;
  readonly line: "encode" | "decode" | "other";
  readonly run: () => unknown;
}

export interface LineUp {
  readonly stages: readonly Stage[];
  readonly bitsPerValue: Record<"rANS" | "Huffman", number>;
}

/** Takes a chunk through the kernels once, so that each has what it works on, and gives their calls. */
export function lineUp(kernels: Kernels, chunk: Float32Array, relativeBound: number): LineUp {
  const arena = new Arena(kernels.memory), { memory } = kernels;
  const take = (bytes: number): number => arena.take(bytes);
  const src = take(BYTES), values = take(BYTES), dict = take(BYTES), codes = take(BYTES), decoded = take(BYTES);
  const table = take(4 * 4096), map = take(4 * ROWS), unique = take(4 * ROWS), codeMap = take(4 * ROWS);
  const codeRows = take(4 * ROWS), escapes = take(ROWS), result = take(32), buckets = take(ROWS), sums = take(4 * D);
  const columns = take(D), counts = take(1024 * ROW_CLASSES * LEVELS);
  const ansTables = take(4096 * ROW_CLASSES * LEVELS), ansSlots = take(16384 * ROW_CLASSES * LEVELS);
  const capacity = sectionCapacity(COUNT, groupSymbolsFor(D, COUNT), DIRECT);
  const ansTable1 = take(4096), ansSlots1 = take(16384), ans1 = take(capacity);
  const huffTable = take(1024), huffSlots = take(8192);
  const ans = take(capacity), huff = take(capacity), packed = take(BYTES);
  memory.f32.set(chunk, src >>> 2);

  kernels.range(F32, src, COUNT, result);
  const [low, high] = memory.f64.subarray(result >>> 3, (result >>> 3) + 2);
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, 2 * relativeBound * (high! - low!));
  bits.setUint32(0, bits.getUint32(0) & 0xffff0000); // 8 significant bits
  const step = bits.getFloat32(0);

  const n = kernels.dedupe(src, D, ROWS, 1, table, 12, map, unique), count = n * D;
  const group = groupSymbolsFor(D, count);
  const quantise = () => kernels.quantise(F32, src, unique, n, D, step, 32767, step, codes, escapes, result);
  quantise();
  kernels.rowBuckets(codes, n, D, buckets);
  kernels.columnSums(codes, n, D, sums);
  memory.u8.set(columnLevels(memory.u32.slice(sums >>> 2, (sums >>> 2) + D)), columns);
  // Classes of rows: quarters by scale.
  const scales = memory.u8.subarray(buckets, buckets + n),
    order = [...scales.keys()].sort((a, b) => scales[a]! - scales[b]!);
  order.forEach((row, rank) => scales[row] = Math.floor(rank * ROW_CLASSES / n) * LEVELS);
  const classCount = ROW_CLASSES * LEVELS;
  const count256 = () => kernels.histogram(codes, n, D, buckets, columns, classCount, DIRECT, counts);
  count256();
  const all = new Float64Array(256);
  for (let k = 0; k < classCount; k++) {
    const own = Float64Array.from(memory.u32.subarray((counts >>> 2) + 256 * k, (counts >>> 2) + 256 * (k + 1)));
    own.forEach((c, t) => all[t]! += c);
    const frequencies = normaliseCounts(own);
    writeAnsEncode(memory, ansTables + 4096 * k, frequencies);
    writeAnsDecode(memory, ansSlots + 16384 * k, frequencies);
  }
  const lengths = codeLengths(all), frequencies = normaliseCounts(all);
  writeAnsEncode(memory, ansTable1, frequencies);
  writeAnsDecode(memory, ansSlots1, frequencies);
  writeHuffmanEncode(memory, huffTable, lengths);
  writeHuffmanDecode(memory, huffSlots, lengths);
  const greatest = memory.i32.subarray(codes >>> 2, (codes >>> 2) + count).reduce(
    (a, q) => Math.max(a, Math.abs(q)),
    0,
  );
  const width = 33 - Math.clz32(greatest);
  const ansEncode = () => kernels.ansEncode(codes, count, group, D, buckets, columns, DIRECT, ansTables, ans, capacity);
  const huffEncode = () => kernels.huffEncode(codes, count, group, DIRECT, huffTable, huff, capacity);
  const pack = () => kernels.pack(codes, count, -greatest, width, packed);
  const ansEncode1 = () => kernels.ansEncode(codes, count, group, D, 0, 0, DIRECT, ansTable1, ans1, capacity);
  const ans1Bytes = ansEncode1();
  const ansBytes = ansEncode(), huffBytes = huffEncode();
  pack();
  const gathered = n < ROWS;
  const stages: Stage[] = [
    { name: "range", line: "encode", run: () => kernels.range(F32, src, COUNT, result) },
    { name: "dedupe", line: "encode", run: () => kernels.dedupe(src, D, ROWS, 1, table, 12, map, unique) },
    { name: "quantise", line: "encode", run: quantise },
    {
      name: "dedupe of codes",
      line: "encode",
      run: () => kernels.dedupe(codes, D, n, 1, table, 12, codeMap, codeRows),
    },
    // Its result would replace the classes.
    { name: "rowBuckets", line: "encode", run: () => kernels.rowBuckets(codes, n, D, codeRows) },
    { name: "columnSums", line: "encode", run: () => kernels.columnSums(codes, n, D, sums) },
    { name: "histogram, 16 classes", line: "encode", run: count256 },
    { name: "ansEncode, 16 classes", line: "encode", run: ansEncode },
    { name: "histogram, 1 class", line: "other", run: () => kernels.histogram(codes, n, D, 0, 0, 1, DIRECT, counts) },
    { name: "ansEncode, 1 class", line: "other", run: ansEncode1 },
    {
      name: "ansDecode, 1 class",
      line: "other",
      run: () => kernels.ansDecode(ans1, ans1Bytes, count, 0, count, group, D, 0, 0, DIRECT, ansSlots1, decoded),
    },
    { name: "huffEncode", line: "other", run: huffEncode },
    { name: "pack", line: "other", run: pack },
    {
      name: "ansDecode, 16 classes",
      line: "decode",
      run: () =>
        kernels.ansDecode(ans, ansBytes, count, 0, count, group, D, buckets, columns, DIRECT, ansSlots, decoded),
    },
    { name: "dequantise", line: "decode", run: () => kernels.dequantise(F32, decoded, count, step, 32767, dict) },
    ...(gathered
      ? [{ name: "gatherRows", line: "decode", run: () => kernels.gatherRows(dict, 4 * D, map, ROWS, values) } as const]
      : []),
    {
      name: "huffDecode",
      line: "other",
      run: () => kernels.huffDecode(huff, huffBytes, count, 0, count, group, DIRECT, huffSlots, decoded),
    },
    { name: "unpack", line: "other", run: () => kernels.unpack(packed, 0, count, -greatest, width, decoded) },
    {
      name: "lorenzo, both ways",
      line: "other",
      run: () => (kernels.lorenzo(decoded, n, D, 2), kernels.unlorenzo(decoded, n, D, 2)),
    },
  ];
  return { stages, bitsPerValue: { rANS: 8 * ansBytes / count, Huffman: 8 * huffBytes / count } };
}

function subject(name: string, stages: readonly Stage[]): Subject {
  return {
    name,
    run: (repeats) => {
      while (repeats-- > 0) for (const { run } of stages) run();
    },
  };
}

/** Times every kernel, and the sums of both directions. */
export async function benchKernels(bench: Bench): Promise<void> {
  for (const percent of [45, 100]) {
    const chunk = makeChunk(Math.round(ROWS * percent / 100)), bound = 0.02;
    const ours = lineUp(createWasmKernels()!, chunk, bound), plain = lineUp(createPlainKernels(), chunk, bound);
    const shape = `${ROWS}x${D} f32, ${percent} % distinct rows, 1 core`;
    for (const [coder, value] of Object.entries(ours.bitsPerValue)) {
      bench.add({ case: `${coder}, ${shape}`, metric: "size", value, unit: "bit/code" });
    }
    const compare = (name: string, chosen: (stage: Stage) => boolean): Promise<void> =>
      bench.compare({
        case: `${name}, ${shape}`,
        ours: subject("WebAssembly", ours.stages.filter(chosen)),
        baselines: [subject("TypeScript", plain.stages.filter(chosen))],
        measure: gigabytes(BYTES),
      });
    for (const { name } of ours.stages) await compare(name, (stage) => stage.name === name);
    for (const line of ["encode", "decode"] as const) await compare(`all of ${line}`, (stage) => stage.line === line);
  }
}

if (import.meta.main) await runBench("codec-kernels", benchKernels);
