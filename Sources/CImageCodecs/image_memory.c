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

dq_image_status dq_image_allocate(
  dq_image *image, int64_t width, int64_t height, int64_t channels, int64_t maximum_pixels) {
  image->width = width;
  image->height = height;
  image->channels = channels;
  image->pixels = NULL;
  // Both are below 2^31 in all three formats, so that the product cannot overflow.
  if (width <= 0 || height <= 0) return dq_image_damaged;
  if (width * height > maximum_pixels) return dq_image_too_large;
  image->pixels = malloc((size_t)(width * height * channels));
  return image->pixels ? dq_image_ok : dq_image_out_of_memory;
}
