#include "CKernels.h"
#include "clones.h"
#include "exp.h"
#include "lanes.h"

// Tiles of a matrix of logits S, for a contrastive loss in O(batch) memory (Cheng et al. 2024,
// Inf-CL, arXiv:2410.17243; the running softmax is Milakov and Gimelshein 2018, arXiv:1805.02867).
//
//     new_max = max(old_max, max of the tile)
//     sum     = sum exp(old_max - new_max) + sum over the tile of exp(S - new_max)
// Gradient of  row_weight sum_i lse(S[i, :]) + column_weight sum_j lse(S[:, j]):
//     dS[i, j] = row_weight exp(S - row_lse[i]) + column_weight exp(S - column_lse[j])
// A masked entry is -infinity. Where everything so far is masked the maximum is -infinity too, and
// 0 takes its place as the subtrahend: exp(-infinity - 0) = 0, while -infinity minus itself is NaN.

/// What is subtracted before the exponential: the maximum, or 0 where nothing is above -infinity.
DQ_INLINE float subtrahend(float maximum) {
  return maximum == -__builtin_inff() ? 0 : maximum;
}

DQ_INLINE float larger(float a, float b) { return a > b ? a : b; }

/// Sixteen values from `at`, of which only the first `count` exist; the others are -infinity.
DQ_INLINE void load_masked(int64_t count, const float *at, float values[16]) {
  for (int64_t lane = 0; lane < 16; ++lane) values[lane] = -__builtin_inff();
  for (int64_t lane = 0; lane < count; ++lane) values[lane] = at[lane];
}

/// partial = max(partial, values) in sixteen lanes.
DQ_INLINE void raise(const float *values, float *restrict partial) {
  for (int64_t lane = 0; lane < 16; ++lane) partial[lane] = larger(values[lane], partial[lane]);
}

/// sum += exp(values - shift) in sixteen lanes.
DQ_INLINE void add_exponentials(const float *values, float shift, dq_lanes *sum) {
  float exponentials[16];
  for (int64_t lane = 0; lane < 16; ++lane) {
    exponentials[lane] = dq_exp_one(values[lane] - shift);
  }
  *sum += DQ_LOAD(exponentials);
}

DQ_CLONES(
  void, dq_row_logsumexp_update,
  (int64_t m, int64_t n, const float *S, int64_t stride, float *row_max, float *row_sum),
  (m, n, S, stride, row_max, row_sum)) {
  const int64_t whole = n / 16 * 16;
  for (int64_t i = 0; i < m; ++i) {
    const float *row = S + i * stride;
    float last[16], partial[16];
    load_masked(n - whole, row + whole, last);
    for (int64_t lane = 0; lane < 16; ++lane) partial[lane] = row_max[i];
    for (int64_t j = 0; j < whole; j += 16) raise(row + j, partial);
    raise(last, partial);
    float maximum = partial[0];
    for (int64_t lane = 1; lane < 16; ++lane) maximum = larger(partial[lane], maximum);
    const float shift = subtrahend(maximum);
    dq_lanes sum = {0};
    for (int64_t j = 0; j < whole; j += 16) add_exponentials(row + j, shift, &sum);
    add_exponentials(last, shift, &sum);
    row_sum[i] = row_sum[i] * dq_exp_one(row_max[i] - shift) + dq_sum_of_lanes(&sum);
    row_max[i] = maximum;
  }
}

/// Takes one strip of at most sixteen columns, whose maxima and sums stay in registers.
DQ_INLINE void update_columns(
  int64_t m, int64_t count, const float *S, int64_t stride, float *column_max,
  float *column_sum) {
  float values[16], maximum[16], shift[16];
  dq_lanes sum = {0};
  load_masked(count, column_max, maximum);
  for (int64_t i = 0; i < m; ++i) {
    load_masked(count, S + i * stride, values);
    raise(values, maximum);
  }
  for (int64_t lane = 0; lane < 16; ++lane) shift[lane] = subtrahend(maximum[lane]);
  for (int64_t i = 0; i < m; ++i) {
    load_masked(count, S + i * stride, values);
    for (int64_t lane = 0; lane < 16; ++lane) values[lane] -= shift[lane];
    add_exponentials(values, 0, &sum);
  }
  float sums[16];
  __builtin_memcpy(sums, &sum, sizeof sums);
  for (int64_t lane = 0; lane < count; ++lane) {
    column_sum[lane] =
      column_sum[lane] * dq_exp_one(column_max[lane] - shift[lane]) + sums[lane];
    column_max[lane] = maximum[lane];
  }
}

DQ_CLONES(
  void, dq_column_logsumexp_update,
  (int64_t m, int64_t n, const float *S, int64_t stride, float *column_max, float *column_sum),
  (m, n, S, stride, column_max, column_sum)) {
  const int64_t whole = n / 16 * 16;
  for (int64_t j = 0; j < whole; j += 16) {
    update_columns(m, 16, S + j, stride, column_max + j, column_sum + j);
  }
  if (whole < n) {
    update_columns(m, n - whole, S + whole, stride, column_max + whole, column_sum + whole);
  }
}

DQ_CLONES(
  void, dq_softmax_gradient_tile,
  (int64_t m, int64_t n, const float *S, int64_t stride, const float *row_lse,
   const float *column_lse, float row_weight, float column_weight, float *out),
  (m, n, S, stride, row_lse, column_lse, row_weight, column_weight, out)) {
  for (int64_t i = 0; i < m; ++i) {
    const float *row = S + i * stride;
    float *to = out + i * stride;
    const float row_shift = subtrahend(row_lse[i]);
    DQ_ELEMENTWISE
    for (int64_t j = 0; j < n; ++j) {
      const float of_row = dq_exp_one(row[j] - row_shift);
      const float of_column = dq_exp_one(row[j] - subtrahend(column_lse[j]));
      to[j] = row_weight * of_row + column_weight * of_column;
    }
  }
}

DQ_CLONES(
  void, dq_mask_tile,
  (int64_t m, int64_t n, float *S, int64_t stride, const int32_t *row_group,
   const int32_t *column_group, int64_t first_row, int64_t first_column),
  (m, n, S, stride, row_group, column_group, first_row, first_column)) {
  for (int64_t i = 0; i < m; ++i) {
    float *row = S + i * stride;
    const int64_t diagonal = first_row + i - first_column;
    const int on_diagonal = diagonal >= 0 && diagonal < n;
    const float kept = on_diagonal ? row[diagonal] : 0;
    for (int64_t j = 0; j < n; ++j) {
      row[j] = row_group[i] == column_group[j] ? -__builtin_inff() : row[j];
    }
    if (on_diagonal) row[diagonal] = kept;
  }
}
