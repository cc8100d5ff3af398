import { createPlainKernels } from "../../packages/lossy-codec/src/kernels/plain.ts";
import { createWasmKernels } from "../../packages/lossy-codec/src/kernels/wasm.ts";
import { lineUp, makeChunk } from "./kernels.ts";
import { Arena } from "../../packages/lossy-codec/src/kernels/arena.ts";
import { normaliseCounts } from "../../packages/lossy-codec/src/entropy/frequencies.ts";
import { codeLengths } from "../../packages/lossy-codec/src/entropy/huffman.ts";
import { writeAnsDecode, writeAnsEncode, writeHuffmanDecode, writeHuffmanEncode } from "../../packages/lossy-codec/src/entropy/kernel_tables.ts";
import { type Kernels } from "../../packages/lossy-codec/src/kernels/kernels.ts";
import { sectionCapacity } from "../../packages/lossy-codec/src/kernels/section.ts";
const N = 65536, D = 64, R = N / D;
function cold(k: Kernels) {
  const a = new Arena(k.memory), t = (b: number) => a.take(b);
  const f64 = t(8 * N), f32 = t(4 * N), f16 = t(2 * N), codes = t(4 * N), out = t(8 * N), uniq = t(4 * R), esc = t(R), res = t(32), packed = t(4 * N), counts = t(1024), et = t(4096), dt = t(16384), het = t(1024), hdt = t(8192), cap = sectionCapacity(N, 1024, 0), sec = t(cap), hsec = t(cap), codes2 = t(4 * N), out2 = t(8 * N);
  let s = 1; const u = () => ((s = Math.imul(s, 1664525) + 1013904223 | 0) >>> 8) / 2 ** 24;
  const m = k.memory;
  for (let i = 0; i < N; i++) { const x = Math.fround((u() + u() + u() - 1.5)); m.f64[f64 / 8 + i] = x * 1.1; m.f32[f32 / 4 + i] = x; m.u16[f16 / 2 + i] = 0x3000 + (u() * 4000 | 0) | (u() < .5 ? 0x8000 : 0); m.i32[codes2 / 4 + i] = Math.round((u() + u() + u() - 1.5) * 2000); }
  for (let i = 0; i < R; i++) m.u32[uniq / 4 + i] = i;
  const f16x = t(4 * N); k.expandF16(f16, N, f16x);
  k.histogram(codes2, R, D, 0, 0, 1, 0, counts);
  const own = Float64Array.from(k.memory.u32.subarray(counts >>> 2, (counts >>> 2) + 256)), fr = normaliseCounts(own), le = codeLengths(own);
  writeAnsEncode(m, et, fr); writeAnsDecode(m, dt, fr); writeHuffmanEncode(m, het, le); writeHuffmanDecode(m, hdt, le);
  const sb = k.ansEncode(codes2, N, 1024, D, 0, 0, 0, et, sec, cap), hb = k.huffEncode(codes2, N, 1024, 0, het, hsec, cap);
  const st = 0.0078125 / 4;
  k.quantise(3, f64, uniq, R, D, st, 32767, st, codes, esc, res);
  const q: [string, () => unknown][] = [
    ["range f64", () => k.range(3, f64, N, res)],
    ["expandF16", () => k.expandF16(f16, N, out)],
    ["quantise f64", () => k.quantise(3, f64, uniq, R, D, st, 32767, st, codes, esc, res)],
    ["quantise f16", () => k.quantise(1, f16x, uniq, R, D, st, 32767, st, codes, esc, res)],
    ["dequantise f64", () => k.dequantise(3, codes, N, st, 32767, out)],
    ["dequantise f16", () => k.dequantise(1, codes, N, st, 32767, out)],
    ["roundMantissa f16", () => k.roundMantissa(1, f16x, uniq, R, D, 6, 20000, out, esc, res)],
    ["roundMantissa f32", () => k.roundMantissa(2, f32, uniq, R, D, 6, 20000, out, esc, res)],
    ["roundMantissa f64", () => k.roundMantissa(3, f64, uniq, R, D, 6, 2 ** 17, out, esc, res)],
    ["restoreMantissa f16", () => k.restoreMantissa(1, codes, N, 6, 20000, out)],
    ["restoreMantissa f32", () => k.restoreMantissa(2, codes, N, 6, 20000, out)],
    ["restoreMantissa f64", () => k.restoreMantissa(3, codes, N, 6, 2 ** 17, out)],
    ["lorenzo 1", () => k.lorenzo(out2, R, D, 1)], ["unlorenzo 1", () => k.unlorenzo(out2, R, D, 1)],
    ["lorenzo 2", () => k.lorenzo(out2, R, D, 2)], ["unlorenzo 2", () => k.unlorenzo(out2, R, D, 2)],
    ["pack", () => k.pack(codes2, N, -5000, 13, packed)], ["unpack", () => k.unpack(packed, 0, N, -5000, 13, out)],
    ["histogram hybrid", () => k.histogram(codes2, R, D, 0, 0, 1, 0, counts)],
    ["ansEncode hybrid", () => k.ansEncode(codes2, N, 1024, D, 0, 0, 0, et, sec, cap)],
    ["ansDecode hybrid", () => k.ansDecode(sec, sb, N, 0, N, 1024, D, 0, 0, 0, dt, out)],
    ["huffEncode hybrid", () => k.huffEncode(codes2, N, 1024, 0, het, hsec, cap)],
    ["huffDecode hybrid", () => k.huffDecode(hsec, hb, N, 0, N, 1024, 0, hdt, out)],
  ];
  return q;
}
const sets: [string, Kernels][] = [["plain", createPlainKernels()], ["wasm", createWasmKernels()!]];
const old = Deno.args[0];
if (old) sets.push(["old", (await import(old)).createWasmKernels()]);
const chunk = makeChunk(922), hot = sets.map(([n, k]) => [n, lineUp(k, chunk, 0.02).stages.map((x) => [x.name, x.run] as [string, () => unknown])] as const);
const coldSets = sets.map(([n]) => [n, cold(n === "plain" ? createPlainKernels() : n === "wasm" ? createWasmKernels()! : sets.find((x) => x[0] === n)![1])] as const);
function go(list: (readonly [string, [string, () => unknown][]])[], bytes: number) {
  for (let i = 0; i < list[0]![1].length; i++) {
    const best = list.map(() => Infinity);
    for (let r = 0; r < 60; r++) list.forEach(([, x], j) => { const t0 = performance.now(); x[i]![1](); x[i]![1](); best[j] = Math.min(best[j]!, (performance.now() - t0) / 2); });
    console.log(list[0]![1][i]![0].padEnd(24), best.map((b, j) => `${list[j]![0]} ${(bytes / b / 1e6).toFixed(2)}`).join("   "));
  }
}
go(hot, 4 * 2048 * 64); console.log(); go(coldSets, 4 * N);
