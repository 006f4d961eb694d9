#include <math.h>
#include <stdlib.h>

#include "CImageCodecs.h"

// The taps of one axis. Output i, with scale = in / out, support = 2 max(1, scale) and centre
// c = (i + 0.5) scale, sums inputs from max(0, int(c - support + 0.5)) up to
// min(in, int(c + support + 0.5)), weighted by the cubic of a = -0.5 (Keys 1981, equation 8) at
// (x - c + 0.5) / max(1, scale), normalized, as integers of 22 fractional bits.

enum { FRACTION_BITS = 22 };

typedef struct {
  /// Taps that every output has room for.
  int64_t room;
  int64_t *first;
  int64_t *count;
  int32_t *weights;
} axis_taps;

static double cubic(double t) {
  t = fabs(t);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

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
      const double weight = cubic(((double)x - centre + 0.5) / filter_scale);
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

static inline uint8_t rounded(int32_t sum) {
  const int32_t value = sum >> FRACTION_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void resize_rows(
  const uint8_t *source, int64_t source_width, int64_t height, const axis_taps *taps,
  int64_t target_width, uint8_t *target) {
  for (int64_t y = 0; y < height; y++) {
    const uint8_t *row = source + y * source_width * 3;
    uint8_t *out = target + y * target_width * 3;
    for (int64_t x = 0; x < target_width; x++) {
      const uint8_t *pixel = row + taps->first[x] * 3;
      const int32_t *weights = taps->weights + x * taps->room;
      int32_t red = 1 << (FRACTION_BITS - 1), green = red, blue = red;
      for (int64_t k = 0; k < taps->count[x]; k++) {
        red += weights[k] * pixel[3 * k];
        green += weights[k] * pixel[3 * k + 1];
        blue += weights[k] * pixel[3 * k + 2];
      }
      out[3 * x] = rounded(red);
      out[3 * x + 1] = rounded(green);
      out[3 * x + 2] = rounded(blue);
    }
  }
}

static void resize_columns(
  const uint8_t *source, int64_t width, const axis_taps *taps, int64_t target_height,
  int32_t *sums, uint8_t *target) {
  const int64_t row_count = width * 3;
  for (int64_t y = 0; y < target_height; y++) {
    const int32_t *weights = taps->weights + y * taps->room;
    for (int64_t i = 0; i < row_count; i++) sums[i] = 1 << (FRACTION_BITS - 1);
    for (int64_t k = 0; k < taps->count[y]; k++) {
      const uint8_t *row = source + (taps->first[y] + k) * row_count;
      const int32_t weight = weights[k];
      for (int64_t i = 0; i < row_count; i++) sums[i] += weight * row[i];
    }
    for (int64_t i = 0; i < row_count; i++) target[y * row_count + i] = rounded(sums[i]);
  }
}

dq_image_status dq_resize_bicubic(
  const uint8_t *source, int64_t source_width, int64_t source_height, uint8_t *target,
  int64_t target_width, int64_t target_height) {
  axis_taps across = {0}, down = {0};
  uint8_t *between = malloc((size_t)(target_width * source_height * 3));
  int32_t *sums = malloc((size_t)target_width * 3 * sizeof *sums);
  dq_image_status status = dq_image_out_of_memory;
  if (between && sums && make_taps(source_width, target_width, &across)
      && make_taps(source_height, target_height, &down)) {
    const uint8_t *wide = source;
    if (source_width != target_width) {
      resize_rows(source, source_width, source_height, &across, target_width, between);
      wide = between;
    }
    if (source_height != target_height) {
      resize_columns(wide, target_width, &down, target_height, sums, target);
    } else {
      for (int64_t i = 0; i < target_width * target_height * 3; i++) target[i] = wide[i];
    }
    status = dq_image_ok;
  }
  free_taps(&across);
  free_taps(&down);
  free(between);
  free(sums);
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
