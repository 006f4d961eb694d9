#include "CKernels.h"
#include "clones.h"
#include "lanes.h"

// Sums. A sum over one long axis runs in sixteen partial sums, element i in sum i mod 16, which are
// then added pairwise, so that the vector width of a clone cannot change the order of addition.

/// The sixteen partial sums, added in pairs at distance 8, 4, 2, 1.
DQ_INLINE double sum_of_partials(double *partial) {
  for (int64_t half = 8; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; ++lane) partial[lane] += partial[lane + half];
  }
  return partial[0];
}

/// out[c] += sum over r of x[r, c]. Columns stay in registers, sixteen at a time, over all the
/// rows.
DQ_CLONES(
  void, dq_column_sum,
  (int64_t rows, int64_t width, const float *x, float *out),
  (rows, width, x, out)) {
  int64_t column = 0;
  for (; column + 64 <= width; column += 64) {
    dq_lanes sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
    for (int64_t row = 0; row < rows; ++row) {
      const float *at = x + row * width + column;
      sum0 += DQ_LOAD(at);
      sum1 += DQ_LOAD(at + 16);
      sum2 += DQ_LOAD(at + 32);
      sum3 += DQ_LOAD(at + 48);
    }
    DQ_LOAD(out + column) += sum0;
    DQ_LOAD(out + column + 16) += sum1;
    DQ_LOAD(out + column + 32) += sum2;
    DQ_LOAD(out + column + 48) += sum3;
  }
  for (; column + 16 <= width; column += 16) {
    dq_lanes sum = {0};
    for (int64_t row = 0; row < rows; ++row) sum += DQ_LOAD(x + row * width + column);
    DQ_LOAD(out + column) += sum;
  }
  for (; column < width; ++column) {
    float sum = 0;
    for (int64_t row = 0; row < rows; ++row) sum += x[row * width + column];
    out[column] += sum;
  }
}

DQ_CLONES(double, dq_sum_squares, (int64_t n, const float *x), (n, x)) {
  double partial[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int64_t lane = 0; lane < 16; ++lane) {
      partial[lane] += (double)x[i + lane] * (double)x[i + lane];
    }
  }
  for (int64_t lane = 0; i + lane < n; ++lane) {
    partial[lane] += (double)x[i + lane] * (double)x[i + lane];
  }
  return sum_of_partials(partial);
}

DQ_CLONES(double, dq_sum, (int64_t n, const float *x), (n, x)) {
  double partial[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int64_t lane = 0; lane < 16; ++lane) partial[lane] += (double)x[i + lane];
  }
  for (int64_t lane = 0; i + lane < n; ++lane) partial[lane] += (double)x[i + lane];
  return sum_of_partials(partial);
}
