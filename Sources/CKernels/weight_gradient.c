#include "CKernels.h"
#include "clones.h"
#include "lanes.h"
#include "product_pairs.h"

// c [m, n] (+)= a^T b for a [rows, m] and b [rows, n]: what all rows together say about a weight.
//
// Rows go through in blocks, and c in bands of which a's part stays in the second cache, so neither
// operand is packed: a tile of c takes eight neighbouring floats of a's row and 48 of b's. While
// one block is multiplied, the next one is fetched, a few lines at a time. Long blocks spare passes
// over weights that no cache holds: blocks of 128 rows without bands are a tenth slower at 768 by
// 3072.

enum { block_rows = 384, panel_width = 48, tile_rows = 32, band_tiles = 4 };

/// Asks for the lines of a stretch of floats that lie between two shares of `count` equal ones.
static void fetch_share(const float *from, int64_t floats, int64_t share, int64_t count) {
  const int64_t end = floats * (share + 1) / count;
  for (int64_t at = floats * share / count / 16 * 16; at < end; at += 16) {
    __builtin_prefetch(from + at, 0, 2);
  }
}

void dq_weight_gradient(
  int64_t rows, int64_t m, int64_t n, const float *a, const float *b, int64_t m_begin,
  int64_t m_end, int accumulate, float *c) {
  const int64_t panels = (n + panel_width - 1) / panel_width;
  const int64_t tiles = (m_end - m_begin + tile_rows - 1) / tile_rows;
  for (int64_t row = 0; row < rows; row += block_rows) {
    const int64_t depth = rows - row < block_rows ? rows - row : block_rows;
    const int64_t next = row + depth;
    const int64_t next_rows = rows - next < block_rows ? rows - next : block_rows;
    // Tiles band after band, in each band panel after panel.
    for (int64_t at = 0; at < tiles * panels; ++at) {
      const int64_t band = at / (band_tiles * panels) * band_tiles;
      const int64_t height = tiles - band < band_tiles ? tiles - band : band_tiles;
      const int64_t place = at - band * panels;
      const int64_t column = place / height * panel_width;
      const int64_t first = m_begin + (band + place % height) * tile_rows;
      fetch_share(a + next * m, next_rows * m, at, tiles * panels);
      fetch_share(b + next * n, next_rows * n, at, tiles * panels);
      const dq_product product = {
        a + row * m + first, 1, m, b + row * n + column, n, c + first * n + column, n,
        m_end - first < tile_rows ? m_end - first : tile_rows,
        (n - column < panel_width ? n - column : panel_width) / 16, depth,
        accumulate || row > 0, 0};
      dq_product_run(&product);
    }
  }
}

#if DQ_HAS_BFLOAT16
// Words lie in panels: a tile reads two stretches of memory from one end to the other. Rows 3,072
// words apart would share a few sets of the first cache; panels are an eighth faster there.
void dq_bfloat16_weight_gradient(
  int64_t length, int64_t begin, int64_t end, int64_t m, int64_t n, const float *a,
  const float *b, int64_t m_begin, int64_t m_end, int accumulate, float *c) {
  const int64_t band_height = band_tiles * DQ_LEFT_PANEL;
  for (int64_t row = begin; row < end; row += block_rows) {
    const int64_t depth = end - row < block_rows ? end - row : block_rows;
    for (int64_t band = m_begin; band < m_end; band += band_height) {
      const int64_t band_end = m_end - band < band_height ? m_end : band + band_height;
      for (int64_t column = 0; column < n; column += DQ_RIGHT_PANEL) {
        const int64_t width = n - column < DQ_RIGHT_PANEL ? n - column : DQ_RIGHT_PANEL;
        for (int64_t first = band; first < band_end; first += DQ_LEFT_PANEL) {
          const int64_t height = m - first < DQ_LEFT_PANEL ? m - first : DQ_LEFT_PANEL;
          const dq_product product = {
            a + first * length + row * height, 1, height, b + column * length + row * width, width,
            c + first * n + column, n, height, width / 16, depth, accumulate || row > begin, 0};
          dq_pair_product_run(&product);
        }
      }
    }
  }
}
#else
void dq_bfloat16_weight_gradient(
  int64_t length, int64_t begin, int64_t end, int64_t m, int64_t n, const float *a,
  const float *b, int64_t m_begin, int64_t m_end, int accumulate, float *c) {
  (void)length, (void)begin, (void)end, (void)m, (void)n, (void)a, (void)b, (void)m_begin;
  (void)m_end, (void)accumulate, (void)c;
  __builtin_trap();
}
#endif
