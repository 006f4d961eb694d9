/// The loops a CPU spends its time in, forward beside backward, each documented with its formula in
/// the `.c` file of its family.
///
/// Conventions, everywhere:
/// - Arrays are Float32 and row-major; sizes, strides and counts are `int64_t`, in elements.
/// - Nothing is allocated, nothing global is written, and read only the level of instructions
///   (CInstructions.h); no thread is started. The caller splits the work by calling on disjoint
///   ranges of rows or elements.
/// - A size of zero is legal and does nothing.
/// - "ADDS" means the destination is added to; otherwise it is overwritten.
/// - Only where "in place" is stated may a destination equal (never partly overlap) a source.
#ifndef DQ_CKERNELS_H
#define DQ_CKERNELS_H

#include <stdint.h>

#include "thread_pool.h"

// MARK: elementwise.c. All in place: a destination may equal any source.

/// out[i] = a[i] + b[i].
void dq_add(int64_t n, const float *a, const float *b, float *out);
/// out[i] = a[i] * b[i].
void dq_multiply(int64_t n, const float *a, const float *b, float *out);
/// out[i] = s * a[i].
void dq_scale(int64_t n, float s, const float *a, float *out);
/// y[i] += x[i].
void dq_accumulate(int64_t n, const float *x, float *y);
/// y[i] += s * x[i].
void dq_axpy(int64_t n, float s, const float *x, float *y);
/// y[i] = exp(x[i]), relative error below 2e-7; exp(-infinity) = 0.
void dq_exp(int64_t n, const float *x, float *y);
/// y[i] = value.
void dq_fill(int64_t n, float value, float *y);

// MARK: activation.c. All in place.

/// Exact (erf) GELU.
void dq_gelu_forward(int64_t n, const float *x, float *y);
/// dx from the forward input `x` and `dy`; `dx` may equal `dy` or `x`.
void dq_gelu_backward(int64_t n, const float *x, const float *dy, float *dx);
/// y = x * sigmoid(1.702 x), OpenAI CLIP's activation.
void dq_quick_gelu_forward(int64_t n, const float *x, float *y);
void dq_quick_gelu_backward(int64_t n, const float *x, const float *dy, float *dx);
/// NaN stays NaN.
void dq_relu_forward(int64_t n, const float *x, float *y);
/// dx from the forward result `y` and `dy`; `dx` may equal either.
void dq_relu_backward(int64_t n, const float *y, const float *dy, float *dx);
/// y [rows, width] += bias [width] on every row.
void dq_bias_add(int64_t rows, int64_t width, const float *bias, float *y);

// MARK: random.c

/// The 32 random bits that belong to (`key`, `site`, `index`), whatever was drawn before.
uint32_t dq_random_uint32(uint64_t key, uint32_t site, uint64_t index);
/// y[i] = keep ? x[i] / (1 - rate) : 0, where keep depends only on (key, site, first_index + i).
/// Apply it to `x` in the forward pass and to `dy` in the backward pass. `rate` is in [0, 1]. In
/// place.
void dq_dropout(
  int64_t n, uint64_t first_index, uint64_t key, uint32_t site, float rate, const float *x,
  float *y);

// MARK: layer_norm.c

/// x, y [rows, width]; scale, shift [width]; mean, reciprocal_deviation [rows]. `y` may equal `x`.
void dq_layer_norm_forward(
  int64_t rows, int64_t width, const float *x, const float *scale, const float *shift,
  float epsilon, float *y, float *mean, float *reciprocal_deviation);
/// x, dy, dx [rows, width]; `dx` may equal `dy` or `x`.
void dq_layer_norm_backward_input(
  int64_t rows, int64_t width, const float *x, const float *scale, const float *mean,
  const float *reciprocal_deviation, const float *dy, float *dx);
/// ADDS the sums over rows into dscale, dshift [width].
void dq_layer_norm_backward_parameters(
  int64_t rows, int64_t width, const float *x, const float *mean,
  const float *reciprocal_deviation, const float *dy, float *dscale, float *dshift);

// MARK: batch_norm.c. Statistics, scale and shift [width] are those of columns.

/// ADDS the sums over rows of (x - mean)^2 into out [width].
void dq_column_squares(
  int64_t rows, int64_t width, const float *x, const float *mean, float *out);
/// y = (x - mean) / sqrt(variance + epsilon) * scale + shift for x, y [rows, width]; `y` may equal
/// `x`.
void dq_batch_norm_forward(
  int64_t rows, int64_t width, const float *x, const float *scale, const float *shift,
  const float *mean, const float *variance, float epsilon, float *y);
/// ADDS the sums over rows into dscale, dshift [width].
void dq_batch_norm_backward_parameters(
  int64_t rows, int64_t width, const float *x, const float *mean, const float *variance,
  float epsilon, const float *dy, float *dscale, float *dshift);
/// dx [rows, width] where the statistics are those of `count` rows, these among them; dscale and
/// dshift are sums over all of them. `dx` may equal `dy` or `x`.
void dq_batch_norm_backward_input(
  int64_t rows, int64_t width, int64_t count, const float *x, const float *scale,
  const float *mean, const float *variance, float epsilon, const float *dscale,
  const float *dshift, const float *dy, float *dx);
/// dx = dy * scale / sqrt(variance + epsilon); `dx` may equal `dy`.
void dq_fixed_batch_norm_backward_input(
  int64_t rows, int64_t width, const float *scale, const float *variance, float epsilon,
  const float *dy, float *dx);

// MARK: l2_norm.c

/// y = x / max(|x|, epsilon) for each row of x, y [rows, width]; reciprocal_norm [rows] keeps
/// 1 / max(|x|, epsilon). `y` may equal `x`.
void dq_l2_normalize_forward(
  int64_t rows, int64_t width, const float *x, float epsilon, float *y, float *reciprocal_norm);
/// dx from the forward results; `dx` may equal `dy` or `y`.
void dq_l2_normalize_backward(
  int64_t rows, int64_t width, const float *y, const float *reciprocal_norm, const float *dy,
  float *dx);

// MARK: cosine.c

/// cosines[r] = x[r] . target[r] / (max(|x[r]|, epsilon) max(|target[r]|, epsilon)) for rows of x,
/// target [rows, width].
void dq_cosines(
  int64_t rows, int64_t width, const float *x, const float *target, float epsilon,
  float *cosines);
/// dx[r] = weight times the derivative of row r's cosine by x[r]; `dx` may equal `x` or `target`.
void dq_cosine_backward(
  int64_t rows, int64_t width, const float *x, const float *target, float epsilon, float weight,
  float *dx);

// MARK: interpolation.c

/// y [rows, to_width] from x [rows, from_width]: element d lies at max(0, (d + 1/2) from_width /
/// to_width - 1/2) and is interpolated linearly between its neighbours.
void dq_interpolate_width(
  int64_t rows, int64_t from_width, int64_t to_width, const float *x, float *y);
/// The adjoint: dx [rows, from_width] from dy [rows, to_width].
void dq_interpolate_width_backward(
  int64_t rows, int64_t from_width, int64_t to_width, const float *dy, float *dx);

// MARK: dot_products.c

/// c[i, j] = a[i] . b[j] for rows of a [m, depth] and b [n, depth], rows of c `stride` apart; equal
/// pairs of rows give equal bits wherever they stand.
void dq_dot_products(
  int64_t m, int64_t n, int64_t depth, const float *a, const float *b, float *c, int64_t stride);

// MARK: reduction.c

/// ADDS the sums over the rows of x [rows, width] into out [width].
void dq_column_sum(int64_t rows, int64_t width, const float *x, float *out);
/// Sum of squares in Double, in an order that does not depend on the vector width.
double dq_sum_squares(int64_t n, const float *x);
/// Sum in Double, in an order that does not depend on the vector width.
double dq_sum(int64_t n, const float *x);

// MARK: embedding.c

/// out[r] = table[ids[r]]: ids [rows], table [any, width], out [rows, width]. Ids are not checked.
void dq_gather_rows(
  int64_t rows, int64_t width, const int32_t *ids, const float *table, float *out);
/// ADDS dy[r] into dtable[ids[r]] for the columns [column_begin, column_end) only, rows in order,
/// so that threads that split the columns give the same bits as one thread.
void dq_scatter_add_rows(
  int64_t rows, int64_t width, int64_t column_begin, int64_t column_end, const int32_t *ids,
  const float *dy, float *dtable);

// MARK: attention.c. One sequence and one head per call.

/// Which random bits decide the dropout of the attention probabilities: probability (i, j) belongs
/// to index `first_index + i * tokens + j`. With `rate` 0 no bits are drawn.
typedef struct {
  uint64_t key;
  uint64_t first_index;
  uint32_t site;
  float rate;
} dq_attention_dropout;

/// Floats of scratch that either direction needs; the caller aligns the scratch to 64 bytes.
int64_t dq_attention_scratch_count(int64_t tokens, int64_t head_width);
/// out = dropout(softmax(scale * q k^T)) v for q, k, v, out [tokens, head_width]. A stride is the
/// number of floats between consecutive tokens. logsumexp [tokens] is kept for the gradient.
void dq_attention_forward(
  int64_t tokens, int64_t head_width, const float *q, int64_t q_stride, const float *k,
  int64_t k_stride, const float *v, int64_t v_stride, float scale, dq_attention_dropout dropout,
  float *out, int64_t out_stride, float *logsumexp, float *scratch);
/// Writes dq, dk, dv [tokens, head_width], all with `gradient_stride`; they overlap no input.
void dq_attention_backward(
  int64_t tokens, int64_t head_width, const float *q, int64_t q_stride, const float *k,
  int64_t k_stride, const float *v, int64_t v_stride, const float *dout, int64_t out_stride,
  const float *logsumexp, float scale, dq_attention_dropout dropout, float *dq, float *dk,
  float *dv, int64_t gradient_stride, float *scratch);

// MARK: patches.c

/// pixels [images, channels, height, width] to out [images, rows of patches, columns of patches,
/// channels * patch * patch]. Pixels that fill no whole patch, at the bottom and right, are left
/// out.
void dq_extract_patches(
  int64_t images, int64_t channels, int64_t height, int64_t width, int64_t patch,
  const float *pixels, float *out);
/// The adjoint: writes every pixel, 0 where no patch covers it.
void dq_assemble_patches(
  int64_t images, int64_t channels, int64_t height, int64_t width, int64_t patch,
  const float *patches, float *pixels);

// MARK: convolution.c. Maps are [images, side, side, channels], results [images, places, places].

/// How filters of `kernel` by `kernel` pixels move over maps `side` by `side`.
typedef struct {
  int64_t side;
  /// How many places a filter takes each way.
  int64_t places;
  int64_t kernel;
  int64_t stride;
  int64_t padding;
} dq_windows;

/// out [place_end - place_begin, kernel * kernel * channels]: the pixels of x under the filter at
/// these places, counted over all images; zeros outside the map.
void dq_gather_windows(
  dq_windows windows, int64_t channels, int64_t place_begin, int64_t place_end, const float *x,
  float *out);
/// The adjoint's operand, out [pixel_end - pixel_begin, kernel * kernel * channels]: for pixels of
/// x, counted over all images, the values of dy [images, places, places, channels] at the places
/// where each tap of the filter lay on the pixel; zeros where there is none.
void dq_gather_places(
  dq_windows windows, int64_t channels, int64_t pixel_begin, int64_t pixel_end, const float *dy,
  float *out);
/// to [count, columns, rows] from `from` [count, rows, columns].
void dq_transpose_matrices(
  int64_t count, int64_t rows, int64_t columns, const float *from, float *to);

// MARK: pooling.c. Maps are [images, side, side, channels].

/// Means of windows, for the places [place_begin, place_end) of all images' results.
void dq_average_windows(
  int64_t side, int64_t window, int64_t channels, int64_t place_begin, int64_t place_end,
  const float *x, float *y);
/// The adjoint, for the pixels [pixel_begin, pixel_end) of all images' maps.
void dq_spread_windows(
  int64_t side, int64_t window, int64_t channels, int64_t pixel_begin, int64_t pixel_end,
  const float *dy, float *dx);

// MARK: panels.c. Matrix products over a packed right operand. Columns are a multiple of 16, packed
// operands and results are aligned to 64 bytes.

/// Whether this machine has the registers that panels are made for; if not, a BLAS is faster.
int dq_panels_are_fast(void);
/// How many panels hold this many columns.
int64_t dq_panel_count(int64_t columns);
/// Floats of one panel.
int64_t dq_panel_floats(int64_t depth);
/// Packs one panel of op(b) [depth, columns]: b as it is, or b [columns, depth] transposed.
/// `stride` is the number of floats between b's rows.
void dq_pack_panel(
  int64_t depth, int64_t columns, int transposes, const float *b, int64_t stride, int64_t panel,
  float *to);
/// c [rows, columns] = start + a [rows, depth] op(b); `start` [columns] may be NULL. `a_stride` is
/// the number of floats between a's rows. A row's result does not depend on the other rows.
void dq_panel_product(
  int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_stride,
  const float *panels, const float *start, float *c);

/// Packs one panel of op(b) [2 pairs, columns] in words of neighbours along the depth.
void dq_pack_bfloat16_panel(
  int64_t pairs, int64_t columns, int transposes, const float *b, int64_t stride, int64_t panel,
  float *to);
/// c [rows, columns] = start + a op(b) for a [rows, pairs] in words of neighbours.
void dq_bfloat16_panel_product(
  int64_t rows, int64_t columns, int64_t pairs, const float *a, const float *panels,
  const float *start, float *c);

// MARK: weight_gradient.c

/// Rows m_begin ..< m_end of c [m, n] = a^T b for a [rows, m] and b [rows, n]; ADDS if
/// `accumulate`. n is a multiple of 16, c is aligned to 64 bytes. A row of c does not depend on the
/// range.
void dq_weight_gradient(
  int64_t rows, int64_t m, int64_t n, const float *a, const float *b, int64_t m_begin,
  int64_t m_end, int accumulate, float *c);

/// The same over rows begin ..< end of a and b in panels of words, `length` rows each, as
/// `dq_round_rows` makes them: a's are DQ_LEFT_PANEL wide, b's DQ_RIGHT_PANEL. m_begin and m_end
/// are multiples of the former, or m.
#define DQ_LEFT_PANEL 32
#define DQ_RIGHT_PANEL 48
void dq_bfloat16_weight_gradient(
  int64_t length, int64_t begin, int64_t end, int64_t m, int64_t n, const float *a,
  const float *b, int64_t m_begin, int64_t m_end, int accumulate, float *c);

// MARK: bfloat16.c. Words of two BF16 each, passed as floats; for machines whose
// `dq_bfloat16_is_fast` is not 0 alone, as are the functions of panels.c and weight_gradient.c with
// that name.

int dq_bfloat16_is_fast(void);
/// Whether the processor multiplies them, whatever instructions are in use.
int dq_processor_has_bfloat16(void);
/// Rounds x [2 pairs] to words of neighbours.
void dq_round_neighbours(int64_t pairs, const float *x, float *words);
/// Rounds x [rows, width] to (rows + 1) / 2 rows of words, each of an element and the one below it;
/// zeros are below the last row of an odd number. They become rows from `begin` on of panels of
/// `length` rows of words, one panel after the other, the last one as wide as is left.
void dq_round_rows(
  int64_t rows, int64_t width, int64_t panel_width, int64_t length, int64_t begin,
  const float *x, float *words);

// MARK: logits.c. A tile S [m, n] of a larger matrix of logits, `stride` floats between rows.

/// Takes every row of the tile into its running maximum and its running sum of exp(S - maximum),
/// row_max, row_sum [m]; start with -infinity and 0. The logarithm of the sum of exponentials is
/// row_max + log(row_sum) at the end.
void dq_row_logsumexp_update(
  int64_t m, int64_t n, const float *S, int64_t stride, float *row_max, float *row_sum);
/// The same for columns: column_max, column_sum [n].
void dq_column_logsumexp_update(
  int64_t m, int64_t n, const float *S, int64_t stride, float *column_max, float *column_sum);
/// out = row_weight * exp(S - row_lse[i]) + column_weight * exp(S - column_lse[j]), out [m, n] with
/// the stride of S; `out` may equal `S`. Entries of -infinity give 0.
void dq_softmax_gradient_tile(
  int64_t m, int64_t n, const float *S, int64_t stride, const float *row_lse,
  const float *column_lse, float row_weight, float column_weight, float *out);
/// Sets to -infinity the entries whose row and column carry the same group, except the matrix's
/// diagonal (first_row + i == first_column + j). row_group [m], column_group [n].
void dq_mask_tile(
  int64_t m, int64_t n, float *S, int64_t stride, const int32_t *row_group,
  const int32_t *column_group, int64_t first_row, int64_t first_column);

// MARK: adamw.c

/// One AdamW step over [n] in PyTorch's order. `gradient_scale` multiplies the gradients first
/// (clipping, averaging); bias_correction1 and 2 are 1 - beta^step.
void dq_adamw(
  int64_t n, float *parameters, const float *gradients, float *first_moment,
  float *second_moment, float learning_rate, float weight_decay, float beta1, float beta2,
  float epsilon, float bias_correction1, float bias_correction2, float gradient_scale);

// MARK: moving_average.c

/// average = decay * average + (1 - decay) * value over [n]; the two do not overlap.
void dq_moving_average(int64_t n, float decay, const float *values, float *average);

#endif
