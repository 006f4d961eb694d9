#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "CInstructions.h"
#include "cubic.h"

// The taps of one axis. Output i, with scale = in / out, support = 2 max(1, scale) and centre
// c = (i + 0.5) scale, sums inputs from max(0, int(c - support + 0.5)) up to
// min(in, int(c + support + 0.5)), weighted by the cubic of a = -0.5 (Keys 1981, equation 8) at
// (x - c + 0.5) / max(1, scale), normalized, as integers of 22 fractional bits.
//
// Source rows come in blocks. A block is resized across, all its rows at once, and each of its
// rows is added right away to the sums of the target rows that it is a tap of. So nothing of the
// source's height is kept, and all inner loops run over neighbours in memory.

enum { FRACTION_BITS = 22, BLOCK_ROWS = 16, BLOCK_BYTES = BLOCK_ROWS * 3 };

typedef int32_t sums16 __attribute__((vector_size(64)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));

typedef struct {
  /// Taps that every output has room for.
  int64_t room;
  int64_t *first;
  int64_t *count;
  int32_t *weights;
} axis_taps;

static void free_taps(axis_taps *taps) {
  free(taps->first);
  free(taps->count);
  free(taps->weights);
}

static int make_taps(int64_t in, int64_t out, axis_taps *taps) {
  const double scale = (double)in / (double)out;
  const double filter_scale = scale < 1 ? 1 : scale;
  const double support = 2 * filter_scale;
  taps->room = (int64_t)ceil(support) * 2 + 1;
  taps->first = malloc((size_t)out * sizeof *taps->first);
  taps->count = malloc((size_t)out * sizeof *taps->count);
  taps->weights = malloc((size_t)(out * taps->room) * sizeof *taps->weights);
  double *exact = malloc((size_t)taps->room * sizeof *exact);
  if (!taps->first || !taps->count || !taps->weights || !exact) {
    free(exact);
    return 0;
  }
  for (int64_t i = 0; i < out; i++) {
    const double centre = ((double)i + 0.5) * scale;
    int64_t first = (int64_t)(centre - support + 0.5);
    int64_t end = (int64_t)(centre + support + 0.5);
    if (first < 0) first = 0;
    if (end > in) end = in;
    double sum = 0;
    for (int64_t x = first; x < end; x++) {
      const double weight = dq_cubic(((double)x - centre + 0.5) / filter_scale);
      exact[x - first] = weight;
      sum += weight;
    }
    int32_t *weights = taps->weights + i * taps->room;
    for (int64_t k = 0; k < end - first; k++) {
      const double scaled = (sum != 0 ? exact[k] / sum : exact[k]) * (1 << FRACTION_BITS);
      weights[k] = (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    taps->first[i] = first;
    taps->count[i] = end - first;
  }
  free(exact);
  return 1;
}

/// Rows [rows, width, 3] to columns [width, BLOCK_ROWS, 3]; what is behind `rows` stays as it was.
static void gather_columns(const uint8_t *source, int64_t width, int64_t rows, uint8_t *columns) {
  for (int64_t row = 0; row < rows; row++) {
    const uint8_t *from = source + row * width * 3;
    uint8_t *to = columns + row * 3;
    for (int64_t x = 0; x < width; x++) memcpy(to + x * BLOCK_BYTES, from + x * 3, 3);
  }
}

/// The inverse of gather_columns.
static void scatter_rows(const uint8_t *columns, int64_t width, int64_t rows, uint8_t *target) {
  for (int64_t row = 0; row < rows; row++) {
    const uint8_t *from = columns + row * 3;
    uint8_t *to = target + row * width * 3;
    for (int64_t x = 0; x < width; x++) memcpy(to + x * 3, from + x * BLOCK_BYTES, 3);
  }
}

/// columns [source width, BLOCK_ROWS, 3] to narrow [target width, BLOCK_ROWS, 3].
static DQ_CLONES(
  void, resize_across,
  (const uint8_t *columns, const axis_taps *taps, int64_t target_width, uint8_t *narrow),
  (columns, taps, target_width, narrow)) {
  const sums16 half = (sums16){0} + (1 << (FRACTION_BITS - 1));
  for (int64_t x = 0; x < target_width; x++) {
    const uint8_t *column = columns + taps->first[x] * BLOCK_BYTES;
    const int32_t *weights = taps->weights + x * taps->room;
    sums16 sums[3] = {half, half, half};
    for (int64_t k = 0; k < taps->count[x]; k++) {
      for (int64_t part = 0; part < 3; part++) {
        bytes16 bytes;
        memcpy(&bytes, column + k * BLOCK_BYTES + part * 16, 16);
        sums[part] += __builtin_convertvector(bytes, sums16) * weights[k];
      }
    }
    for (int64_t part = 0; part < 3; part++) {
      sums16 value = sums[part] >> FRACTION_BITS;
      value &= ~(value >> 31);
      const sums16 is_over = value > 255;
      const bytes16 bytes = __builtin_convertvector((value & ~is_over) | (is_over & 255), bytes16);
      memcpy(narrow + x * BLOCK_BYTES + part * 16, &bytes, 16);
    }
  }
}

static DQ_CLONES(
  void, add_row,
  (const uint8_t *restrict row, int64_t count, int32_t weight, int32_t *restrict sums),
  (row, count, weight, sums)) {
  for (int64_t i = 0; i < count; i++) sums[i] += weight * row[i];
}

static DQ_CLONES(
  void, round_sums, (const int32_t *restrict sums, int64_t count, uint8_t *restrict target),
  (sums, count, target)) {
  for (int64_t i = 0; i < count; i++) {
    const int32_t value = sums[i] >> FRACTION_BITS;
    target[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

/// What is on its way from the source to the target.
typedef struct {
  axis_taps across, down;
  uint8_t *columns;
  uint8_t *narrow;
  /// A block after the resize across: [BLOCK_ROWS, target width, 3].
  uint8_t *rows;
  /// [target height, target width, 3].
  int32_t *sums;
  /// Target rows before this one are written.
  int64_t written;
} resize_state;

static void free_state(resize_state *state) {
  free_taps(&state->across);
  free_taps(&state->down);
  free(state->columns);
  free(state->narrow);
  free(state->rows);
  free(state->sums);
}

static int make_state(
  resize_state *state, int64_t source_width, int64_t source_height, int64_t target_width,
  int64_t target_height) {
  const int64_t sum_count = target_height * target_width * 3;
  // Zeros, because lanes of rows that a short block lacks are computed as well.
  state->columns = calloc((size_t)source_width, BLOCK_BYTES);
  state->narrow = malloc((size_t)target_width * BLOCK_BYTES);
  state->rows = malloc((size_t)target_width * BLOCK_BYTES);
  state->sums = malloc((size_t)sum_count * sizeof *state->sums);
  if (!state->columns || !state->narrow || !state->rows || !state->sums) return 0;
  for (int64_t i = 0; i < sum_count; i++) state->sums[i] = 1 << (FRACTION_BITS - 1);
  return make_taps(source_width, target_width, &state->across)
    && make_taps(source_height, target_height, &state->down);
}

/// Adds row `y` of the source, already resized across, and writes the target rows that it ends.
static void take_row(
  resize_state *state, const uint8_t *row, int64_t y, int64_t row_bytes, int64_t target_height,
  uint8_t *target) {
  const axis_taps *taps = &state->down;
  for (int64_t out = state->written; out < target_height && taps->first[out] <= y; out++) {
    const int64_t tap = y - taps->first[out];
    int32_t *sums = state->sums + out * row_bytes;
    if (tap < taps->count[out]) {
      add_row(row, row_bytes, taps->weights[out * taps->room + tap], sums);
    }
    if (out == state->written && tap + 1 >= taps->count[out]) {
      round_sums(sums, row_bytes, target + out * row_bytes);
      state->written++;
    }
  }
}

/// Across, then down. A pass that changes no size is left out.
static dq_image_status resize_across_and_down(
  const uint8_t *source, int64_t source_width, int64_t source_height, uint8_t *target,
  int64_t target_width, int64_t target_height) {
  const int64_t row_bytes = target_width * 3;
  resize_state state = {0};
  if (!make_state(&state, source_width, source_height, target_width, target_height)) {
    free_state(&state);
    return dq_image_out_of_memory;
  }
  for (int64_t start = 0; start < source_height; start += BLOCK_ROWS) {
    const int64_t left = source_height - start;
    const int64_t rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;
    const uint8_t *block = source + start * source_width * 3;
    if (source_width != target_width) {
      gather_columns(block, source_width, rows, state.columns);
      resize_across(state.columns, &state.across, target_width, state.narrow);
      scatter_rows(state.narrow, target_width, rows, state.rows);
      block = state.rows;
    }
    if (source_height == target_height) {
      memcpy(target + start * row_bytes, block, (size_t)(rows * row_bytes));
      continue;
    }
    for (int64_t row = 0; row < rows; row++) {
      take_row(
        &state, block + row * row_bytes, start + row, row_bytes, target_height, target);
    }
  }
  free_state(&state);
  return dq_image_ok;
}

dq_image_status dq_resize_bicubic(
  const uint8_t *source, int64_t source_width, int64_t source_height, uint8_t *target,
  int64_t target_width, int64_t target_height) {
  // Pillow's exception: a very tall picture that gets lower is resized down first.
  if (source_height <= 100 * source_width || target_height >= source_height) {
    return resize_across_and_down(
      source, source_width, source_height, target, target_width, target_height);
  }
  uint8_t *lower = malloc((size_t)(source_width * target_height * 3));
  dq_image_status status = lower ? dq_image_ok : dq_image_out_of_memory;
  if (status == dq_image_ok) {
    status = resize_across_and_down(
      source, source_width, source_height, lower, source_width, target_height);
  }
  if (status == dq_image_ok) {
    status = resize_across_and_down(
      lower, source_width, target_height, target, target_width, target_height);
  }
  free(lower);
  return status;
}

void dq_normalize_pixels(
  const uint8_t *rgb, int64_t width, int64_t height, const float *mean,
  const float *reciprocal_deviation, float *out) {
  const int64_t count = width * height;
  for (int64_t channel = 0; channel < 3; channel++) {
    for (int64_t i = 0; i < count; i++) {
      const float value = (float)rgb[3 * i + channel] / 255.0f;
      out[channel * count + i] = (value - mean[channel]) * reciprocal_deviation[channel];
    }
  }
}
