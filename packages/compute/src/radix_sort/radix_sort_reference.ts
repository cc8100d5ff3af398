/**
 * The definition of {@linkcode radixSort}: a stable sort by the low `bits` bits.
 *
 * @param values absent: the indices
 */
export function radixSortReference(
  keys: ArrayLike<number>,
  values?: ArrayLike<number>,
  bits = 32,
): { keys: Uint32Array; values: Uint32Array } {
  const digits = Uint32Array.from(keys, (key) => bits === 32 ? key : key % 2 ** bits);
  const order = Array.from(digits.keys()).sort((a, b) => digits[a]! - digits[b]! || a - b);
  return {
    keys: Uint32Array.from(order, (i) => keys[i]!),
    values: Uint32Array.from(order, (i) => values?.[i] ?? i),
  };
}
