// memory: private
// The loops of the codec that gain most from SIMD or from 64-bit integers: see kernels.ts, and wasm.ts for what is left to
// TypeScript. Same bits as there; state is kept nowhere. The module goes to web pages: its size counts, so only the innermost
// helpers are inlined.

export { ansDecodeGroups, ansEncodeGroups } from "./_ans.as";
export { dedupe } from "./_dedupe.as";
export { expandF16 } from "./_half.as";
export { columnSums, histogram, rowBuckets } from "./_histogram.as";
export { huffDecodeFour, huffEncodeGroup } from "./_huffman.as";
export { gatherRows, pack, unpack } from "./_integers.as";
export { dequantise, quantise } from "./_quantise.as";
export { range } from "./_range.as";
