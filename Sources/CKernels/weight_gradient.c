#include "CKernels.h"
#include "clones.h"
#include "lanes.h"
#include "product.h"

// c [m, n] (+)= a^T b for a [rows, m] and b [rows, n]: what all rows together say about a weight.
//
// Rows go through in blocks that the second cache holds, so neither operand is packed: a tile of c
// takes eight neighbouring floats of a's row and 48 of b's. While one block is multiplied, the next
// one is fetched, a few lines at a time.

enum { block_rows = 128, panel_width = 48, tile_rows = 32 };

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
  const int64_t cuts = (m_end - m_begin + tile_rows - 1) / tile_rows;
  for (int64_t row = 0; row < rows; row += block_rows) {
    const int64_t depth = rows - row < block_rows ? rows - row : block_rows;
    const int64_t next = row + depth;
    const int64_t next_rows = rows - next < block_rows ? rows - next : block_rows;
    for (int64_t panel = 0; panel < panels; ++panel) {
      const int64_t column = panel * panel_width;
      const int64_t width = n - column < panel_width ? n - column : panel_width;
      for (int64_t cut = 0; cut < cuts; ++cut) {
        const int64_t first = m_begin + cut * tile_rows;
        const int64_t height = m_end - first < tile_rows ? m_end - first : tile_rows;
        fetch_share(a + next * m, next_rows * m, panel * cuts + cut, panels * cuts);
        fetch_share(b + next * n, next_rows * n, panel * cuts + cut, panels * cuts);
        const dq_product product = {
          a + row * m + first, 1, m, b + row * n + column, n, c + first * n + column, n,
          height, width / 16, depth, accumulate || row > 0, 0};
        dq_product_run(&product);
      }
    }
  }
}
