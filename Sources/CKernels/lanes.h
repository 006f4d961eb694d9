/// Sixteen Float32 lanes, the unit in which sums and products are written out.
///
/// A vector of the language, not of a machine: an AVX-512 clone keeps it in one register, AVX2 in
/// two, the baseline in four, and the order of the additions is the same in all of them.
#ifndef DQ_LANES_H
#define DQ_LANES_H

#include <stdint.h>

#include "clones.h"

typedef float dq_lanes __attribute__((vector_size(64)));
typedef float dq_unaligned_lanes __attribute__((vector_size(64), aligned(4), may_alias));

/// The sixteen floats at any address, to read or to assign. A macro, because a vector passed to or
/// returned from a function has no calling convention that all clones share.
#define DQ_LOAD(address) (*(dq_unaligned_lanes *)(address))

/// Adds sixteen lanes in pairs at distance 8, 4, 2, 1.
DQ_INLINE float dq_sum_of_lanes(const dq_lanes *lanes) {
  float partial[16];
  __builtin_memcpy(partial, lanes, sizeof partial);
  for (int64_t half = 8; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; ++lane) partial[lane] += partial[lane + half];
  }
  return partial[0];
}

/// The first `count` (< 16) floats at `from`, zeros behind them.
DQ_INLINE void dq_load_first(int64_t count, const float *from, dq_lanes *lanes) {
  float values[16] = {0};
  for (int64_t lane = 0; lane < count; ++lane) values[lane] = from[lane];
  __builtin_memcpy(lanes, values, sizeof values);
}

/// a . b in sixteen partial sums.
DQ_INLINE float dq_dot(int64_t width, const float *a, const float *b) {
  dq_lanes sum = {0};
  int64_t i = 0;
  for (; i + 16 <= width; i += 16) sum += DQ_LOAD(a + i) * DQ_LOAD(b + i);
  if (i < width) {
    dq_lanes last_a, last_b;
    dq_load_first(width - i, a + i, &last_a);
    dq_load_first(width - i, b + i, &last_b);
    sum += last_a * last_b;
  }
  return dq_sum_of_lanes(&sum);
}

#endif
