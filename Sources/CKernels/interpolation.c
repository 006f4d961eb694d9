#include "CKernels.h"
#include "clones.h"

// Rows of n elements interpolated linearly to rows of m.
//
//     y[d] = (1 - t) x[i] + t x[min(i + 1, n - 1)]
//     u = max(0, (d + 1/2) n / m - 1/2),  i = floor(u),  t = u - i
//
// Gradient: dx[i] += (1 - t) dy[d],  dx[min(i + 1, n - 1)] += t dy[d], in the order of d.

typedef struct {
  int64_t first;
  int64_t second;
  /// Of the second.
  float share;
} neighbours;

/// In Double: the place of an element of a wide row leaves a Float32 few bits for the share.
DQ_INLINE neighbours around(int64_t place, int64_t from_width, double ratio) {
  const double centered = ((double)place + 0.5) * ratio - 0.5;
  const double u = centered < 0 ? 0 : centered;
  const int64_t first = (int64_t)u < from_width ? (int64_t)u : from_width - 1;
  return (neighbours){
    .first = first,
    .second = first + 1 < from_width ? first + 1 : first,
    .share = (float)(u - (double)first)};
}

DQ_CLONES(
  void, dq_interpolate_width,
  (int64_t rows, int64_t from_width, int64_t to_width, const float *x, float *y),
  (rows, from_width, to_width, x, y)) {
  const double ratio = (double)from_width / (double)to_width;
  for (int64_t row = 0; row < rows; ++row) {
    const float *from = x + row * from_width;
    float *to = y + row * to_width;
    for (int64_t d = 0; d < to_width; ++d) {
      const neighbours n = around(d, from_width, ratio);
      to[d] = (1 - n.share) * from[n.first] + n.share * from[n.second];
    }
  }
}

DQ_CLONES(
  void, dq_interpolate_width_backward,
  (int64_t rows, int64_t from_width, int64_t to_width, const float *dy, float *dx),
  (rows, from_width, to_width, dy, dx)) {
  const double ratio = (double)from_width / (double)to_width;
  for (int64_t row = 0; row < rows; ++row) {
    const float *from = dy + row * to_width;
    float *to = dx + row * from_width;
    for (int64_t i = 0; i < from_width; ++i) to[i] = 0;
    for (int64_t d = 0; d < to_width; ++d) {
      const neighbours n = around(d, from_width, ratio);
      to[n.first] += (1 - n.share) * from[d];
      to[n.second] += n.share * from[d];
    }
  }
}
