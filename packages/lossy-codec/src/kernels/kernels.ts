/**
 * The loops of the codec behind one interface. A TypeScript and a WebAssembly implementation give the same bits for the same
 * input; which of them runs never shows in a stream.
 *
 * Kernels work in one memory. Every array is given by its byte offset there, a multiple of 16, and its length; arrays of one
 * call do not overlap unless said so. The caller reserves the memory first. Kernels read and write nothing outside the
 * arrays given, whatever those contain. All is little endian. What lies within a chunk's bytes begins at a multiple of 4 only:
 * `src` and `dst` of `pack`, `unpack`, `gatherRows` and the entropy coders.
 *
 * @module
 */

/** The element types, by their number on the wire. */
export const F16 = 1, F32 = 2, F64 = 3;
/** 1 f16, 2 f32, 3 f64. */
export type DtypeId = 1 | 2 | 3;

/** `form` of symbol sequences, bit 0: tokens are the values themselves, all below 256. Otherwise they are hybrid. */
export const DIRECT = 1;
/** `form` of symbol sequences, bit 1: values are u32 as they are. Otherwise i32, zigzag-coded. */
export const UNSIGNED = 2;

/** The memory that kernels work in. */
export interface KernelMemory {
  /** View of the whole memory; replaced when the memory grows, so do not keep it across `reserve`. */
  readonly u8: Uint8Array<ArrayBuffer>;
  /** As `u8`. */
  readonly u16: Uint16Array<ArrayBuffer>;
  /** As `u8`. */
  readonly u32: Uint32Array<ArrayBuffer>;
  /** As `u8`. */
  readonly i32: Int32Array<ArrayBuffer>;
  /** As `u8`. */
  readonly f32: Float32Array<ArrayBuffer>;
  /** As `u8`. */
  readonly f64: Float64Array<ArrayBuffer>;
  /**
   * Makes the memory at least this long; contents stay.
   *
   * @throws {RangeError} The host refuses that much memory.
   */
  reserve(bytes: number): void;
}

/**
 * What an implementation provides. In the comments `n` and `d` are rows and elements per row; `z` is the zigzag code
 * `(q << 1) ^ (q >> 31)` as u32; hybrid tokens are `z` below 64, else `64 + (e - 6) * 4 + m` with `e = floor(log2 z)` and `m`
 * the two bits below the leading one, followed by the `e - 2` low bits of `z`.
 */
export interface Kernels {
  /** Which implementation this is. */
  readonly name: "plain" | "wasm";
  /** The memory of this instance. */
  readonly memory: KernelMemory;

  /** f16 bit patterns (u16) at `src` to f32 at `dst`, exactly and one to one: NaN payloads too. */
  expandF16(src: number, count: number, dst: number): void;

  /**
   * f64 `result[4]` of the `n` rows of `src` that u32[n] at `list` names, or of the first `n` where `list` is 0: least and
   * greatest finite value (+Infinity and -Infinity where there is none), number of values not finite, greatest finite
   * magnitude. -0 counts as 0, and a zero is reported as +0. For f16 `src` holds the expanded f32.
   */
  range(dtype: DtypeId, src: number, list: number, n: number, d: number, result: number): void;

  /**
   * Finds rows that are equal word by word. Unique rows are numbered in order of their first occurrence:
   * `rowToUnique` u32[rows] gets the number of each row's unique row, `uniqueRows` u32[rows] the row that each unique row
   * is. `table` is scratch of u32[2^tableBits], 2^tableBits >= 2 rows, and is cleared here.
   *
   * Hash of a row, four lanes that begin as `seed, seed + 1, seed + 2, seed + 3`: word `i` goes into lane `i mod 4` by
   * `lane = imul(rotl(lane, 5) ^ word, 0x9E3779B1)`. Then `hash = lane0; for each of lanes 1, 2, 3: hash = imul(rotl(hash, 5) ^
   * lane, 0x9E3779B1)` and `hash ^= hash >>> 15; hash = imul(hash, 0x85EBCA77)`. The first slot is `hash >>> (32 - tableBits)`,
   * then come the following ones, circularly. A slot holds number + 1 of
   * a unique row, or 0. After 64 occupied slots that do not match a row counts as new and is not entered, so that crafted
   * collisions cost linear time.
   *
   * @returns Number of unique rows.
   */
  dedupe(
    src: number,
    rowWords: number,
    rows: number,
    seed: number,
    table: number,
    tableBits: number,
    rowToUnique: number,
    uniqueRows: number,
  ): number;

  /**
   * Quantises the `n` rows of `src` (rows of `d` f32, or f64) that `uniqueRows` u32[n] lists: `codes` i32[n d] gets
   * `q = x / step` rounded to nearest, ties to even, so that `x^ = q step` is exact in the arithmetic of the dtype (f16: f32
   * arithmetic, then x^ is rounded to the nearest f16, ties to even).
   *
   * A row escapes, `escapes` u8[n] = 1 and its codes all 0, if a value is not finite, has |q| > maxCode or a (|q| + 1) step that
   * overflows the arithmetic, or |x - x^| > errorBound; other rows get 0 there. `errorBound` is a value of the dtype (f16: of f32). `step` is normal, with
   * so few significant bits that `q step` is exact for |q| <= maxCode + 1; f16 and f32: maxCode < 2^20.
   *
   * f64 `result[4]` over the rows not escaped: greatest |x - x^| (0 if there are none), number of rows escaped (over all),
   * least code, greatest code (both 0 if there are none).
   */
  quantise(
    dtype: DtypeId,
    src: number,
    uniqueRows: number,
    n: number,
    d: number,
    step: number,
    maxCode: number,
    errorBound: number,
    codes: number,
    escapes: number,
    result: number,
  ): void;

  /**
   * `dst` gets `q step` in the dtype (u16 bit patterns for f16) for i32 `codes[count]`; 0 decodes as +0. For f32 `dst` may be
   * `codes`.
   *
   * @returns 0, or 1 if some |q| > maxCode; `dst` is then of no use.
   */
  dequantise(dtype: DtypeId, codes: number, count: number, step: number, maxCode: number, dst: number): number;

  /**
   * The relative quantiser. With `s = M - keepBits` (M = 23, and 52 for f64) and the bit pattern of |x|:
   * `magnitude = (bits + 2^(s-1)) >> s` (no rounding for s = 0), `q = top + 1 - magnitude` with the sign of x, and q = 0 for
   * x = 0. A row escapes as in `quantise` if a value is not finite, rounds to infinity, is subnormal and not exact under the
   * rounding (f16: x^ is not exactly an f16), or has magnitude > top or |q| > 2^31 - 1. `top` is a whole number below 2^53.
   * `result` as in `quantise`.
   */
  roundMantissa(
    dtype: DtypeId,
    src: number,
    uniqueRows: number,
    n: number,
    d: number,
    keepBits: number,
    top: number,
    codes: number,
    escapes: number,
    result: number,
  ): void;

  /**
   * Inverts `roundMantissa` into `dst` in the dtype. For f32 `dst` may be `codes`.
   *
   * @returns 0, or 1 if some |q| > top (a magnitude below 1); `dst` is then of no use.
   */
  restoreMantissa(dtype: DtypeId, codes: number, count: number, keepBits: number, top: number, dst: number): number;

  /**
   * Integer Lorenzo residuals, in place and modulo 2^32, of i32 `codes[rows d]`. Order 1: difference to the element before,
   * over all rows as one sequence. Order 2: `q[i][j] - q[i-1][j] - q[i][j-1] + q[i-1][j-1]`, absent neighbours being 0.
   */
  lorenzo(codes: number, rows: number, d: number, order: 1 | 2): void;
  /** Inverts `lorenzo` in place. */
  unlorenzo(codes: number, rows: number, d: number, order: 1 | 2): void;

  /**
   * Writes `values[i] - min` (u32, modulo 2^32) of `bits` 0..32 bits each, least significant bit first, from bit 0 of `dst` on;
   * fills the last u32 with zeros. Values lie in [min, min + 2^bits).
   */
  pack(values: number, count: number, min: number, bits: number, dst: number): void;
  /** Reads `count` values from value number `first` on: `values[i] = field[first + i] + min`, modulo 2^32. */
  unpack(src: number, first: number, count: number, min: number, bits: number, values: number): void;

  /** Row `r` of `dst` = row `rowToUnique[r]` of `dict`, for rows of `rowBytes` bytes; `rowToUnique` u32[rows] is valid. */
  gatherRows(dict: number, rowBytes: number, rowToUnique: number, rows: number, dst: number): void;

  /**
   * Half-octave of the mean |q| of each row, d being at most 2^25: with `S` the sum of `min(|q|, 2^24)` and `t = floor(16 S / d)`, `buckets` u8[rows]
   * gets 0 for t = 0, else `min(63, 1 + 2 floor(log2 t) + b)`, b the bit below the leading one of t (0 for t = 1).
   */
  rowBuckets(codes: number, rows: number, d: number, buckets: number): void;

  /** u32 `sums[d]` gets the sum of min(|q|, 65535) of each column of at most 65,536 rows. */
  columnSums(codes: number, rows: number, d: number, sums: number): void;

  /**
   * Counts tokens: u32 `counts[classCount * 256]`, cleared here; at most 40 classes. A symbol in row r and column j has class
   * `classes[r] + columns[j]`, below classCount: u8 `classes[rows]` and u8 `columns[d]`, either of which may be 0 (no array:
   * 0 throughout).
   */
  histogram(
    codes: number,
    rows: number,
    d: number,
    classes: number,
    columns: number,
    classCount: number,
    form: number,
    counts: number,
  ): void;

  /**
   * rANS over groups of `groupSymbols` symbols. Symbol `i` has class `classes[floor(i / rowLength)] + columns[i % rowLength]`,
   * at most 16 of them: u8 arrays as in `histogram`.
   *
   * Section: u16 least number of words of any group | u8 width 0, 1 or 2 (the least that will do) | u8 0 | what each group
   * has above the least, `width` bytes each | zeros up to 4 bytes | the groups' u16 words, back to back | zeros up to 4 bytes.
   * No symbols: no bytes.
   *
   * State: 32 bits, renormalised by 16; frequencies sum to 4096, each at most 4095. The encoder walks a group backwards from
   * state 0. Token of frequency f and cumulated frequency c: if `x >= f << 20` it emits the low word and `x >>>= 16`; then
   * `x = floor(x / f) * 4096 + x % f + c`. Decoding: `s = x & 4095`, `x = f * (x >>> 12) + s - c`, then if `x < 2^16` and the
   * group has words left `x = x << 16 | word`. (A state that begins at 0 instead of 2^16 costs 16 bits less per group; it stays
   * below 2^16 only until the encoder emits its first word, which is when the decoder has none left.) Raw bits go in pieces of
   * at most 16, the low piece first when decoding: `bits = x & (2^n - 1)`, `x >>>= n`, refill as above; the encoder emits a word
   * if `x >= 2^(32-n)`, then `x = x << n | bits`. In decoding order: token, then its raw bits. Words of a group: high word of
   * the state, low word, then words in reading order.
   *
   * `encodeTables`: per class 256 entries of 16 bytes, by token: u32 `4096 - f` | u32 c | f64 `1 / f`, so that
   * `x = x + floor(x / f) * (4096 - f) + c`. Tokens of frequency 0, whose fields may be anything, must not occur; if they do, the words are
   * of no use, but are no more than `capacity` allows.
   *
   * `dst[capacity]` is scratch throughout, so that loops need not look whether they fit: `capacity` is at least
   * `sectionCapacity` of `src/kernels/section.ts`.
   *
   * @returns Bytes written, or -1 if `capacity` is less than it has to be.
   */
  ansEncode(
    codes: number,
    count: number,
    groupSymbols: number,
    rowLength: number,
    classes: number,
    columns: number,
    form: number,
    encodeTables: number,
    dst: number,
    capacity: number,
  ): number;

  /**
   * Decodes symbols `first .. first + count` of a sequence of `total`; `first` is a multiple of `groupSymbols`, and
   * `first + count` too or else `total`. `codes[0]` gets symbol `first`. What lies outside `src[srcBytes]` (a multiple of 4)
   * has no influence (at least 16 bytes of memory follow it), and nothing is written outside `codes[count]`. `classes` is of
   * the whole sequence.
   *
   * `decodeTables`: per class u32[4096] by slot: token | f << 8 | (slot - c) << 20.
   *
   * @returns 0, or a number greater than 0 if the section contradicts itself: its counts and `srcBytes` differ, or
   *          a group has words left or does not end at state 0.
   */
  ansDecode(
    src: number,
    srcBytes: number,
    total: number,
    first: number,
    count: number,
    groupSymbols: number,
    rowLength: number,
    classes: number,
    columns: number,
    form: number,
    decodeTables: number,
    codes: number,
  ): number;

  /**
   * Canonical Huffman over groups, laid out as in `ansEncode`: codes of at most 12 bits, least significant bit first, each
   * followed by the raw bits of its token; a group is padded with zeros to whole u16 words. `capacity` as in `ansEncode`.
   *
   * `encodeTable`: u32[256] by token: bit-reversed code | length << 16; all zero for the only token of a sequence.
   *
   * @returns Bytes written, or -1 if `capacity` is less than it has to be.
   */
  huffEncode(
    codes: number,
    count: number,
    groupSymbols: number,
    form: number,
    encodeTable: number,
    dst: number,
    capacity: number,
  ): number;

  /**
   * As `ansDecode`. `decodeTable`: u16[4096] by the next 12 bits: token | length << 8. Every slot holds a token: codes are
   * complete, but for the one of length 0 of an only token.
   *
   * @returns 0, or a number greater than 0 if the section contradicts itself.
   */
  huffDecode(
    src: number,
    srcBytes: number,
    total: number,
    first: number,
    count: number,
    groupSymbols: number,
    form: number,
    decodeTable: number,
    codes: number,
  ): number;
}
