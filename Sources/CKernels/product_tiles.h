// The body of a product in tiles, once for each kind of number: no include guard. Before it,
//
//     DQ_TILE(name)                    a function's name
//     DQ_TILE_TARGET                   attributes of the functions, or nothing
//     DQ_TILE_STEP(sum, number, line)  adds a number of a times sixteen of b

/// One tile of `height` rows and `groups` vectors at row and group; both constant where inlined.
DQ_TILE_TARGET DQ_INLINE void DQ_TILE(tile)(
  const dq_product *p, const int height, const int groups, int64_t row, int64_t group) {
  const float *a = p->a + row * p->a_row_stride;
  const float *b = p->b + group * 16;
  float *c = p->c + row * p->c_stride + group * 16;
  const int64_t a_row = p->a_row_stride, a_step = p->a_depth_stride, b_step = p->b_stride;
  const float *start = p->start ? p->start + group * 16 : 0;
  int accumulate = p->accumulate;
  int64_t left = p->depth;
  do {
    dq_lanes sum[8][3];
    for (int r = 0; r < height; ++r) {
      for (int g = 0; g < groups; ++g) sum[r][g] = start ? DQ_LOAD(start + g * 16) : (dq_lanes){0};
    }
    const int64_t depth = left < dq_depth_of_sum ? left : dq_depth_of_sum;
    for (int64_t k = depth; k > 0; --k) {
      dq_lanes line[3];
      for (int g = 0; g < groups; ++g) line[g] = DQ_LOAD(b + g * 16);
      for (int r = 0; r < height; ++r) {
        for (int g = 0; g < groups; ++g) DQ_TILE_STEP(sum[r][g], a[r * a_row], line[g]);
      }
      a += a_step;
      b += b_step;
    }
    for (int r = 0; r < height; ++r) {
      for (int g = 0; g < groups; ++g) {
        dq_lanes *to = &DQ_ALIGNED(c + r * p->c_stride + g * 16);
        *to = accumulate ? *to + sum[r][g] : sum[r][g];
      }
    }
    start = 0;
    accumulate = 1;
    left -= depth;
  } while (left > 0);
}

/// A tile whose height, up to `limit`, is known only here.
DQ_TILE_TARGET DQ_INLINE void DQ_TILE(tile_of)(
  const dq_product *p, const int limit, int64_t height, const int groups, int64_t row,
  int64_t group) {
#define DQ_HEIGHT(h) \
  if (h <= limit && height == h) DQ_TILE(tile)(p, h <= limit ? h : 1, groups, row, group);
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
DQ_TILE_TARGET DQ_INLINE void DQ_TILE(in_tiles)(
  const dq_product *p, const int height, const int width) {
  const int64_t down = (p->rows + height - 1) / height;
  const int64_t across = (p->groups + width - 1) / width;
  for (int64_t j = 0; j < across; ++j) {
    const int64_t group = p->groups * j / across;
    const int64_t groups = p->groups * (j + 1) / across - group;
    for (int64_t i = 0; i < down; ++i) {
      const int64_t row = p->rows * i / down;
      const int64_t rows = p->rows * (i + 1) / down - row;
      if (width >= 3 && groups == 3) DQ_TILE(tile_of)(p, height, rows, 3, row, group);
      if (width >= 2 && groups == 2) DQ_TILE(tile_of)(p, height, rows, 2, row, group);
      if (groups == 1) DQ_TILE(tile_of)(p, height, rows, 1, row, group);
    }
  }
}

#undef DQ_TILE
#undef DQ_TILE_TARGET
#undef DQ_TILE_STEP
