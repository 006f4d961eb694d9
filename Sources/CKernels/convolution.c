#include "CKernels.h"

#include <stddef.h>

// Convolutions of square maps x [images, side, side, channels] as products of windows with filters,
// windows gathered for a block of places at a time.
//
//     y[n, i, j] = sum over u, v of w[u, v] x[n, i s + u - p, j s + v - p]
// A row of the gathered matrix holds, for one place (n, i, j), the pixels under the filter in the
// order (u, v, channel), zeros where the filter reaches over the edge. The adjoint gathers, for one
// pixel (n, a, b) of x, the places of y that it took part in:
//     dx[n, a, b] = sum over u, v of w[u, v]^T dy[n, (a + p - u) / s, (b + p - v) / s]
// Only runs of `channels` floats move, so there is nothing to clone.

/// One pixel of a map to a row of the gathered matrix, or zeros for a place outside.
static inline void gather_pixel(
  int64_t channels, int64_t side, int64_t row, int64_t column, int is_inside, const float *map,
  float *to) {
  if (is_inside && row >= 0 && row < side && column >= 0 && column < side) {
    __builtin_memcpy(
      to, map + (row * side + column) * channels, (size_t)channels * sizeof(float));
  } else {
    __builtin_memset(to, 0, (size_t)channels * sizeof(float));
  }
}

void dq_gather_windows(
  dq_windows windows, int64_t channels, int64_t place_begin, int64_t place_end, const float *x,
  float *out) {
  const int64_t side = windows.side, places = windows.places;
  for (int64_t place = place_begin; place < place_end; ++place) {
    const float *map = x + place / (places * places) * side * side * channels;
    const int64_t top = place / places % places * windows.stride - windows.padding;
    const int64_t left = place % places * windows.stride - windows.padding;
    for (int64_t u = 0; u < windows.kernel; ++u) {
      for (int64_t v = 0; v < windows.kernel; ++v, out += channels) {
        gather_pixel(channels, side, top + u, left + v, 1, map, out);
      }
    }
  }
}

void dq_gather_places(
  dq_windows windows, int64_t channels, int64_t pixel_begin, int64_t pixel_end, const float *dy,
  float *out) {
  const int64_t side = windows.side, places = windows.places, stride = windows.stride;
  for (int64_t pixel = pixel_begin; pixel < pixel_end; ++pixel) {
    const float *map = dy + pixel / (side * side) * places * places * channels;
    for (int64_t u = 0; u < windows.kernel; ++u) {
      for (int64_t v = 0; v < windows.kernel; ++v, out += channels) {
        const int64_t row = pixel / side % side + windows.padding - u;
        const int64_t column = pixel % side + windows.padding - v;
        const int is_place = row >= 0 && column >= 0 && row % stride == 0 && column % stride == 0;
        gather_pixel(channels, places, row / stride, column / stride, is_place, map, out);
      }
    }
  }
}

void dq_transpose_matrices(
  int64_t count, int64_t rows, int64_t columns, const float *from, float *to) {
  for (int64_t matrix = 0; matrix < count; ++matrix) {
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        to[(matrix * columns + column) * rows + row] =
          from[(matrix * rows + row) * columns + column];
      }
    }
  }
}
