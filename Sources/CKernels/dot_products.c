#include "CKernels.h"
#include "clones.h"
#include "lanes.h"

// Dot products of all rows of two matrices, for ranking.
//
//     c[i, j] = a[i] . b[j]
//
// Each one is made by the same additions in the same order (sixteen partial sums), wherever its
// rows stand among the others: equal pairs of rows have equal products, so ties stay ties. A BLAS
// does not promise that, since its small tiles at the edges add in another order.

/// One tile of c; height and width are constant where this is inlined.
DQ_INLINE void dot_tile(
  const int height, const int width, int64_t depth, const float *a, const float *b, float *c,
  int64_t stride) {
  dq_lanes sum[2][2] = {{{0}}};
  int64_t k = 0;
  for (; k + 16 <= depth; k += 16) {
    for (int i = 0; i < height; ++i) {
      for (int j = 0; j < width; ++j) {
        sum[i][j] += DQ_LOAD(a + i * depth + k) * DQ_LOAD(b + j * depth + k);
      }
    }
  }
  if (k < depth) {
    for (int i = 0; i < height; ++i) {
      for (int j = 0; j < width; ++j) {
        dq_lanes last_a, last_b;
        dq_load_first(depth - k, a + i * depth + k, &last_a);
        dq_load_first(depth - k, b + j * depth + k, &last_b);
        sum[i][j] += last_a * last_b;
      }
    }
  }
  for (int i = 0; i < height; ++i) {
    for (int j = 0; j < width; ++j) c[i * stride + j] = dq_sum_of_lanes(&sum[i][j]);
  }
}

DQ_CLONES(
  void, dq_dot_products,
  (int64_t m, int64_t n, int64_t depth, const float *a, const float *b, float *c, int64_t stride),
  (m, n, depth, a, b, c, stride)) {
  for (int64_t i = 0; i < m; i += 2) {
    for (int64_t j = 0; j < n; j += 2) {
      const float *left = a + i * depth, *right = b + j * depth;
      float *tile = c + i * stride + j;
      if (i + 1 < m && j + 1 < n) {
        dot_tile(2, 2, depth, left, right, tile, stride);
      } else if (i + 1 < m) {
        dot_tile(2, 1, depth, left, right, tile, stride);
      } else if (j + 1 < n) {
        dot_tile(1, 2, depth, left, right, tile, stride);
      } else {
        dot_tile(1, 1, depth, left, right, tile, stride);
      }
    }
  }
}
