/** What is to be added to the array. */

/**
 * Offset of the factors in a record of a block: start (below 0 where the block wrapped around the array's end), address of
 * the first gradient element, number of elements, factors (sorted: none or one; fixed point: factor and scale), words of
 * signs; bit i of them negates element i.
 */
export const FACTORS: usize = 12;
