/// BF16: the upper halves of floats, rounded to the nearest, ties to even.
///
/// Products of the processor's AVX512_BF16 take pairs: a 32-bit word holds two neighbours along the
/// sum, the first in its lower half, and each step adds both products to a Float32 sum. Words are
/// passed around as floats that nobody calculates with. The instructions take denormals as zeros.
#ifndef DQ_BFLOAT16_H
#define DQ_BFLOAT16_H

#include "clones.h"
#include "lanes.h"

#if defined(__x86_64__)
#define DQ_HAS_BFLOAT16 1
#include <immintrin.h>

#define DQ_BFLOAT16_TARGET \
  __attribute__((target("arch=x86-64-v4,avx512bf16"), min_vector_width(512)))

/// The words of 32 floats that follow each other.
DQ_BFLOAT16_TARGET DQ_INLINE dq_lanes dq_neighbour_pairs(const float *from) {
  return (dq_lanes)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from));
}

/// The words of sixteen floats of a row and those below them in the next.
DQ_BFLOAT16_TARGET DQ_INLINE dq_lanes dq_row_pairs(const float *row, const float *next) {
  const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(row)));
  const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(next)));
  return (dq_lanes)_mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

DQ_BFLOAT16_TARGET DQ_INLINE void dq_store_pair(float low, float high, float *word) {
  const __m128bh halves = _mm_cvtneps_pbh(_mm_set_ps(0, 0, high, low));
  __builtin_memcpy(word, &halves, sizeof *word);
}

#else
#define DQ_HAS_BFLOAT16 0
#endif

#endif
