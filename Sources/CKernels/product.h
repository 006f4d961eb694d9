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

/// A sum over more of the depth goes into c in parts: the rounding errors of one long sum grow with
/// the root of its length. Of 4,608 terms, the deepest convolution's, parts make a quarter of them.
enum { dq_depth_of_sum = 256 };

#define DQ_TILE(name) dq_product_##name
#define DQ_TILE_TARGET
#define DQ_TILE_STEP(sum, number, line) (sum) += (number) * (line)
#include "product_tiles.h"

// The tile that fits a level's registers: 32 of 16 floats, 16 of 8 floats, 16 of 4 floats. The
// shape differs by level, so these are three functions and not clones of one body.
#if defined(__x86_64__)
/// Asks for whole 512-bit registers, of which the compiler otherwise makes two halves: a sixth
/// slower in attention of 197 tokens by 64.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512), noinline))
static void dq_product_v4(const dq_product *p) {
  dq_product_in_tiles(p, 8, 3);
}

__attribute__((target("arch=x86-64-v3"), noinline))
static void dq_product_v3(const dq_product *p) {
  dq_product_in_tiles(p, 6, 1);
}
#endif

__attribute__((noinline))
static void dq_product_baseline(const dq_product *p) {
  dq_product_in_tiles(p, 2, 1);
}

/// Runs the product with the tile of the level in use.
static void dq_product_run(const dq_product *p) {
#if defined(__x86_64__)
  switch (dq_instructions()) {
  case dq_avx512: dq_product_v4(p); return;
  case dq_avx2: dq_product_v3(p); return;
  }
#endif
  dq_product_baseline(p);
}

#endif
