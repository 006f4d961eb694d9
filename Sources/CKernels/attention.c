#include "CKernels.h"
#include "clones.h"
#include "exp.h"
#include "lanes.h"
#include "product.h"
#include "random.h"
#include "transpose.h"

// Scaled dot-product attention of one sequence and one head (Vaswani et al. 2017, arXiv:1706.03762,
// equation 1), with q, k, v, out [tokens, head_width]:
//
//     S = scale q k^T,  lse_i = log sum_j exp(S_ij),  P = exp(S - lse),  out = (P * D) v
//
// D is 1 / (1 - rate) where the dropout keeps (i, j), else 0. Gradient, with P made again from lse:
//
//     dv = (P * D)^T dout,  G = dout v^T
//     delta_i = sum_j P_ij D_ij G_ij / sum_j P_ij
//     dS = P * (D * G - delta),  dq = scale dS k,  dk = scale dS^T q
//
// delta_i equals dout_i . out_i (Dao et al. 2022, arXiv:2205.14135, appendix B.4). Taken from the
// row itself, the row's dS add up to zero. So a vector that all keys share, such as their bias,
// moves no dq, and without dropout one that all values share moves no dS: both are taken off before
// the products, whose rounding would otherwise be that of the shared part. Where tokens are nearly
// alike, as deep in a tower with drawn weights, the gradient would be lost in it.
//
// The queries go through in blocks of rows, whose part of S stays in the cache. Operands that are
// read by vectors are first packed into scratch, padded with zeros to multiples of sixteen columns.

/// Queries per block.
enum { block_rows = 48 };

DQ_INLINE int64_t padded(int64_t count) { return (count + 15) / 16 * 16; }

/// Where each part of the scratch begins, in floats; every part is a multiple of sixteen.
typedef struct {
  int64_t tokens, width;              // padded
  int64_t k_transposed, v_transposed; // [head_width, tokens]
  int64_t q, k, v, dout;              // [tokens, head_width]; v only forward
  int64_t dk, dv;                     // [tokens, head_width], running sums
  int64_t scores, gradients;          // [block_rows, tokens]
  int64_t results;                    // [block_rows, head_width]
  int64_t words;                      // random bits of a block
  int64_t end;
} layout;

static layout layout_of(int64_t tokens, int64_t head_width) {
  layout at;
  at.tokens = padded(tokens);
  at.width = padded(head_width);
  const int64_t rows = at.tokens < block_rows ? at.tokens : block_rows;
  const int64_t whole = at.tokens * at.width, transposed = at.width * at.tokens;
  at.k_transposed = 0;
  at.v_transposed = at.k_transposed + transposed;
  at.q = at.v_transposed + transposed;
  at.k = at.q + whole;
  at.v = at.k;
  at.dout = at.k + whole;
  at.dk = at.dout + whole;
  at.dv = at.dk + whole;
  at.scores = at.dv + whole;
  at.gradients = at.scores + rows * at.tokens;
  at.results = at.gradients + rows * at.tokens;
  at.words = at.results + rows * at.width;
  at.end = at.words + rows * at.tokens + 192;
  return at;
}

int64_t dq_attention_scratch_count(int64_t tokens, int64_t head_width) {
  return layout_of(tokens, head_width).end;
}

// MARK: Packing

/// to [rows, padded width] = x [rows, width], zeros behind each row.
DQ_INLINE void pack(int64_t rows, int64_t width, const float *x, int64_t stride, float *to) {
  const int64_t to_stride = padded(width);
  for (int64_t row = 0; row < rows; ++row) {
    const float *from = x + row * stride;
    float *line = to + row * to_stride;
    int64_t i = 0;
    for (; i + 16 <= width; i += 16) DQ_ALIGNED(line + i) = DQ_LOAD(from + i);
    if (i < width) dq_load_first(width - i, from + i, &DQ_ALIGNED(line + i));
  }
}

/// to [padded width, padded rows] = factor x^T for x [rows, width], zeros where x has nothing.
DQ_INLINE void pack_transposed(
  int64_t rows, int64_t width, float factor, const float *x, int64_t stride, float *to) {
  const int64_t to_stride = padded(rows);
  for (int64_t row = 0; row < rows; row += 16) {
    for (int64_t column = 0; column < width; column += 16) {
      dq_lanes square[16], other[16];
      for (int64_t r = 0; r < 16; ++r) {
        const float *from = x + (row + r) * stride + column;
        if (row + r >= rows) {
          square[r] = (dq_lanes){0};
        } else if (column + 16 <= width) {
          square[r] = DQ_LOAD(from) * factor;
        } else {
          dq_load_first(width - column, from, &square[r]);
          square[r] *= factor;
        }
      }
      dq_transpose_square(square, other);
      for (int64_t r = 0; r < 16; ++r) DQ_ALIGNED(to + (column + r) * to_stride + row) = square[r];
    }
  }
}

/// to [rows, width] = factor x [rows, padded width].
DQ_INLINE void unpack(
  int64_t rows, int64_t width, float factor, const float *x, float *to, int64_t stride) {
  const int64_t x_stride = padded(width);
  for (int64_t row = 0; row < rows; ++row) {
    const float *from = x + row * x_stride;
    float *line = to + row * stride;
    int64_t i = 0;
    for (; i + 16 <= width; i += 16) DQ_LOAD(line + i) = DQ_ALIGNED(from + i) * factor;
    for (; i < width; ++i) line[i] = from[i] * factor;
  }
}

/// Takes the mean of the rows off each row of x [rows, width], width a multiple of sixteen.
DQ_INLINE void center_rows(int64_t rows, int64_t width, float *x) {
  for (int64_t i = 0; i < width; i += 16) {
    dq_lanes mean = {0};
    for (int64_t row = 0; row < rows; ++row) mean += DQ_ALIGNED(x + row * width + i);
    mean /= (float)rows;
    for (int64_t row = 0; row < rows; ++row) DQ_ALIGNED(x + row * width + i) -= mean;
  }
}

/// Takes its mean off each of the `rows` rows of x [rows, padded width].
DQ_INLINE void center_columns(int64_t rows, int64_t width, float *x) {
  for (int64_t row = 0; row < rows; ++row) {
    float *line = x + row * padded(width);
    dq_lanes sum = {0};
    // Behind the row there are zeros.
    for (int64_t i = 0; i < width; i += 16) sum += DQ_ALIGNED(line + i);
    const float mean = dq_sum_of_lanes(&sum) / (float)width;
    for (int64_t i = 0; i < width; ++i) line[i] -= mean;
  }
}

// MARK: Dropout of a block

/// Draws the words of the `rows` rows of probabilities from `first_row` on; returns the first.
DQ_INLINE const uint32_t *draw(
  int64_t rows, int64_t tokens, int64_t first_row, const dq_attention_dropout *dropout,
  float *scratch) {
  uint32_t *words = (uint32_t *)scratch;
  const uint64_t first = dropout->first_index + (uint64_t)(first_row * tokens);
  const int64_t offset = (int64_t)(first % 64);
  for (int64_t at = 0; at < offset + rows * tokens; at += 64) {
    dq_random_group(dropout->key, dropout->site, (first + (uint64_t)at) / 64, words + at);
  }
  return words + offset;
}

/// What a kept probability is multiplied by.
DQ_INLINE float kept_scale(float rate) { return rate < 1 ? 1 / (1 - rate) : 0; }

/// Zeros the dropped entries of row [tokens].
DQ_INLINE void drop(
  int64_t tokens, uint32_t threshold, const uint32_t *restrict words, float *restrict row) {
  const int64_t width = padded(tokens);
  for (int64_t j = 0; j < width; ++j) {
    const float kept = row[j];
    row[j] = words[j] >= threshold ? kept : 0;
  }
}

// MARK: Forward

/// Turns a row of scores into exp(score - maximum) and returns the sum and the maximum.
DQ_INLINE float exponentials(int64_t tokens, float *row, float *maximum) {
  const int64_t width = padded(tokens);
  for (int64_t j = tokens; j < width; ++j) row[j] = -__builtin_inff();
  float largest[16];
  for (int64_t lane = 0; lane < 16; ++lane) largest[lane] = row[lane];
  for (int64_t j = 16; j < width; j += 16) {
    for (int64_t lane = 0; lane < 16; ++lane) {
      largest[lane] = row[j + lane] > largest[lane] ? row[j + lane] : largest[lane];
    }
  }
  float top = largest[0];
  for (int64_t lane = 1; lane < 16; ++lane) top = largest[lane] > top ? largest[lane] : top;
  dq_lanes sum = {0};
  for (int64_t j = 0; j < width; j += 16) {
    for (int64_t lane = 0; lane < 16; ++lane) row[j + lane] = dq_exp_one(row[j + lane] - top);
    sum += DQ_ALIGNED(row + j);
  }
  *maximum = top;
  return dq_sum_of_lanes(&sum);
}

DQ_CLONES(
  void, dq_attention_forward,
  (int64_t tokens, int64_t head_width, const float *q, int64_t q_stride, const float *k,
   int64_t k_stride, const float *v, int64_t v_stride, float scale, dq_attention_dropout dropout,
   float *out, int64_t out_stride, float *logsumexp, float *scratch),
  (tokens, head_width, q, q_stride, k, k_stride, v, v_stride, scale, dropout, out, out_stride,
   logsumexp, scratch)) {
  const layout at = layout_of(tokens, head_width);
  const uint32_t threshold = dropout.rate < 1 ? dq_dropout_threshold(dropout.rate) : 0;
  const float kept = kept_scale(dropout.rate);
  float *scores = scratch + at.scores, *results = scratch + at.results;
  pack_transposed(tokens, head_width, scale, k, k_stride, scratch + at.k_transposed);
  pack(tokens, head_width, v, v_stride, scratch + at.v);
  for (int64_t first = 0; first < tokens; first += block_rows) {
    const int64_t rows = tokens - first < block_rows ? tokens - first : block_rows;
    const dq_product make_scores = {
      q + first * q_stride, q_stride, 1, scratch + at.k_transposed, at.tokens, scores, at.tokens,
      rows, at.tokens / 16, head_width, 0, 0};
    dq_product_run(&make_scores);
    const uint32_t *words = 0;
    if (threshold > 0) words = draw(rows, tokens, first, &dropout, scratch + at.words);
    float reciprocal_sum[block_rows];
    for (int64_t row = 0; row < rows; ++row) {
      float maximum;
      const float sum = exponentials(tokens, scores + row * at.tokens, &maximum);
      logsumexp[first + row] = maximum + __builtin_logf(sum);
      reciprocal_sum[row] = kept / sum;
      if (words) drop(tokens, threshold, words + row * tokens, scores + row * at.tokens);
    }
    const dq_product make_results = {
      scores, at.tokens, 1, scratch + at.v, at.width, results, at.width,
      rows, at.width / 16, tokens, 0, 0};
    dq_product_run(&make_results);
    for (int64_t row = 0; row < rows; ++row) {
      unpack(1, head_width, reciprocal_sum[row], results + row * at.width,
        out + (first + row) * out_stride, out_stride);
    }
  }
}

// MARK: Backward

/// From a row of scores and of G makes P * D (in `scores`) and dS (in `gradients`).
DQ_INLINE void gradient_row(
  int64_t tokens, float logsumexp, float kept, uint32_t threshold, const uint32_t *words,
  float *restrict scores, float *restrict gradients) {
  const int64_t whole = tokens / 16 * 16;
  dq_lanes sum = {0}, weighted = {0};
  float last_sum = 0, last_weighted = 0;
  for (int64_t j = 0; j < whole; j += 16) {
    for (int64_t lane = j; lane < j + 16; ++lane) {
      scores[lane] = dq_exp_one(scores[lane] - logsumexp);
      gradients[lane] *= !words || words[lane] >= threshold ? kept : 0;
    }
    sum += DQ_ALIGNED(scores + j);
    weighted += DQ_ALIGNED(scores + j) * DQ_ALIGNED(gradients + j);
  }
  for (int64_t j = whole; j < tokens; ++j) {
    scores[j] = dq_exp_one(scores[j] - logsumexp);
    gradients[j] *= !words || words[j] >= threshold ? kept : 0;
    last_sum += scores[j];
    last_weighted += scores[j] * gradients[j];
  }
  const float delta =
    (dq_sum_of_lanes(&weighted) + last_weighted) / (dq_sum_of_lanes(&sum) + last_sum);
  for (int64_t j = 0; j < tokens; ++j) {
    const float p = scores[j];
    scores[j] = !words || words[j] >= threshold ? p * kept : 0;
    gradients[j] = p * (gradients[j] - delta);
  }
}

/// Packs everything that is read by vectors, keys and values without what they share.
DQ_INLINE void prepare_backward(
  const layout *at, int64_t tokens, int64_t head_width, const float *q, int64_t q_stride,
  const float *k, int64_t k_stride, const float *v, int64_t v_stride, const float *dout,
  int64_t out_stride, float scale, int drops, float *scratch) {
  pack_transposed(tokens, head_width, scale, k, k_stride, scratch + at->k_transposed);
  pack_transposed(tokens, head_width, 1, v, v_stride, scratch + at->v_transposed);
  pack(tokens, head_width, q, q_stride, scratch + at->q);
  pack(tokens, head_width, k, k_stride, scratch + at->k);
  center_rows(tokens, at->width, scratch + at->k);
  if (!drops) center_columns(head_width, tokens, scratch + at->v_transposed);
  pack(tokens, head_width, dout, out_stride, scratch + at->dout);
}

DQ_CLONES(
  void, dq_attention_backward,
  (int64_t tokens, int64_t head_width, const float *q, int64_t q_stride, const float *k,
   int64_t k_stride, const float *v, int64_t v_stride, const float *dout, int64_t out_stride,
   const float *logsumexp, float scale, dq_attention_dropout dropout, float *dq, float *dk,
   float *dv, int64_t gradient_stride, float *scratch),
  (tokens, head_width, q, q_stride, k, k_stride, v, v_stride, dout, out_stride, logsumexp, scale,
   dropout, dq, dk, dv, gradient_stride, scratch)) {
  const layout at = layout_of(tokens, head_width);
  const uint32_t threshold = dropout.rate < 1 ? dq_dropout_threshold(dropout.rate) : 0;
  const float kept = kept_scale(dropout.rate);
  float *scores = scratch + at.scores, *gradients = scratch + at.gradients;
  float *results = scratch + at.results;
  const int64_t token_groups = at.tokens / 16, width_groups = at.width / 16;
  prepare_backward(
    &at, tokens, head_width, q, q_stride, k, k_stride, v, v_stride, dout, out_stride, scale,
    threshold > 0, scratch);
  for (int64_t first = 0; first < tokens; first += block_rows) {
    const int64_t rows = tokens - first < block_rows ? tokens - first : block_rows;
    const float *q_block = scratch + at.q + first * at.width;
    const float *dout_block = scratch + at.dout + first * at.width;
    const dq_product make_scores = {
      q_block, at.width, 1, scratch + at.k_transposed, at.tokens, scores, at.tokens,
      rows, token_groups, head_width, 0, 0};
    const dq_product make_gradients = {
      dout_block, at.width, 1, scratch + at.v_transposed, at.tokens, gradients, at.tokens,
      rows, token_groups, head_width, 0, 0};
    dq_product_run(&make_scores);
    dq_product_run(&make_gradients);
    const uint32_t *words = 0;
    if (threshold > 0) words = draw(rows, tokens, first, &dropout, scratch + at.words);
    for (int64_t row = 0; row < rows; ++row) {
      gradient_row(
        tokens, logsumexp[first + row], kept, threshold, words ? words + row * tokens : 0,
        scores + row * at.tokens, gradients + row * at.tokens);
    }
    const dq_product make_dq = {
      gradients, at.tokens, 1, scratch + at.k, at.width, results, at.width,
      rows, width_groups, tokens, 0, 0};
    const dq_product add_dv = {
      scores, 1, at.tokens, dout_block, at.width, scratch + at.dv, at.width,
      tokens, width_groups, rows, first > 0, 0};
    const dq_product add_dk = {
      gradients, 1, at.tokens, q_block, at.width, scratch + at.dk, at.width,
      tokens, width_groups, rows, first > 0, 0};
    dq_product_run(&make_dq);
    dq_product_run(&add_dv);
    dq_product_run(&add_dk);
    unpack(rows, head_width, scale, results, dq + first * gradient_stride, gradient_stride);
  }
  unpack(tokens, head_width, 1, scratch + at.dv, dv, gradient_stride);
  unpack(tokens, head_width, scale, scratch + at.dk, dk, gradient_stride);
}
