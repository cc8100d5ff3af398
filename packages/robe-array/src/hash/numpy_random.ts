/**
 * As much of numpy's legacy `RandomState` as the authors' code draws from: MT19937 seeded by `init_genrand`, and
 * `randint` by masked rejection.
 *
 * @module
 */

const WORDS = 624, MIDDLE = 397;

/** A generator of `RandomState(seed)`'s numbers. */
export function randomState(seed: number): { below(bound: number): number } {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) {
    const previous = state[i - 1]!;
    state[i] = Math.imul(previous ^ (previous >>> 30), 1812433253) + i;
  }
  let at = WORDS;

  function refill(): void {
    for (let i = 0; i < WORDS; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % WORDS]! & 0x7fffffff);
      state[i] = state[(i + MIDDLE) % WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  }

  function u32(): number {
    if (at === WORDS) refill();
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  return {
    below(bound) {
      const most = bound - 1, mask = 2 ** (32 - Math.clz32(most)) - 1;
      while (true) {
        const value = (u32() & mask) >>> 0;
        if (value <= most) return value;
      }
    },
  };
}
