#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "cubic.h"

// What Pillow's resize does to a picture that is not plain RGB, and its way to RGB afterwards.
// Channels are resized each for itself, so the fourth one is resized as a grey RGB of its own.

/// round(a * b / 255), exactly.
static int product_over_255(int a, int b) {
  const int product = a * b + 128;
  return (product + (product >> 8)) >> 8;
}

static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb) {
  const int light = 255 - cmyk[3];
  for (int channel = 0; channel < 3; channel++) {
    rgb[channel] = (uint8_t)(light - product_over_255(cmyk[channel], light));
  }
}

void dq_convert_to_rgb(
  const uint8_t *source, dq_image_mode mode, int64_t pixel_count, uint8_t *rgb) {
  for (int64_t i = 0; i < pixel_count; i++) {
    switch (mode) {
      case dq_mode_rgb:
      case dq_mode_indexed: memcpy(rgb + 3 * i, source + 3 * i, 3); break;
      case dq_mode_rgba: memcpy(rgb + 3 * i, source + 4 * i, 3); break;
      case dq_mode_cmyk: cmyk_to_rgb(source + 4 * i, rgb + 3 * i); break;
      case dq_mode_grey16:
        memset(rgb + 3 * i, source[2 * i] ? 255 : source[2 * i + 1], 3);
        break;
    }
  }
}

/// Where the output pixels of an axis lie in the source. Places are summed up, not multiplied, for
/// Pillow's rounding.
static void nearest_places(int64_t in, int64_t out, int64_t *places) {
  const double scale = (double)in / (double)out;
  double place = scale * 0.5;
  for (int64_t i = 0; i < out; i++) {
    const int64_t whole = (int64_t)place;
    places[i] = whole < in ? whole : in - 1;
    place += scale;
  }
}

static dq_image_status resize_nearest(
  const uint8_t *source, int64_t source_width, int64_t source_height, uint8_t *target,
  int64_t target_width, int64_t target_height) {
  int64_t *columns = malloc((size_t)(target_width + target_height) * sizeof *columns);
  if (!columns) return dq_image_out_of_memory;
  int64_t *rows = columns + target_width;
  nearest_places(source_width, target_width, columns);
  nearest_places(source_height, target_height, rows);
  for (int64_t y = 0; y < target_height; y++) {
    const uint8_t *row = source + rows[y] * source_width * 3;
    for (int64_t x = 0; x < target_width; x++) {
      memcpy(target + (y * target_width + x) * 3, row + columns[x] * 3, 3);
    }
  }
  free(columns);
  return dq_image_ok;
}

/// The colours of RGBA, premultiplied, or of CMYK.
static void take_colours(const uint8_t *source, dq_image_mode mode, int64_t count, uint8_t *rgb) {
  for (int64_t i = 0; i < count; i++) {
    const uint8_t *pixel = source + 4 * i;
    for (int channel = 0; channel < 3; channel++) {
      rgb[3 * i + channel] = mode == dq_mode_rgba
        ? (uint8_t)product_over_255(pixel[channel], pixel[3]) : pixel[channel];
    }
  }
}

static void take_fourth(const uint8_t *source, int64_t count, uint8_t *rgb) {
  for (int64_t i = 0; i < count; i++) memset(rgb + 3 * i, source[4 * i + 3], 3);
}

/// Gives colours back what was taken by their alpha; alpha is dropped with that.
static void divide_by_alpha(uint8_t *rgb, const uint8_t *alpha, int64_t count) {
  for (int64_t i = 0; i < 3 * count; i++) {
    if (alpha[i] == 0 || alpha[i] == 255) continue;
    const int colour = 255 * rgb[i] / alpha[i];
    rgb[i] = (uint8_t)(colour > 255 ? 255 : colour);
  }
}

static void ink_to_rgb(uint8_t *colours, const uint8_t *black, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    uint8_t *pixel = colours + 3 * i;
    const uint8_t cmyk[4] = {pixel[0], pixel[1], pixel[2], black[3 * i]};
    cmyk_to_rgb(cmyk, pixel);
  }
}

static dq_image_status resize_four_channels(
  const uint8_t *source, dq_image_mode mode, int64_t source_width, int64_t source_height,
  uint8_t *target, int64_t target_width, int64_t target_height) {
  const int64_t source_count = source_width * source_height;
  const int64_t target_count = target_width * target_height;
  uint8_t *part = malloc((size_t)source_count * 3);
  uint8_t *fourth = malloc((size_t)target_count * 3);
  dq_image_status status = part && fourth ? dq_image_ok : dq_image_out_of_memory;
  if (status == dq_image_ok) {
    take_colours(source, mode, source_count, part);
    status = dq_resize_bicubic(
      part, source_width, source_height, target, target_width, target_height);
  }
  if (status == dq_image_ok) {
    take_fourth(source, source_count, part);
    status = dq_resize_bicubic(
      part, source_width, source_height, fourth, target_width, target_height);
  }
  if (status == dq_image_ok) {
    if (mode == dq_mode_rgba) divide_by_alpha(target, fourth, target_count);
    if (mode == dq_mode_cmyk) ink_to_rgb(target, fourth, target_count);
  }
  free(part);
  free(fourth);
  return status;
}

/// Lines of numbers along an axis: number i of line j stands at i * step + j * line_step.
typedef struct {
  int64_t count;
  int64_t step;
  int64_t line_step;
} axis;

/// One pass of the bicubic resize of 16 bits; the taps are those of resize.c, not made integers.
static int resize_axis16(
  const uint16_t *source, axis from, uint16_t *target, axis to, int64_t line_count) {
  const double scale = (double)from.count / (double)to.count;
  const double filter_scale = scale < 1 ? 1 : scale;
  const double support = 2 * filter_scale;
  double *weights = malloc(((size_t)(support + 1) * 2 + 2) * sizeof *weights);
  if (!weights) return 0;
  for (int64_t i = 0; i < to.count; i++) {
    const double centre = ((double)i + 0.5) * scale;
    int64_t first = (int64_t)(centre - support + 0.5);
    int64_t end = (int64_t)(centre + support + 0.5);
    if (first < 0) first = 0;
    if (end > from.count) end = from.count;
    double total = 0;
    for (int64_t x = first; x < end; x++) {
      weights[x - first] = dq_cubic(((double)x - centre + 0.5) / filter_scale);
      total += weights[x - first];
    }
    for (int64_t line = 0; line < line_count; line++) {
      const uint16_t *taps = source + first * from.step + line * from.line_step;
      double sum = 0;
      for (int64_t k = 0; k < end - first; k++) sum += taps[k * from.step] * (weights[k] / total);
      const double rounded = sum + 0.5;
      target[i * to.step + line * to.line_step] =
        rounded < 0 ? 0 : rounded > 65535 ? 65535 : (uint16_t)rounded;
    }
  }
  free(weights);
  return 1;
}

/// Across, then down, or the other way round as dq_resize_bicubic does. `numbers` is the source.
static int resize_plane16(
  const uint16_t *numbers, int64_t width, int64_t height, uint16_t *between, uint16_t *target,
  int64_t target_width, int64_t target_height) {
  const axis across = {width, 1, width}, down = {height, width, 1};
  if (height > 100 * width && target_height < height) {
    const axis lower = {target_height, width, 1}, rows = {width, 1, width};
    const axis narrow = {target_width, 1, target_width};
    return resize_axis16(numbers, down, between, lower, width)
      && resize_axis16(between, rows, target, narrow, target_height);
  }
  const axis narrow = {target_width, 1, target_width};
  const axis columns = {height, target_width, 1}, lower = {target_height, target_width, 1};
  return resize_axis16(numbers, across, between, narrow, height)
    && resize_axis16(between, columns, target, lower, target_width);
}

static dq_image_status resize_grey16(
  const uint8_t *source, int64_t source_width, int64_t source_height, uint8_t *target,
  int64_t target_width, int64_t target_height) {
  const int64_t count = source_width * source_height;
  const int64_t target_count = target_width * target_height;
  const int64_t across = target_width * source_height, down = source_width * target_height;
  const int is_tall = source_height > 100 * source_width && target_height < source_height;
  uint16_t *numbers = malloc((size_t)count * sizeof *numbers);
  uint16_t *between = malloc((size_t)(is_tall ? down : across) * sizeof *between);
  uint16_t *small = malloc((size_t)target_count * sizeof *small);
  int is_done = numbers && between && small;
  if (is_done) {
    for (int64_t i = 0; i < count; i++) {
      numbers[i] = (uint16_t)(source[2 * i] << 8 | source[2 * i + 1]);
    }
    is_done = resize_plane16(
      numbers, source_width, source_height, between, small, target_width, target_height);
  }
  if (is_done) {
    for (int64_t i = 0; i < target_count; i++) {
      memset(target + 3 * i, small[i] > 255 ? 255 : small[i], 3);
    }
  }
  free(numbers);
  free(between);
  free(small);
  return is_done ? dq_image_ok : dq_image_out_of_memory;
}

dq_image_status dq_resize_in_mode(
  const uint8_t *source, dq_image_mode mode, int64_t source_width, int64_t source_height,
  uint8_t *target, int64_t target_width, int64_t target_height) {
  if (source_width == target_width && source_height == target_height) {
    dq_convert_to_rgb(source, mode, source_width * source_height, target);
    return dq_image_ok;
  }
  switch (mode) {
    case dq_mode_rgb:
      return dq_resize_bicubic(
        source, source_width, source_height, target, target_width, target_height);
    case dq_mode_indexed:
      return resize_nearest(
        source, source_width, source_height, target, target_width, target_height);
    case dq_mode_grey16:
      return resize_grey16(
        source, source_width, source_height, target, target_width, target_height);
    default:
      return resize_four_channels(
        source, mode, source_width, source_height, target, target_width, target_height);
  }
}
