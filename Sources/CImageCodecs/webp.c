#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "image_memory.h"

/// The first frame of an animation, on its canvas of RGBA.
static dq_image_status decode_animation(
  const uint8_t *bytes, int64_t count, dq_image *image, char *message) {
  const WebPData data = {bytes, (size_t)count};
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return dq_image_out_of_memory;
  options.color_mode = MODE_RGBA;
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
  uint8_t *canvas = NULL;
  int timestamp = 0;
  dq_image_status status = dq_image_damaged;
  if (decoder && WebPAnimDecoderGetNext(decoder, &canvas, &timestamp) && canvas) {
    const int64_t channels = image->channels;
    for (int64_t i = 0; i < image->width * image->height; i++) {
      memcpy(image->pixels + i * channels, canvas + i * 4, (size_t)channels);
    }
    status = dq_image_ok;
  } else {
    dq_say(message, "the animation's first frame does not decode");
  }
  WebPAnimDecoderDelete(decoder);
  return status;
}

dq_image_status dq_decode_webp(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, int keeps_mode, dq_image *image,
  char *message) {
  memset(image, 0, sizeof *image);
  message[0] = 0;
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes, (size_t)count, &features) != VP8_STATUS_OK) {
    dq_say(message, "the header is not WebP's");
    return dq_image_damaged;
  }
  const int is_opaque = !features.has_alpha && (keeps_mode || !features.has_animation);
  const dq_image_mode mode = is_opaque ? dq_mode_rgb : dq_mode_rgba;
  dq_image_status status = dq_image_set_size(
    image, features.width, features.height, maximum_pixels);
  if (status == dq_image_ok) status = dq_image_allocate(image, mode);
  if (status != dq_image_ok) return status;
  const size_t size = (size_t)(image->width * image->height * image->channels);
  const int stride = (int)(image->width * image->channels);
  if (features.has_animation) {
    status = decode_animation(bytes, count, image, message);
  } else {
    const uint8_t *done =
      mode == dq_mode_rgba ? WebPDecodeRGBAInto(bytes, (size_t)count, image->pixels, size, stride)
                           : WebPDecodeRGBInto(bytes, (size_t)count, image->pixels, size, stride);
    if (!done) {
      dq_say(message, "the picture data are cut short or damaged");
      status = dq_image_damaged;
    }
  }
  if (status != dq_image_ok) dq_image_free(image);
  return status;
}
