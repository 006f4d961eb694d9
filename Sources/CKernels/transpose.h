/// Squares of sixteen by sixteen floats, transposed in registers.
#ifndef DQ_TRANSPOSE_H
#define DQ_TRANSPOSE_H

#include "clones.h"
#include "lanes.h"

/// One round of a perfect shuffle of sixteen rows; four rounds transpose a square of 16 by 16.
#define INTERLEAVE_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVE_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

DQ_INLINE void dq_shuffle_rows(const dq_lanes from[16], dq_lanes to[16]) {
#pragma clang loop unroll(full)
  for (int row = 0; row < 8; ++row) {
    to[2 * row] = INTERLEAVE_LOW(from[row], from[row + 8]);
    to[2 * row + 1] = INTERLEAVE_HIGH(from[row], from[row + 8]);
  }
}

/// Transposes `square` in place; `other` is room for it.
DQ_INLINE void dq_transpose_square(dq_lanes square[16], dq_lanes other[16]) {
  dq_shuffle_rows(square, other);
  dq_shuffle_rows(other, square);
  dq_shuffle_rows(square, other);
  dq_shuffle_rows(other, square);
}

#endif
