#include "CKernels.h"
#include "clones.h"
#include "lanes.h"
#include "product_pairs.h"
#include "transpose.h"

// Products whose right operand was packed into panels: 48 columns wide, row after row of the depth,
// so that the inner loop reads three vectors that follow each other. 48 columns by 8 rows fill 24
// of the 32 registers of AVX-512.
//
// Numbers are floats, or pairs of BF16 (bfloat16.h): two neighbours of the depth in one word, which
// halves the depth and leaves all else as it is.

enum { panel_width = 48 };

int dq_panels_are_fast(void) { return dq_instructions() == dq_avx512; }

int64_t dq_panel_count(int64_t columns) { return (columns + panel_width - 1) / panel_width; }

int64_t dq_panel_floats(int64_t depth) { return depth * panel_width; }

/// Whole squares of the transposed case; what they leave at the end of the depth goes one by one.
DQ_INLINE void pack_transposed_group(
  int64_t depth, const float *b, int64_t stride, float *to) {
  int64_t k = 0;
  for (; k + 16 <= depth; k += 16) {
    dq_lanes square[16], other[16];
    for (int64_t r = 0; r < 16; ++r) square[r] = DQ_LOAD(b + r * stride + k);
    dq_transpose_square(square, other);
    for (int64_t r = 0; r < 16; ++r) DQ_ALIGNED(to + (k + r) * panel_width) = square[r];
  }
  for (; k < depth; ++k) {
    for (int64_t r = 0; r < 16; ++r) to[k * panel_width + r] = b[r * stride + k];
  }
}

DQ_CLONES(
  void, dq_pack_panel,
  (int64_t depth, int64_t columns, int transposes, const float *b, int64_t stride, int64_t panel,
   float *to),
  (depth, columns, transposes, b, stride, panel, to)) {
  const int64_t first = panel * panel_width;
  const int64_t width = columns - first < panel_width ? columns - first : panel_width;
  for (int64_t group = 0; group + 16 <= width; group += 16) {
    if (transposes) {
      pack_transposed_group(depth, b + (first + group) * stride, stride, to + group);
    } else {
      const float *from = b + first + group;
      for (int64_t k = 0; k < depth; ++k) {
        DQ_ALIGNED(to + k * panel_width + group) = DQ_LOAD(from + k * stride);
      }
    }
  }
}

DQ_INLINE dq_product panel_product(
  int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_stride,
  const float *panels, const float *start, int64_t column, float *c) {
  const int64_t width = columns - column < panel_width ? columns - column : panel_width;
  return (dq_product){
    a, a_stride, 1, panels + column * depth, panel_width, c + column, columns,
    rows, width / 16, depth, 0, start ? start + column : 0};
}

void dq_panel_product(
  int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_stride,
  const float *panels, const float *start, float *c) {
  for (int64_t column = 0; column < columns; column += panel_width) {
    const dq_product product =
      panel_product(rows, columns, depth, a, a_stride, panels, start, column, c);
    dq_product_run(&product);
  }
}

#if DQ_HAS_BFLOAT16
/// A group of sixteen columns, transposed: their rows hold neighbours of the depth.
DQ_BFLOAT16_TARGET DQ_INLINE void pack_transposed_pairs(
  int64_t pairs, const float *b, int64_t stride, float *to) {
  int64_t k = 0;
  for (; k + 16 <= pairs; k += 16) {
    dq_lanes square[16], other[16];
    for (int64_t r = 0; r < 16; ++r) square[r] = dq_neighbour_pairs(b + r * stride + 2 * k);
    dq_transpose_square(square, other);
    for (int64_t r = 0; r < 16; ++r) DQ_ALIGNED(to + (k + r) * panel_width) = square[r];
  }
  for (; k < pairs; ++k) {
    for (int64_t r = 0; r < 16; ++r) {
      const float *from = b + r * stride + 2 * k;
      dq_store_pair(from[0], from[1], to + k * panel_width + r);
    }
  }
}

DQ_BFLOAT16_TARGET
void dq_pack_bfloat16_panel(
  int64_t pairs, int64_t columns, int transposes, const float *b, int64_t stride, int64_t panel,
  float *to) {
  const int64_t first = panel * panel_width;
  const int64_t width = columns - first < panel_width ? columns - first : panel_width;
  for (int64_t group = 0; group + 16 <= width; group += 16) {
    if (transposes) {
      pack_transposed_pairs(pairs, b + (first + group) * stride, stride, to + group);
    } else {
      const float *from = b + first + group;
      for (int64_t k = 0; k < pairs; ++k) {
        DQ_ALIGNED(to + k * panel_width + group) =
          dq_row_pairs(from + 2 * k * stride, from + (2 * k + 1) * stride);
      }
    }
  }
}

void dq_bfloat16_panel_product(
  int64_t rows, int64_t columns, int64_t pairs, const float *a, const float *panels,
  const float *start, float *c) {
  for (int64_t column = 0; column < columns; column += panel_width) {
    const dq_product product =
      panel_product(rows, columns, pairs, a, pairs, panels, start, column, c);
    dq_pair_product_run(&product);
  }
}
#else
void dq_pack_bfloat16_panel(
  int64_t pairs, int64_t columns, int transposes, const float *b, int64_t stride, int64_t panel,
  float *to) {
  (void)pairs, (void)columns, (void)transposes, (void)b, (void)stride, (void)panel, (void)to;
  __builtin_trap();
}
void dq_bfloat16_panel_product(
  int64_t rows, int64_t columns, int64_t pairs, const float *a, const float *panels,
  const float *start, float *c) {
  (void)rows, (void)columns, (void)pairs, (void)a, (void)panels, (void)start, (void)c;
  __builtin_trap();
}
#endif
