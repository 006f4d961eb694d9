#include "CKernels.h"
#include "clones.h"

// Batch normalization of each column of x [rows, width] (Ioffe and Szegedy 2015, arXiv:1502.03167,
// algorithm 1), with r = 1 / sqrt(variance + epsilon) of the column and n = (x - mean) r.
//
//     y = n scale + shift
// Gradient, where `count` rows made the statistics:
//     dscale = sum over rows of dy n,  dshift = sum over rows of dy
//     dx = scale r (dy - dshift / count - n dscale / count)
// and dx = scale r dy where the statistics were given.
//
// Columns go in groups of 64, whose factors are computed once for all the rows.

enum { group_width = 64 };

DQ_INLINE int64_t group_end(int64_t column, int64_t width) {
  return width - column < group_width ? width - column : group_width;
}

DQ_INLINE float reciprocal_deviation(float variance, float epsilon) {
  return 1 / __builtin_sqrtf(variance + epsilon);
}

DQ_CLONES(
  void, dq_column_squares,
  (int64_t rows, int64_t width, const float *x, const float *mean, float *out),
  (rows, width, x, mean, out)) {
  for (int64_t column = 0; column < width; column += group_width) {
    const int64_t group = group_end(column, width);
    float sum[group_width] = {0};
    for (int64_t row = 0; row < rows; ++row) {
      const float *xr = x + row * width + column;
      DQ_ELEMENTWISE
      for (int64_t i = 0; i < group; ++i) {
        const float centered = xr[i] - mean[column + i];
        sum[i] += centered * centered;
      }
    }
    for (int64_t i = 0; i < group; ++i) out[column + i] += sum[i];
  }
}

DQ_CLONES(
  void, dq_batch_norm_forward,
  (int64_t rows, int64_t width, const float *x, const float *scale, const float *shift,
   const float *mean, const float *variance, float epsilon, float *y),
  (rows, width, x, scale, shift, mean, variance, epsilon, y)) {
  for (int64_t column = 0; column < width; column += group_width) {
    const int64_t group = group_end(column, width);
    float factor[group_width];
    for (int64_t i = 0; i < group; ++i) {
      factor[i] = scale[column + i] * reciprocal_deviation(variance[column + i], epsilon);
    }
    for (int64_t row = 0; row < rows; ++row) {
      const float *xr = x + row * width + column;
      float *yr = y + row * width + column;
      DQ_ELEMENTWISE
      for (int64_t i = 0; i < group; ++i) {
        yr[i] = (xr[i] - mean[column + i]) * factor[i] + shift[column + i];
      }
    }
  }
}

DQ_CLONES(
  void, dq_batch_norm_backward_parameters,
  (int64_t rows, int64_t width, const float *x, const float *mean, const float *variance,
   float epsilon, const float *dy, float *dscale, float *dshift),
  (rows, width, x, mean, variance, epsilon, dy, dscale, dshift)) {
  for (int64_t column = 0; column < width; column += group_width) {
    const int64_t group = group_end(column, width);
    float scale_sum[group_width] = {0}, shift_sum[group_width] = {0};
    for (int64_t row = 0; row < rows; ++row) {
      const float *xr = x + row * width + column;
      const float *dyr = dy + row * width + column;
      DQ_ELEMENTWISE
      for (int64_t i = 0; i < group; ++i) {
        scale_sum[i] += dyr[i] * (xr[i] - mean[column + i]);
        shift_sum[i] += dyr[i];
      }
    }
    for (int64_t i = 0; i < group; ++i) {
      dscale[column + i] +=
        scale_sum[i] * reciprocal_deviation(variance[column + i], epsilon);
      dshift[column + i] += shift_sum[i];
    }
  }
}

DQ_CLONES(
  void, dq_batch_norm_backward_input,
  (int64_t rows, int64_t width, int64_t count, const float *x, const float *scale,
   const float *mean, const float *variance, float epsilon, const float *dscale,
   const float *dshift, const float *dy, float *dx),
  (rows, width, count, x, scale, mean, variance, epsilon, dscale, dshift, dy, dx)) {
  for (int64_t column = 0; column < width; column += group_width) {
    const int64_t group = group_end(column, width);
    float factor[group_width], slope[group_width], offset[group_width];
    for (int64_t i = 0; i < group; ++i) {
      const float r = reciprocal_deviation(variance[column + i], epsilon);
      factor[i] = scale[column + i] * r;
      slope[i] = r * dscale[column + i] / (float)count;
      offset[i] = dshift[column + i] / (float)count;
    }
    for (int64_t row = 0; row < rows; ++row) {
      const float *xr = x + row * width + column;
      const float *dyr = dy + row * width + column;
      float *dxr = dx + row * width + column;
      DQ_ELEMENTWISE
      for (int64_t i = 0; i < group; ++i) {
        dxr[i] = factor[i] * (dyr[i] - offset[i] - (xr[i] - mean[column + i]) * slope[i]);
      }
    }
  }
}

DQ_CLONES(
  void, dq_fixed_batch_norm_backward_input,
  (int64_t rows, int64_t width, const float *scale, const float *variance, float epsilon,
   const float *dy, float *dx),
  (rows, width, scale, variance, epsilon, dy, dx)) {
  for (int64_t column = 0; column < width; column += group_width) {
    const int64_t group = group_end(column, width);
    float factor[group_width];
    for (int64_t i = 0; i < group; ++i) {
      factor[i] = scale[column + i] * reciprocal_deviation(variance[column + i], epsilon);
    }
    for (int64_t row = 0; row < rows; ++row) {
      const float *dyr = dy + row * width + column;
      float *dxr = dx + row * width + column;
      DQ_ELEMENTWISE
      for (int64_t i = 0; i < group; ++i) dxr[i] = dyr[i] * factor[i];
    }
  }
}
