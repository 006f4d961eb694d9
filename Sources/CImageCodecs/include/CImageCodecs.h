/// JPEG, PNG and WebP behind a few functions that take any bytes: no library type crosses this
/// border, errors come back as codes, and nothing is left allocated after one.
#ifndef DQ_CIMAGE_CODECS_H
#define DQ_CIMAGE_CODECS_H

#include <stdint.h>

/// What the bytes of a pixel are, and so how pixels mix in a resize.
typedef enum {
  dq_mode_rgb = 0,
  /// RGB of a palette, or black and white: a resize takes the nearest pixel and mixes none.
  dq_mode_indexed = 1,
  /// RGBA with alpha not premultiplied.
  dq_mode_rgba = 2,
  /// Amounts of ink.
  dq_mode_cmyk = 3,
  /// Grey of 16 bits, the upper byte first.
  dq_mode_grey16 = 4,
} dq_image_mode;

/// A decoded picture: rows from top to bottom, `channels` bytes a pixel.
typedef struct {
  int64_t width;
  int64_t height;
  int64_t channels;
  dq_image_mode mode;
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

/// The first picture of the bytes: in the mode that Pillow opens the file in where `keeps_mode` is
/// not 0, else as RGB or RGBA. `message` has room for dq_image_message_size bytes.
dq_image_status dq_decode_jpeg(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, int keeps_mode, dq_image *image,
  char *message);
dq_image_status dq_decode_png(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, int keeps_mode, dq_image *image,
  char *message);
dq_image_status dq_decode_webp(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, int keeps_mode, dq_image *image,
  char *message);

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

/// Resizes in the picture's own mode, then drops alpha and converts to RGB, as Pillow's `resize`
/// (bicubic) and `convert("RGB")` do. source [sh, sw, channels of the mode], target [th, tw, 3].
dq_image_status dq_resize_in_mode(
  const uint8_t *source, dq_image_mode mode, int64_t source_width, int64_t source_height,
  uint8_t *target, int64_t target_width, int64_t target_height);

/// Pillow's `convert("RGB")`: alpha is dropped, 16-bit grey is clipped at 255.
void dq_convert_to_rgb(
  const uint8_t *source, dq_image_mode mode, int64_t pixel_count, uint8_t *rgb);

/// out [3, height, width] = (rgb / 255 - mean) * reciprocal_deviation, rgb [height, width, 3].
void dq_normalize_pixels(
  const uint8_t *rgb, int64_t width, int64_t height, const float *mean,
  const float *reciprocal_deviation, float *out);

#endif
