/// Matrix products over pairs of BF16 with Float32 sums: product.h's tiles, twice the depth a step.
#ifndef DQ_PRODUCT_PAIRS_H
#define DQ_PRODUCT_PAIRS_H

#include "bfloat16.h"
#include "product.h"

#if DQ_HAS_BFLOAT16
#define DQ_TILE(name) dq_pair_product_##name
#define DQ_TILE_TARGET DQ_BFLOAT16_TARGET
#define DQ_TILE_STEP(sum, word, line) \
  (sum) = (dq_lanes)_mm512_dpbf16_ps( \
    (__m512)(sum), (__m512bh)_mm512_set1_ps(word), (__m512bh)(line))
#include "product_tiles.h"

DQ_BFLOAT16_TARGET __attribute__((noinline))
static void dq_pair_product_run(const dq_product *p) {
  dq_pair_product_in_tiles(p, 8, 3);
}
#endif

#endif
