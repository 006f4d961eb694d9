#include "image_memory.h"

#include <stdio.h>
#include <stdlib.h>

void dq_image_free(dq_image *image) {
  free(image->pixels);
  image->pixels = NULL;
}

void dq_bytes_free(uint8_t *bytes) { free(bytes); }

void dq_say(char *message, const char *text) {
  snprintf(message, dq_image_message_size, "%s", text);
}

dq_image_status dq_image_set_size(
  dq_image *image, int64_t width, int64_t height, int64_t maximum_pixels) {
  image->width = width;
  image->height = height;
  image->pixels = NULL;
  if (width <= 0 || height <= 0) return dq_image_damaged;
  if (width > dq_image_side_limit || height > dq_image_side_limit) return dq_image_too_large;
  return width * height > maximum_pixels ? dq_image_too_large : dq_image_ok;
}

int64_t dq_mode_channels(dq_image_mode mode) {
  switch (mode) {
    case dq_mode_rgba:
    case dq_mode_cmyk: return 4;
    case dq_mode_grey16: return 2;
    default: return 3;
  }
}

dq_image_status dq_image_allocate(dq_image *image, dq_image_mode mode) {
  image->mode = mode;
  image->channels = dq_mode_channels(mode);
  image->pixels = malloc((size_t)(image->width * image->height * image->channels));
  return image->pixels ? dq_image_ok : dq_image_out_of_memory;
}
