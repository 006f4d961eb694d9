#include "CKernels.h"
#include "clones.h"
#include "exp.h"

// Activations over [n] elements, and the bias before them.
//
// GELU (Hendrycks and Gimpel 2016, arXiv:1606.08415), exact, with the normal distribution P and its
// density p:
//     y = x P(x),                dx = dy (P(x) + x p(x))
// Quick GELU (the same paper's sigmoid form, as OpenAI CLIP uses it), s = sigmoid(1.702 x):
//     y = x s,                   dx = dy (s + 1.702 x s (1 - s))
// ReLU (Nair and Hinton 2010):
//     y = max(x, 0),             dx = dy where y > 0, else 0
// The factor x of the first two is held inside the range where the other factor is not yet 0, so
// that infinities give the limits and not 0 * infinity.

/// x between -limit and limit; NaN stays.
DQ_INLINE float clamped(float x, float limit) {
  x = x < -limit ? -limit : x;
  return x > limit ? limit : x;
}

DQ_INLINE float sigmoid(float z) { return 1.0f / (1.0f + dq_exp_one(-z)); }

DQ_CLONES(void, dq_gelu_forward, (int64_t n, const float *x, float *y), (n, x, y)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) {
    const float from_below = x[i] < -20.0f ? -20.0f : x[i];
    y[i] = from_below * dq_normal_at(x[i]).cumulative;
  }
}

DQ_CLONES(
  void, dq_gelu_backward,
  (int64_t n, const float *x, const float *dy, float *dx),
  (n, x, dy, dx)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) {
    const dq_normal normal = dq_normal_at(x[i]);
    dx[i] = dy[i] * (normal.cumulative + clamped(x[i], 20.0f) * normal.density);
  }
}

DQ_CLONES(void, dq_quick_gelu_forward, (int64_t n, const float *x, float *y), (n, x, y)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) {
    const float from_below = x[i] < -60.0f ? -60.0f : x[i];
    y[i] = from_below * sigmoid(1.702f * x[i]);
  }
}

DQ_CLONES(
  void, dq_quick_gelu_backward,
  (int64_t n, const float *x, const float *dy, float *dx),
  (n, x, dy, dx)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) {
    const float s = sigmoid(1.702f * x[i]);
    dx[i] = dy[i] * (s + 1.702f * clamped(x[i], 60.0f) * (s * (1.0f - s)));
  }
}

DQ_CLONES(void, dq_relu_forward, (int64_t n, const float *x, float *y), (n, x, y)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

DQ_CLONES(
  void, dq_relu_backward,
  (int64_t n, const float *y, const float *dy, float *dx),
  (n, y, dy, dx)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

DQ_CLONES(
  void, dq_bias_add,
  (int64_t rows, int64_t width, const float *bias, float *y),
  (rows, width, bias, y)) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < width; ++i) y[row * width + i] += bias[i];
  }
}
