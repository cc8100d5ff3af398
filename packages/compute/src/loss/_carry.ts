/** Multiples of this are carried from the first to the second element of a running loss. */
export const LOSS_CARRY = 4096;
