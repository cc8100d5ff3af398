/*
 * Native peer of `deno task bench:robe`: look-ups in a full table and in a ROBE array, single ids, f32 out. The bench
 * compiles it where a C compiler is installed and calls it on the same memory as its own kernels.
 *
 * ROBE is the same algorithm as robe-array's on the CPU: per chunk of rows first all block starts and sign words, then
 * the copies. `ahead` > 0 adds what WebAssembly lacks, a prefetch instruction that many rows ahead.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __F16C__
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
/* Rows per chunk: their starts and sign words stay in the first-level cache. */
#define CHUNK 128
#define MAX_DIM 128
#define LINE 64

int lookup_threads(void) {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/* Brings in the lines of a row. */
INLINE void prefetch(const char *from, size_t bytes) {
  const char *end = from + bytes;
  for (; from < end; from += LINE) __builtin_prefetch(from, 0, 3);
  __builtin_prefetch(end - 1, 0, 3);
}

/* ---- full table ---- */

INLINE void full_rows(const float *table, const uint32_t *ids, size_t first, size_t end, size_t dim, float *out,
                      size_t ahead) {
  for (size_t i = first; i < end; i++) {
    if (ahead && i + ahead < end) {
      const char *next = (const char *)(table + (size_t)ids[i + ahead] * dim);
      for (size_t at = 0; at < 4 * dim; at += LINE) __builtin_prefetch(next + at, 0, 3);
    }
    const float *row = table + (size_t)ids[i] * dim;
    float *to = out + i * dim;
    for (size_t j = 0; j < dim; j++) to[j] = row[j];
  }
}

/* What does one thread: a constant dim and a constant choice of prefetch let the compiler unroll. */
INLINE void full_part(const float *table, const uint32_t *ids, size_t first, size_t end, size_t dim, float *out,
                      size_t ahead) {
  if (dim == 128) full_rows(table, ids, first, end, 128, out, ahead);
  else if (dim == 16) full_rows(table, ids, first, end, 16, out, ahead);
  else full_rows(table, ids, first, end, dim, out, ahead);
}

void full_plain(const float *table, const uint32_t *ids, size_t rows, size_t dim, float *out, int threads) {
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int part = 0; part < threads; part++) {
    full_part(table, ids, rows * part / threads, rows * (part + 1) / threads, dim, out, 0);
  }
}

void full_prefetch(const float *table, const uint32_t *ids, size_t rows, size_t dim, float *out, size_t ahead,
                   int threads) {
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int part = 0; part < threads; part++) {
    full_part(table, ids, rows * part / threads, rows * (part + 1) / threads, dim, out, ahead);
  }
}

/* ---- ROBE ---- */

INLINE uint32_t mix(uint32_t h) {
  h = (h ^ h >> 16) * 0x7feb352du;
  h = (h ^ h >> 15) * 0x846ca68bu;
  return h ^ h >> 16;
}

/* What a look-up needs to know; the bench fills it as an array of 64-bit words. */
typedef struct {
  uint64_t array, ids, out;  /* addresses */
  uint64_t rows, dim;        /* of this call; elements per row */
  uint64_t size, block, align, sign, half;
  uint64_t a, b, last;       /* hash constants of the table, its last id */
  uint64_t ahead, threads;
} robe_job;

/* value mod modulus by a multiplication: the quotient is right or one too small (modulus < 2^31). */
INLINE uint32_t reduce(uint32_t value, uint32_t modulus, uint32_t reciprocal) {
  uint32_t rest = value - (uint32_t)((uint64_t)value * reciprocal >> 32) * modulus;
  uint32_t less = rest - modulus;
  return rest < less ? rest : less;
}

INLINE uint32_t widen(uint16_t h) {
#ifdef __F16C__
  const float f = _cvtsh_ss(h);
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits;
#else
  const uint32_t magnitude = h & 0x7fff, negative = (uint32_t)(h & 0x8000) << 16;
  if (magnitude >= 0x7c00) return negative | 0x7f800000u | (magnitude & 0x3ff) << 13;
  if (magnitude >= 0x400) return negative | ((magnitude << 13) + 0x38000000u);
  const float f = (float)magnitude * 0x1p-24f;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return negative | bits;
#endif
}

/* The bits of `count` elements as f32. */
INLINE void load_bits(const void *array, size_t at, uint32_t *bits, size_t count, int half) {
  if (!half) {
    memcpy(bits, (const uint32_t *)array + at, 4 * count);
    return;
  }
  const uint16_t *from = (const uint16_t *)array + at;
  size_t i = 0;
#ifdef __F16C__
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps((float *)(bits + i), _mm256_cvtph_ps(_mm_loadu_si128((const void *)(from + i))));
  }
#endif
  for (; i < count; i++) bits[i] = widen(from[i]);
}

/* 32 sign bits from `position` on; words of a row lie CHUNK apart. */
INLINE uint32_t signs_from(const uint32_t *signs, size_t position, size_t length) {
  const size_t bit = position & 31;
  uint32_t word = signs[(position >> 5) * CHUNK] >> bit;
  if (bit && length > 32 - bit) word |= signs[((position >> 5) + 1) * CHUNK] << (32 - bit);
  return word;
}

/* Vectors of the compilers (GCC, Clang), cut down to what the processor has. */
typedef uint32_t lanes16 __attribute__((vector_size(64)));
typedef uint32_t lanes8 __attribute__((vector_size(32)));
static const lanes16 LANES16 = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const lanes8 LANES8 = {0, 1, 2, 3, 4, 5, 6, 7};

#define COPY(N)                                                                                                       \
  for (; j + N <= length; j += N) {                                                                                   \
    lanes##N bits;                                                                                                    \
    load_bits(array, from + j, (uint32_t *)&bits, N, half);                                                           \
    if (sign) bits ^= (signs_from(signs, position + j, N) >> LANES##N) << 31;                                         \
    memcpy(to + j, &bits, sizeof bits);                                                                               \
  }

/* Copies `length` elements from slot `from` on, which lie in one piece; `position` counts from the start of the row. */
INLINE void copy_piece(const void *array, size_t from, uint32_t *to, size_t length, const uint32_t *signs,
                       size_t position, int sign, int half) {
  if (length > MAX_DIM) __builtin_unreachable();
  size_t j = 0;
  COPY(16)
  COPY(8)
  for (; j < length; j++) {
    uint32_t bits;
    load_bits(array, from + j, &bits, 1, half);
    to[j] = bits ^ (sign ? signs_from(signs, position + j, 1) << 31 : 0);
  }
}

/* One chunk. dim, block, sign and half are constants where the caller's are. */
INLINE void robe_chunk(const robe_job *job, size_t first, size_t count, size_t dim, size_t block, int sign, int half) {
  const void *array = (const void *)(uintptr_t)job->array;
  const uint32_t *ids = (const uint32_t *)(uintptr_t)job->ids + first;
  uint32_t *out = (uint32_t *)(uintptr_t)job->out + first * dim;
  const size_t size = job->size, blocks = (dim + block - 1) / block, per_block = block / dim > 1 ? block / dim : 1;
  const size_t words = ((per_block > 1 ? block : dim) + 31) / 32, ahead = job->ahead;
  const uint32_t modulus = (uint32_t)(size / job->align), align = (uint32_t)job->align;
  const uint32_t reciprocal = modulus == 1 ? 0xffffffffu : (uint32_t)(0x100000000u / modulus);
  const uint32_t a = (uint32_t)job->a, b = (uint32_t)job->b;
  uint32_t keys[CHUNK], starts[CHUNK * MAX_DIM], signs[CHUNK * (MAX_DIM / 32 + 1)];
  for (size_t i = 0; i < count; i++) keys[i] = mix((uint32_t)(ids[i] / per_block) * a + b);
  for (size_t k = 0; k < blocks; k++) {
    const uint32_t step = (uint32_t)k * 0x9e3779b1u;
    for (size_t i = 0; i < count; i++) {
      starts[k * CHUNK + i] = align * reduce(mix(keys[i] + step), modulus, reciprocal);
    }
  }
  for (size_t w = 0; sign && w < words; w++) {
    const uint32_t step = (uint32_t)w * 0xc2b2ae35u + 0x5bd1e995u;
    for (size_t i = 0; i < count; i++) signs[w * CHUNK + i] = mix(keys[i] ^ step);
  }
  const size_t bytes = half ? 2 : 4;
  for (size_t i = 0; i < count; i++) {
    if (ahead && i + ahead < count) {
      for (size_t k = 0; k < blocks; k++) {
        const size_t in_block = per_block > 1 ? ids[i + ahead] % per_block * dim : 0;
        prefetch((const char *)array + (starts[k * CHUNK + i + ahead] + in_block) * bytes,
                 (block < dim ? block : dim) * bytes);
      }
    }
    uint32_t *to = out + i * dim;
    if (ids[i] > job->last) {
      memset(to, 0, 4 * dim);
      continue;
    }
    const size_t in_block = per_block > 1 ? ids[i] % per_block * dim : 0;
    for (size_t k = 0; k < blocks; k++) {
      const size_t done = k * block, length = dim - done < block ? dim - done : block;
      const uint32_t *row_signs = signs + i;
      size_t from = starts[k * CHUNK + i] + in_block;
      if (from >= size) from -= size;
      if (__builtin_expect(from + length <= size, 1)) {
        copy_piece(array, from, to + done, length, row_signs, done + in_block, sign, half);
      } else { /* round the end of the array */
        const size_t head = size - from;
        copy_piece(array, from, to + done, head, row_signs, done + in_block, sign, half);
        copy_piece(array, 0, to + done + head, length - head, row_signs, done + in_block + head, sign, half);
      }
    }
  }
}

#define CASE(D, Z)                                                                                                   \
  if (dim == D && block == Z && job->sign && !job->half) {                                                           \
    robe_chunk(job, first, count, D, Z, 1, 0);                                                                       \
    return;                                                                                                          \
  }                                                                                                                  \
  if (dim == D && block == Z && job->sign && job->half) {                                                            \
    robe_chunk(job, first, count, D, Z, 1, 1);                                                                       \
    return;                                                                                                          \
  }

/* The sizes that the bench reports are compiled for; others go the general way. */
static void robe_chunk_of(const robe_job *job, size_t first, size_t count) {
  const size_t dim = job->dim, block = job->block;
  CASE(128, 1) CASE(128, 8) CASE(128, 16) CASE(128, 32) CASE(128, 128)
  CASE(16, 1) CASE(16, 8) CASE(16, 16) CASE(16, 32) CASE(16, 128)
  robe_chunk(job, first, count, dim, block, (int)job->sign, (int)job->half);
}

/* Looks up job->rows rows; dim at most 128. */
void robe(const robe_job *job) {
  const long chunks = (long)((job->rows + CHUNK - 1) / CHUNK);
#pragma omp parallel for schedule(static) num_threads((int)job->threads) if (job->threads > 1)
  for (long chunk = 0; chunk < chunks; chunk++) {
    const size_t first = (size_t)chunk * CHUNK, left = job->rows - first;
    robe_chunk_of(job, first, left < CHUNK ? left : CHUNK);
  }
}
