#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "image_memory.h"

/// Text and profile chunks are not read; what must be is far smaller than this.
enum { CHUNK_LIMIT = 8 << 20, CHUNK_COUNT_LIMIT = 128 };

typedef struct {
  const uint8_t *bytes;
  int64_t count;
  int64_t position;
} source;

static void fail(png_structp png, png_const_charp text) {
  dq_say(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void be_silent(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > (size_t)(from->count - from->position)) png_error(png, "the file ends too early");
  memcpy(target, from->bytes + from->position, count);
  from->position += (int64_t)count;
}

/// Everything to 8-bit RGB or RGBA, but 16-bit grey where modes are kept. Then a colour that is
/// marked transparent is a colour, as it is to Pillow.
static dq_image_mode set_transformations(png_structp png, png_infop info, int keeps_mode) {
  const int type = png_get_color_type(png, info);
  const int depth = png_get_bit_depth(png, info);
  const int is_indexed =
    type == PNG_COLOR_TYPE_PALETTE || (type == PNG_COLOR_TYPE_GRAY && depth == 1);
  const int has_alpha = (type & PNG_COLOR_MASK_ALPHA) != 0;
  const int is_grey16 = type == PNG_COLOR_TYPE_GRAY && depth == 16;
  if (!keeps_mode || !is_grey16) {
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    if (keeps_mode && !has_alpha) png_set_strip_alpha(png);
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (keeps_mode && is_grey16) return dq_mode_grey16;
  if (keeps_mode && is_indexed) return dq_mode_indexed;
  return png_get_channels(png, info) == 4 ? dq_mode_rgba : dq_mode_rgb;
}

dq_image_status dq_decode_png(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, int keeps_mode, dq_image *image,
  char *message) {
  memset(image, 0, sizeof *image);
  message[0] = 0;
  source from = {bytes, count, 0};
  png_bytep *volatile rows = NULL;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, be_silent);
  if (!png) return dq_image_out_of_memory;
  png_infop info = png_create_info_struct(png);
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free((void *)rows);
    dq_image_free(image);
    return dq_image_damaged;
  }
  // The limits of dq_image_set_size hold instead, and tell the size.
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_malloc_max(png, CHUNK_LIMIT);
  png_set_chunk_cache_max(png, CHUNK_COUNT_LIMIT);
  png_set_read_fn(png, &from, read_bytes);
  png_read_info(png, info);
  const int64_t width = png_get_image_width(png, info);
  const int64_t height = png_get_image_height(png, info);
  dq_image_status status = dq_image_set_size(image, width, height, maximum_pixels);
  if (status == dq_image_ok) {
    status = dq_image_allocate(image, set_transformations(png, info, keeps_mode));
  }
  if (status == dq_image_ok) {
    rows = malloc((size_t)height * sizeof *rows);
    if (!rows) status = dq_image_out_of_memory;
  }
  if (status == dq_image_ok) {
    for (int64_t y = 0; y < height; y++) {
      rows[y] = image->pixels + y * width * image->channels;
    }
    png_read_image(png, (png_bytepp)rows);
  }
  png_destroy_read_struct(&png, &info, NULL);
  free((void *)rows);
  if (status != dq_image_ok) dq_image_free(image);
  return status;
}

typedef struct {
  uint8_t *bytes;
  int64_t count;
  int64_t capacity;
} sink;

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  sink *to = png_get_io_ptr(png);
  if (to->count + (int64_t)count > to->capacity) {
    const int64_t capacity = 2 * (to->count + (int64_t)count);
    uint8_t *grown = realloc(to->bytes, (size_t)capacity);
    if (!grown) png_error(png, "out of memory");
    to->bytes = grown;
    to->capacity = capacity;
  }
  memcpy(to->bytes + to->count, bytes, count);
  to->count += (int64_t)count;
}

static void flush_nothing(png_structp png) { (void)png; }

dq_image_status dq_encode_png(
  const uint8_t *rgb, int64_t width, int64_t height, uint8_t **bytes, int64_t *count) {
  char message[dq_image_message_size];
  sink to = {NULL, 0, 0};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, fail, be_silent);
  if (!png) return dq_image_out_of_memory;
  png_infop info = png_create_info_struct(png);
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(to.bytes);
    return dq_image_out_of_memory;
  }
  png_set_write_fn(png, &to, write_bytes, flush_nothing);
  png_set_IHDR(
    png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int64_t y = 0; y < height; y++) png_write_row(png, rgb + y * width * 3);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  *bytes = to.bytes;
  *count = to.count;
  return dq_image_ok;
}
