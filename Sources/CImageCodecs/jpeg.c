#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// clang-format off: jpeglib.h needs stdio.h before it.
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "image_memory.h"

/// Progressive files may repeat scans without end; photographs have about ten.
enum { SCAN_LIMIT = 500 };

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
} error_state;

typedef struct {
  struct jpeg_progress_mgr base;
} progress_state;

static void fail(j_common_ptr codec) {
  error_state *state = (error_state *)codec->err;
  codec->err->format_message(codec, state->message);
  longjmp(state->escape, 1);
}

/// Warnings that mean lost picture data are damage and end the work; libjpeg would fill in grey,
/// for a huge size without any data too.
static void note(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_MUST_RESYNC: fail(codec); break;
    default: break;
  }
}

static void be_silent(j_common_ptr codec) { (void)codec; }

static void count_scans(j_common_ptr codec) {
  if (codec->is_decompressor && ((j_decompress_ptr)codec)->input_scan_number > SCAN_LIMIT) {
    error_state *state = (error_state *)codec->err;
    dq_say(state->message, "more scans than any photograph has");
    longjmp(state->escape, 1);
  }
}

/// Adobe stores 255 less the ink.
static void invert_row(uint8_t *row, int64_t count) {
  for (int64_t i = 0; i < count; i++) row[i] = (uint8_t)(255 - row[i]);
}

/// Whether the file has a bit for every block of 8 x 8 coefficients, the least that a Huffman code
/// takes. Asked before memory for the blocks is allocated.
static int can_hold_blocks(const struct jpeg_decompress_struct *codec, int64_t count) {
  if (codec->arith_code) return 1;
  int64_t blocks = 0;
  for (int component = 0; component < codec->num_components; component++) {
    const jpeg_component_info *info = &codec->comp_info[component];
    blocks += (int64_t)info->width_in_blocks * info->height_in_blocks;
  }
  return blocks <= 8 * count;
}

/// - Parameter row: room for a row of CMYK, where there is one that is to become RGB.
static void read_rows(struct jpeg_decompress_struct *codec, uint8_t *row, dq_image *image) {
  while (codec->output_scanline < codec->output_height) {
    uint8_t *target =
      image->pixels + codec->output_scanline * image->width * image->channels;
    jpeg_read_scanlines(codec, row ? &row : &target, 1);
    if (codec->out_color_space == JCS_CMYK) invert_row(row ? row : target, image->width * 4);
    if (row) dq_convert_to_rgb(row, dq_mode_cmyk, image->width, target);
  }
}

dq_image_status dq_decode_jpeg(
  const uint8_t *bytes, int64_t count, int64_t maximum_pixels, int keeps_mode, dq_image *image,
  char *message) {
  struct jpeg_decompress_struct codec;
  error_state errors;
  progress_state progress;
  // Volatile: they change between setjmp and longjmp and are freed after it.
  uint8_t *volatile row = NULL;
  memset(image, 0, sizeof *image);
  memset(&progress, 0, sizeof progress);
  memset(&errors, 0, sizeof errors);
  message[0] = 0;
  codec.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = fail;
  errors.base.emit_message = note;
  errors.base.output_message = be_silent;
  errors.message = message;
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&codec);
    free(row);
    dq_image_free(image);
    return dq_image_damaged;
  }
  jpeg_create_decompress(&codec);
  codec.progress = &progress.base;
  progress.base.progress_monitor = count_scans;
  jpeg_mem_src(&codec, bytes, (unsigned long)count);
  jpeg_read_header(&codec, TRUE);
  const int is_cmyk = codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
  codec.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  codec.dct_method = JDCT_ISLOW;
  dq_image_status status = dq_image_set_size(
    image, codec.image_width, codec.image_height, maximum_pixels);
  if (status == dq_image_ok && !can_hold_blocks(&codec, count)) {
    dq_say(message, "the file is too short for a picture of its size");
    status = dq_image_damaged;
  }
  if (status == dq_image_ok) {
    status = dq_image_allocate(image, is_cmyk && keeps_mode ? dq_mode_cmyk : dq_mode_rgb);
  }
  if (status == dq_image_ok && is_cmyk && !keeps_mode) {
    row = malloc((size_t)image->width * 4);
    if (!row) status = dq_image_out_of_memory;
  }
  if (status == dq_image_ok) {
    jpeg_start_decompress(&codec);
    read_rows(&codec, row, image);
    jpeg_finish_decompress(&codec);
  }
  jpeg_destroy_decompress(&codec);
  free(row);
  if (status != dq_image_ok) dq_image_free(image);
  return status;
}
