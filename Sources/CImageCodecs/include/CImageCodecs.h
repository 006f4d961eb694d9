/// JPEG, PNG and WebP behind a few functions that take any bytes: no library type crosses this
/// border, errors come back as codes, and nothing is left allocated after one.
#ifndef DQ_CIMAGE_CODECS_H
#define DQ_CIMAGE_CODECS_H

#include <stdint.h>

/// A decoded picture: rows from top to bottom, `channels` bytes a pixel.
typedef struct {
  int64_t width;
  int64_t height;
  /// 3 for RGB, 4 for RGBA with alpha not premultiplied.
  int64_t channels;
  /// [height, width, channels]; give it back with dq_image_free.
  uint8_t *pixels;
} dq_image;

typedef enum {
  dq_image_ok = 0,
  /// The bytes do not decode; the message says why.
  dq_image_damaged = 1,
  /// width and height say how large; nothing was allocated for it.
  dq_image_too_large = 2,
  dq_image_out_of_memory = 3,
} dq_image_status;

enum {
  dq_image_message_size = 256,
  /// The most pixels on one side, whatever the area; libpng's own default.
  dq_image_side_limit = 1000000,
};

/// The first picture of the bytes. `message` has room for dq_image_message_size bytes.
dq_image_status dq_decode_jpeg(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, dq_image *image, char *message);
dq_image_status dq_decode_png(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, dq_image *image, char *message);
dq_image_status dq_decode_webp(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, dq_image *image, char *message);

void dq_image_free(dq_image *image);

/// Encodes RGB [height, width, 3] as PNG. *bytes is to be freed with dq_bytes_free.
dq_image_status dq_encode_png(
  const uint8_t *rgb, int64_t width, int64_t height, uint8_t **bytes, int64_t *count);
void dq_bytes_free(uint8_t *bytes);

/// Antialiased bicubic resize of RGB, bit for bit Pillow's (up to 12): horizontal, then vertical
/// (the other way round where the height is over 100 widths), each pass rounded to 8 bits.
/// source [sh, sw, 3], target [th, tw, 3]. Memory beside them grows with the sides, not with
/// their product, so that pictures of any shape may come.
dq_image_status dq_resize_bicubic(
  const uint8_t *source, int64_t source_width, int64_t source_height, uint8_t *target,
  int64_t target_width, int64_t target_height);

/// out [3, height, width] = (rgb / 255 - mean) * reciprocal_deviation, rgb [height, width, 3].
void dq_normalize_pixels(
  const uint8_t *rgb, int64_t width, int64_t height, const float *mean,
  const float *reciprocal_deviation, float *out);

#endif
