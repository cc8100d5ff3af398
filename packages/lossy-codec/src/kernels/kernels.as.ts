// memory: private
// The loops of the codec: `Kernels` of kernels.ts without its memory. Same bits as the TypeScript kernels; state is kept nowhere.

export { ansDecode, ansEncode } from "./_ans.as";
export { dedupe } from "./_dedupe.as";
export { expandF16 } from "./_half.as";
export { columnSums, histogram, rowBuckets } from "./_histogram.as";
export { huffDecode, huffEncode } from "./_huffman.as";
export { gatherRows, lorenzo, pack, unlorenzo, unpack } from "./_integers.as";
export { restoreMantissa, roundMantissa } from "./_mantissa.as";
export { dequantise, quantise } from "./_quantise.as";
export { range } from "./_range.as";
