#include "CKernels.h"
#include "clones.h"

// Means over windows of `window` by `window` pixels of square maps x [images, side, side,
// channels], windows side by side, places = side / window of them each way.
//
//     y[n, i, j] = sum over u, v of x[n, i window + u, j window + v] / window^2
// Gradient: every pixel gets its window's dy / window^2.

DQ_CLONES(
  void, dq_average_windows,
  (int64_t side, int64_t window, int64_t channels, int64_t place_begin, int64_t place_end,
   const float *x, float *y),
  (side, window, channels, place_begin, place_end, x, y)) {
  const int64_t places = side / window;
  const float share = 1 / (float)(window * window);
  for (int64_t place = place_begin; place < place_end; ++place) {
    const float *map = x + place / (places * places) * side * side * channels;
    const int64_t top = place / places % places * window, left = place % places * window;
    float *to = y + place * channels;
    for (int64_t i = 0; i < channels; ++i) to[i] = 0;
    for (int64_t u = 0; u < window; ++u) {
      for (int64_t v = 0; v < window; ++v) {
        const float *from = map + ((top + u) * side + left + v) * channels;
        DQ_ELEMENTWISE
        for (int64_t i = 0; i < channels; ++i) to[i] += from[i];
      }
    }
    DQ_ELEMENTWISE
    for (int64_t i = 0; i < channels; ++i) to[i] *= share;
  }
}

DQ_CLONES(
  void, dq_spread_windows,
  (int64_t side, int64_t window, int64_t channels, int64_t pixel_begin, int64_t pixel_end,
   const float *dy, float *dx),
  (side, window, channels, pixel_begin, pixel_end, dy, dx)) {
  const int64_t places = side / window;
  const float share = 1 / (float)(window * window);
  for (int64_t pixel = pixel_begin; pixel < pixel_end; ++pixel) {
    const int64_t image = pixel / (side * side);
    const int64_t row = pixel / side % side / window, column = pixel % side / window;
    const float *from = dy + ((image * places + row) * places + column) * channels;
    float *to = dx + pixel * channels;
    DQ_ELEMENTWISE
    for (int64_t i = 0; i < channels; ++i) to[i] = share * from[i];
  }
}
