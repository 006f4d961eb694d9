#ifndef DQ_IMAGE_MEMORY_H
#define DQ_IMAGE_MEMORY_H

#include "CImageCodecs.h"

/// Copies a text into a message buffer, cut to its size.
void dq_say(char *message, const char *text);

/// Sets the sizes and allocates the pixels if they are within the limit.
dq_image_status dq_image_allocate(
  dq_image *image, int64_t width, int64_t height, int64_t channels, int64_t maximum_pixels);

#endif
