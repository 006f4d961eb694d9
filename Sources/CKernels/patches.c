#include "CKernels.h"

#include <stddef.h>

// Pictures [images, channels, height, width] cut into square patches, and the adjoint.
//
//     out[n, i, j, (c, y, x)] = pixels[n, c, i patch + y, j patch + x]
// The vector of a patch is ordered channel, row, column, as the weights of the equal convolution
// lie. Only runs of `patch` floats move, so there is nothing to clone.

/// The first float of the patch row (image, i, j, channel, y) in the patch layout.
static inline int64_t patch_row(
  int64_t image, int64_t i, int64_t j, int64_t channel, int64_t y, int64_t grid_rows,
  int64_t grid_columns, int64_t channels, int64_t patch) {
  const int64_t at_patch = (image * grid_rows + i) * grid_columns + j;
  return ((at_patch * channels + channel) * patch + y) * patch;
}

void dq_extract_patches(
  int64_t images, int64_t channels, int64_t height, int64_t width, int64_t patch,
  const float *pixels, float *out) {
  const int64_t grid_rows = height / patch, grid_columns = width / patch;
  const size_t bytes = (size_t)patch * sizeof(float);
  for (int64_t image = 0; image < images; ++image) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const float *plane = pixels + (image * channels + channel) * height * width;
      for (int64_t row = 0; row < grid_rows * patch; ++row) {
        for (int64_t j = 0; j < grid_columns; ++j) {
          const int64_t at = patch_row(
            image, row / patch, j, channel, row % patch, grid_rows, grid_columns, channels, patch);
          __builtin_memcpy(out + at, plane + row * width + j * patch, bytes);
        }
      }
    }
  }
}

void dq_assemble_patches(
  int64_t images, int64_t channels, int64_t height, int64_t width, int64_t patch,
  const float *patches, float *pixels) {
  const int64_t grid_rows = height / patch, grid_columns = width / patch;
  const size_t bytes = (size_t)patch * sizeof(float);
  for (int64_t image = 0; image < images; ++image) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      float *plane = pixels + (image * channels + channel) * height * width;
      for (int64_t row = 0; row < height; ++row) {
        const int64_t covered = row < grid_rows * patch ? grid_columns * patch : 0;
        for (int64_t j = 0; j * patch < covered; ++j) {
          const int64_t at = patch_row(
            image, row / patch, j, channel, row % patch, grid_rows, grid_columns, channels, patch);
          __builtin_memcpy(plane + row * width + j * patch, patches + at, bytes);
        }
        for (int64_t x = covered; x < width; ++x) plane[row * width + x] = 0;
      }
    }
  }
}
