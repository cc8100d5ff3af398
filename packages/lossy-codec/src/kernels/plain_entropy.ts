/**
 * The entropy coding of the TypeScript kernels. Each function takes the memory, then what its namesake in `Kernels` takes.
 *
 * @module
 */
export { ansDecode, ansEncode } from "./plain_ans.ts";
export { columnSums, histogram, rowBuckets } from "./plain_histogram.ts";
export { huffDecode, huffEncode } from "./plain_huffman.ts";
