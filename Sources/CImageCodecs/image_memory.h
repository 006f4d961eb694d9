#ifndef DQ_IMAGE_MEMORY_H
#define DQ_IMAGE_MEMORY_H

#include "CImageCodecs.h"

/// Copies a text into a message buffer, cut to its size.
void dq_say(char *message, const char *text);

/// Sets the sizes, if they are within the limits. Nothing is allocated.
dq_image_status dq_image_set_size(
  dq_image *image, int64_t width, int64_t height, int64_t maximum_pixels);

/// Allocates the pixels for the sizes that were set.
dq_image_status dq_image_allocate(dq_image *image, dq_image_mode mode);

/// Bytes that a pixel takes.
int64_t dq_mode_channels(dq_image_mode mode);

#endif
