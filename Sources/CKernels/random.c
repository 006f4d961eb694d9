#include "random.h"

#include "CKernels.h"
#include "clones.h"

// Dropout (Srivastava et al. 2014), inverted: what is kept is scaled, so inference does nothing.
//
//     y = keep(key, site, first_index + i) ? x / (1 - rate) : 0
// and the same function of dy is dx. The generator is described in random.h.

uint32_t dq_random_uint32(uint64_t key, uint32_t site, uint64_t index) {
  uint32_t words[4];
  dq_random_block(key, site, index / 64 * 16 + index % 16, words);
  return words[index / 16 % 4];
}

DQ_CLONES(
  void, dq_dropout,
  (int64_t n, uint64_t first_index, uint64_t key, uint32_t site, float rate, const float *x,
   float *y),
  (n, first_index, key, site, rate, x, y)) {
  if (rate >= 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = 0;
    return;
  }
  const uint32_t threshold = dq_dropout_threshold(rate);
  const float scale = 1 / (1 - rate);
  uint32_t words[64];
  int64_t i = 0;
  while (i < n) {
    const uint64_t index = first_index + (uint64_t)i;
    const int64_t offset = (int64_t)(index % 64);
    const int64_t count = n - i < 64 - offset ? n - i : 64 - offset;
    dq_random_group(key, site, index / 64, words);
    if (count == 64) {
      for (int64_t lane = 0; lane < 64; ++lane) {
        const float scaled = x[i + lane] * scale;
        y[i + lane] = words[lane] >= threshold ? scaled : 0;
      }
    } else {
      for (int64_t lane = 0; lane < count; ++lane) {
        const float scaled = x[i + lane] * scale;
        y[i + lane] = words[offset + lane] >= threshold ? scaled : 0;
      }
    }
    i += count;
  }
}
