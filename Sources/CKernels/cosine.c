#include "CKernels.h"
#include "clones.h"
#include "lanes.h"

// Cosines of the rows of x and t [rows, width], lengths floored.
//
//     cos = a b (x . t),  a = 1 / max(|x|, epsilon),  b = 1 / max(|t|, epsilon)
//
// Gradient where |x| > epsilon:   dx = a (b t - cos a x)
// and where epsilon won:          dx = a b t

DQ_INLINE float length(int64_t width, const float *x) {
  return __builtin_sqrtf(dq_dot(width, x, x));
}

/// 1 / max(length, epsilon); not a number where the length is none.
DQ_INLINE float floored_reciprocal(float length, float epsilon) {
  return 1 / (length < epsilon ? epsilon : length);
}

DQ_CLONES(
  void, dq_cosines,
  (int64_t rows, int64_t width, const float *x, const float *target, float epsilon, float *cosines),
  (rows, width, x, target, epsilon, cosines)) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *xr = x + row * width;
    const float *tr = target + row * width;
    const float a = floored_reciprocal(length(width, xr), epsilon);
    const float b = floored_reciprocal(length(width, tr), epsilon);
    cosines[row] = dq_dot(width, xr, tr) * a * b;
  }
}

DQ_CLONES(
  void, dq_cosine_backward,
  (int64_t rows, int64_t width, const float *x, const float *target, float epsilon, float weight,
   float *dx),
  (rows, width, x, target, epsilon, weight, dx)) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *xr = x + row * width;
    const float *tr = target + row * width;
    float *dxr = dx + row * width;
    const float x_length = length(width, xr);
    const float a = floored_reciprocal(x_length, epsilon);
    const float b = floored_reciprocal(length(width, tr), epsilon);
    const float cosine = dq_dot(width, xr, tr) * a * b;
    const float along = x_length < epsilon ? 0 : cosine * a;
    const float share = weight * a;
    DQ_ELEMENTWISE
    for (int64_t i = 0; i < width; ++i) dxr[i] = share * (b * tr[i] - along * xr[i]);
  }
}
