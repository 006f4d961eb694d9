/// Matrix products that keep a tile of the result in registers.
///
///     c [rows, 16 groups] = start + a [rows, depth] b [depth, 16 groups] (+ c)
///
/// b and c lie in rows whose stride is a multiple of 16 floats, padded where the true width is not;
/// c is aligned to 64 bytes; a is read one float at a time with any two strides, so it
/// may be transposed. A tile of c stays in registers over the whole depth: each step loads a few
/// vectors of b and multiplies them by `height` broadcast floats of a. Rows and groups are divided
/// evenly among the tiles, so that no small tile is left over to run at the latency of its
/// additions.
#ifndef DQ_PRODUCT_H
#define DQ_PRODUCT_H

#include "clones.h"
#include "lanes.h"

typedef struct {
  const float *a;
  int64_t a_row_stride;
  int64_t a_depth_stride;
  const float *b;
  int64_t b_stride;
  float *c;
  int64_t c_stride;
  int64_t rows;
  int64_t groups;
  int64_t depth;
  int accumulate;      // 1 adds to c, 0 overwrites it
  const float *start;  // what each row's sums begin with, [16 groups], or NULL for zeros
} dq_product;

#define DQ_ALIGNED(address) (*(dq_lanes *)(address))

/// One tile of `height` rows and `groups` vectors at row and group; both constant where inlined.
DQ_INLINE void dq_product_tile(
  const dq_product *p, const int height, const int groups, int64_t row, int64_t group) {
  const float *a = p->a + row * p->a_row_stride;
  const float *b = p->b + group * 16;
  float *c = p->c + row * p->c_stride + group * 16;
  const int64_t a_row = p->a_row_stride, a_step = p->a_depth_stride, b_step = p->b_stride;
  dq_lanes sum[8][3];
  for (int r = 0; r < height; ++r) {
    for (int g = 0; g < groups; ++g) {
      sum[r][g] = p->start ? DQ_LOAD(p->start + (group + g) * 16) : (dq_lanes){0};
    }
  }
  for (int64_t k = p->depth; k > 0; --k) {
    dq_lanes line[3];
    for (int g = 0; g < groups; ++g) line[g] = DQ_LOAD(b + g * 16);
    for (int r = 0; r < height; ++r) {
      for (int g = 0; g < groups; ++g) sum[r][g] += a[r * a_row] * line[g];
    }
    a += a_step;
    b += b_step;
  }
  for (int r = 0; r < height; ++r) {
    for (int g = 0; g < groups; ++g) {
      dq_lanes *to = &DQ_ALIGNED(c + r * p->c_stride + g * 16);
      *to = p->accumulate ? *to + sum[r][g] : sum[r][g];
    }
  }
}

/// A tile whose height, up to `limit`, is known only here.
DQ_INLINE void dq_product_tile_of(
  const dq_product *p, const int limit, int64_t height, const int groups, int64_t row,
  int64_t group) {
#define DQ_HEIGHT(h) \
  if (h <= limit && height == h) dq_product_tile(p, h <= limit ? h : 1, groups, row, group);
  DQ_HEIGHT(8)
  DQ_HEIGHT(7)
  DQ_HEIGHT(6)
  DQ_HEIGHT(5)
  DQ_HEIGHT(4)
  DQ_HEIGHT(3)
  DQ_HEIGHT(2)
  DQ_HEIGHT(1)
#undef DQ_HEIGHT
}

/// The whole product in tiles of at most `height` rows and `width` groups, both constant.
DQ_INLINE void dq_product_in_tiles(const dq_product *p, const int height, const int width) {
  const int64_t down = (p->rows + height - 1) / height;
  const int64_t across = (p->groups + width - 1) / width;
  for (int64_t j = 0; j < across; ++j) {
    const int64_t group = p->groups * j / across;
    const int64_t groups = p->groups * (j + 1) / across - group;
    for (int64_t i = 0; i < down; ++i) {
      const int64_t row = p->rows * i / down;
      const int64_t rows = p->rows * (i + 1) / down - row;
      if (width >= 3 && groups == 3) dq_product_tile_of(p, height, rows, 3, row, group);
      if (width >= 2 && groups == 2) dq_product_tile_of(p, height, rows, 2, row, group);
      if (groups == 1) dq_product_tile_of(p, height, rows, 1, row, group);
    }
  }
}

// The tile that fits a level's registers: 32 of 16 floats, 16 of 8 floats, 16 of 4 floats. The
// shape differs by level, so these are three functions and not clones of one body.
#if defined(__x86_64__) && DQ_CLONES_LEVEL >= 4
/// Asks for whole 512-bit registers, of which the compiler otherwise makes two halves: a sixth
/// slower in attention of 197 tokens by 64.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512), noinline))
static void dq_product_v4(const dq_product *p) {
  dq_product_in_tiles(p, 8, 3);
}
#endif

#if defined(__x86_64__) && DQ_CLONES_LEVEL >= 3
__attribute__((target("arch=x86-64-v3"), noinline))
static void dq_product_v3(const dq_product *p) {
  dq_product_in_tiles(p, 6, 1);
}
#endif

__attribute__((noinline))
static void dq_product_baseline(const dq_product *p) {
  dq_product_in_tiles(p, 2, 1);
}

/// Runs the product with the best version that the machine has.
static void dq_product_run(const dq_product *p) {
#if defined(__x86_64__) && DQ_CLONES_LEVEL >= 4
  if (__builtin_cpu_supports("x86-64-v4")) {
    dq_product_v4(p);
    return;
  }
#endif
#if defined(__x86_64__) && DQ_CLONES_LEVEL >= 3
  if (__builtin_cpu_supports("x86-64-v3")) {
    dq_product_v3(p);
    return;
  }
#endif
  dq_product_baseline(p);
}

#endif
