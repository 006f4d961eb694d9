#include "CKernels.h"
#include "clones.h"
#include "exp.h"

// Sums, products and fills over [n] elements. No pointer is `restrict`: a destination may equal a
// source.

DQ_CLONES(void, dq_add, (int64_t n, const float *a, const float *b, float *out), (n, a, b, out)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) out[i] = a[i] + b[i];
}

DQ_CLONES(
  void, dq_multiply,
  (int64_t n, const float *a, const float *b, float *out),
  (n, a, b, out)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) out[i] = a[i] * b[i];
}

DQ_CLONES(void, dq_scale, (int64_t n, float s, const float *a, float *out), (n, s, a, out)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) out[i] = s * a[i];
}

DQ_CLONES(void, dq_accumulate, (int64_t n, const float *x, float *y), (n, x, y)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

DQ_CLONES(void, dq_axpy, (int64_t n, float s, const float *x, float *y), (n, s, x, y)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) y[i] += s * x[i];
}

DQ_CLONES(void, dq_exp, (int64_t n, const float *x, float *y), (n, x, y)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) y[i] = dq_exp_one(x[i]);
}

DQ_CLONES(void, dq_fill, (int64_t n, float value, float *y), (n, value, y)) {
  DQ_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) y[i] = value;
}
