#include "CKernels.h"
#include "clones.h"
#include "lanes.h"

// L2 normalization of each row of x [rows, width].
//
//     y = x r,  r = 1 / max(|x|, epsilon)
//
// Gradient where |x| > epsilon:   dx = r (dy - y (y . dy))
// and where epsilon won:          dx = r dy
// The second case is told from the first by |y|, which is 1 to rounding in the first.

DQ_CLONES(
  void, dq_l2_normalize_forward,
  (int64_t rows, int64_t width, const float *x, float epsilon, float *y, float *reciprocal_norm),
  (rows, width, x, epsilon, y, reciprocal_norm)) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *xr = x + row * width;
    float *yr = y + row * width;
    const float norm = __builtin_sqrtf(dq_dot(width, xr, xr));
    const float r = 1 / (norm < epsilon ? epsilon : norm);
    DQ_ELEMENTWISE
    for (int64_t i = 0; i < width; ++i) yr[i] = xr[i] * r;
    reciprocal_norm[row] = r;
  }
}

DQ_CLONES(
  void, dq_l2_normalize_backward,
  (int64_t rows, int64_t width, const float *y, const float *reciprocal_norm, const float *dy,
   float *dx),
  (rows, width, y, reciprocal_norm, dy, dx)) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *yr = y + row * width;
    const float *dyr = dy + row * width;
    float *dxr = dx + row * width;
    const float r = reciprocal_norm[row];
    const float unit_share = 0.9999f;  // Rounding moves |y|^2 by 1e-6 at most.
    const float along = dq_dot(width, yr, yr) < unit_share ? 0 : dq_dot(width, yr, dyr);
    DQ_ELEMENTWISE
    for (int64_t i = 0; i < width; ++i) dxr[i] = r * (dyr[i] - yr[i] * along);
  }
}
