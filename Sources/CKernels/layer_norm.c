#include "CKernels.h"
#include "clones.h"
#include "lanes.h"

// Layer normalization of each row of x [rows, width] (Ba, Kiros and Hinton 2016, arXiv:1607.06450,
// equations 3 and 4).
//
//     mean = sum(x) / width,  r = 1 / sqrt(sum((x - mean)^2) / width + epsilon)
//     n = (x - mean) r,       y = n scale + shift
//
// Gradient, with g = dy scale:
//     dx = r (g - sum(g) / width - n sum(g n) / width)
//     dscale = sum over rows of dy n,  dshift = sum over rows of dy
// Sums over the width run in sixteen partial sums; the variance takes a second pass over the row,
// because the difference of two large sums would lose it where the mean is large.

DQ_INLINE float row_mean(int64_t width, const float *x) {
  dq_lanes sum = {0};
  int64_t i = 0;
  for (; i + 16 <= width; i += 16) sum += DQ_LOAD(x + i);
  if (i < width) {
    dq_lanes last;
    dq_load_first(width - i, x + i, &last);
    sum += last;
  }
  return dq_sum_of_lanes(&sum) / (float)width;
}

DQ_INLINE float row_variance(int64_t width, const float *x, float mean) {
  dq_lanes sum = {0};
  int64_t i = 0;
  for (; i + 16 <= width; i += 16) {
    const dq_lanes centered = DQ_LOAD(x + i) - mean;
    sum += centered * centered;
  }
  float squares = dq_sum_of_lanes(&sum);
  for (; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return squares / (float)width;
}

DQ_CLONES(
  void, dq_layer_norm_forward,
  (int64_t rows, int64_t width, const float *x, const float *scale, const float *shift,
   float epsilon, float *y, float *mean, float *reciprocal_deviation),
  (rows, width, x, scale, shift, epsilon, y, mean, reciprocal_deviation)) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *xr = x + row * width;
    float *yr = y + row * width;
    const float m = row_mean(width, xr);
    const float r = 1 / __builtin_sqrtf(row_variance(width, xr, m) + epsilon);
    int64_t i = 0;
    for (; i + 16 <= width; i += 16) {
      DQ_LOAD(yr + i) = (DQ_LOAD(xr + i) - m) * r * DQ_LOAD(scale + i) + DQ_LOAD(shift + i);
    }
    for (; i < width; ++i) yr[i] = (xr[i] - m) * r * scale[i] + shift[i];
    mean[row] = m;
    reciprocal_deviation[row] = r;
  }
}

DQ_CLONES(
  void, dq_layer_norm_backward_input,
  (int64_t rows, int64_t width, const float *x, const float *scale, const float *mean,
   const float *reciprocal_deviation, const float *dy, float *dx),
  (rows, width, x, scale, mean, reciprocal_deviation, dy, dx)) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *xr = x + row * width;
    const float *dyr = dy + row * width;
    float *dxr = dx + row * width;
    const float m = mean[row], r = reciprocal_deviation[row];
    dq_lanes g_lanes = {0}, gn_lanes = {0};
    int64_t i = 0;
    for (; i + 16 <= width; i += 16) {
      const dq_lanes g = DQ_LOAD(dyr + i) * DQ_LOAD(scale + i);
      g_lanes += g;
      gn_lanes += g * ((DQ_LOAD(xr + i) - m) * r);
    }
    float g_sum = dq_sum_of_lanes(&g_lanes), gn_sum = dq_sum_of_lanes(&gn_lanes);
    for (; i < width; ++i) {
      const float g = dyr[i] * scale[i];
      g_sum += g;
      gn_sum += g * ((xr[i] - m) * r);
    }
    const float g_mean = g_sum / (float)width, gn_mean = gn_sum / (float)width;
    for (i = 0; i + 16 <= width; i += 16) {
      const dq_lanes n = (DQ_LOAD(xr + i) - m) * r;
      DQ_LOAD(dxr + i) = r * (DQ_LOAD(dyr + i) * DQ_LOAD(scale + i) - g_mean - n * gn_mean);
    }
    for (; i < width; ++i) {
      dxr[i] = r * (dyr[i] * scale[i] - g_mean - (xr[i] - m) * r * gn_mean);
    }
  }
}

/// Sixteen columns to a register, summed over all the rows before they are written once.
DQ_CLONES(
  void, dq_layer_norm_backward_parameters,
  (int64_t rows, int64_t width, const float *x, const float *mean,
   const float *reciprocal_deviation, const float *dy, float *dscale, float *dshift),
  (rows, width, x, mean, reciprocal_deviation, dy, dscale, dshift)) {
  int64_t column = 0;
  for (; column + 32 <= width; column += 32) {
    dq_lanes scale0 = {0}, scale1 = {0}, shift0 = {0}, shift1 = {0};
    for (int64_t row = 0; row < rows; ++row) {
      const float *xr = x + row * width + column;
      const float *dyr = dy + row * width + column;
      const float m = mean[row], r = reciprocal_deviation[row];
      scale0 += DQ_LOAD(dyr) * ((DQ_LOAD(xr) - m) * r);
      scale1 += DQ_LOAD(dyr + 16) * ((DQ_LOAD(xr + 16) - m) * r);
      shift0 += DQ_LOAD(dyr);
      shift1 += DQ_LOAD(dyr + 16);
    }
    DQ_LOAD(dscale + column) += scale0;
    DQ_LOAD(dscale + column + 16) += scale1;
    DQ_LOAD(dshift + column) += shift0;
    DQ_LOAD(dshift + column + 16) += shift1;
  }
  for (; column < width; ++column) {
    float scale_sum = 0, shift_sum = 0;
    for (int64_t row = 0; row < rows; ++row) {
      const float d = dy[row * width + column];
      scale_sum += d * ((x[row * width + column] - mean[row]) * reciprocal_deviation[row]);
      shift_sum += d;
    }
    dscale[column] += scale_sum;
    dshift[column] += shift_sum;
  }
}
