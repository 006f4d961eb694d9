#include "bfloat16.h"

#include "CKernels.h"

// Rounding to pairs of BF16 (bfloat16.h), and whether the machine multiplies them.

int dq_processor_has_bfloat16(void) {
#if DQ_HAS_BFLOAT16
  return dq_best_instructions() == dq_avx512 && __builtin_cpu_supports("avx512bf16");
#else
  return 0;
#endif
}

int dq_bfloat16_is_fast(void) {
  return dq_instructions() == dq_avx512 && dq_processor_has_bfloat16();
}

#if DQ_HAS_BFLOAT16
DQ_BFLOAT16_TARGET
void dq_round_neighbours(int64_t pairs, const float *x, float *words) {
  int64_t i = 0;
  for (; i + 16 <= pairs; i += 16) DQ_LOAD(words + i) = dq_neighbour_pairs(x + 2 * i);
  for (; i < pairs; ++i) dq_store_pair(x[2 * i], x[2 * i + 1], words + i);
}

DQ_BFLOAT16_TARGET
void dq_round_rows(
  int64_t rows, int64_t width, int64_t panel_width, int64_t length, int64_t begin,
  const float *x, float *words) {
  static const float zeros[16] = {0};
  for (int64_t row = 0; row < rows; row += 2) {
    const float *first = x + row * width;
    const int is_last = row + 1 == rows;
    for (int64_t column = 0; column < width; column += panel_width) {
      const int64_t count = width - column < panel_width ? width - column : panel_width;
      float *to = words + column * length + (begin + row / 2) * count;
      const float *from = first + column;
      int64_t i = 0;
      for (; i + 16 <= count; i += 16) {
        DQ_LOAD(to + i) = dq_row_pairs(from + i, is_last ? zeros : from + width + i);
      }
      for (; i < count; ++i) dq_store_pair(from[i], is_last ? 0 : from[width + i], to + i);
    }
  }
}
#else
// Never called: dq_bfloat16_is_fast says so.
void dq_round_neighbours(int64_t pairs, const float *x, float *words) {
  (void)pairs, (void)x, (void)words;
  __builtin_trap();
}
void dq_round_rows(
  int64_t rows, int64_t width, int64_t panel_width, int64_t length, int64_t begin,
  const float *x, float *words) {
  (void)rows, (void)width, (void)panel_width, (void)length, (void)begin, (void)x, (void)words;
  __builtin_trap();
}
#endif
