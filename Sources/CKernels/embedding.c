#include "CKernels.h"

#include <stddef.h>

#include "clones.h"

// Rows of a table by number.
//
//     gather:   out[r] = table[ids[r]]
//     gradient: dtable[ids[r]] += dy[r], in the order of r

DQ_CLONES(
  void, dq_gather_rows,
  (int64_t rows, int64_t width, const int32_t *ids, const float *table, float *out),
  (rows, width, ids, table, out)) {
  for (int64_t row = 0; row < rows; ++row) {
    __builtin_memcpy(
      out + row * width, table + ids[row] * width, (size_t)width * sizeof(float));
  }
}

DQ_CLONES(
  void, dq_scatter_add_rows,
  (int64_t rows, int64_t width, int64_t column_begin, int64_t column_end, const int32_t *ids,
   const float *dy, float *dtable),
  (rows, width, column_begin, column_end, ids, dy, dtable)) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *restrict from = dy + row * width;
    float *restrict to = dtable + ids[row] * width;
    for (int64_t column = column_begin; column < column_end; ++column) to[column] += from[column];
  }
}
