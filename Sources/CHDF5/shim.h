/// HDF5's C interface, and as functions what Swift cannot see of it: type names are macros that
/// call a function and read a global, and some calls are macros that choose a version.
#pragma once
#include "fletcher32.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline hid_t dq_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t dq_h5_file_float(void) { return H5T_IEEE_F32LE; }
static inline hid_t dq_h5_native_byte(void) { return H5T_NATIVE_UINT8; }
static inline hid_t dq_h5_file_byte(void) { return H5T_STD_U8LE; }
static inline hid_t dq_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t dq_h5_file_int64(void) { return H5T_STD_I64LE; }
static inline hid_t dq_h5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t dq_h5_file_double(void) { return H5T_IEEE_F64LE; }
static inline hid_t dq_h5_c_string(void) { return H5T_C_S1; }
static inline hid_t dq_h5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t dq_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t dq_h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t dq_h5_group_create(void) { return H5P_GROUP_CREATE; }
static inline unsigned dq_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned dq_h5_read_only(void) { return H5F_ACC_RDONLY; }

/// 1 for a hard link, 0 for a link of any other kind, negative where there is none.
static inline int dq_h5_link_is_hard(hid_t location, const char *name) {
  H5L_info_t info;
  if (H5Lget_info(location, name, &info, H5P_DEFAULT) < 0) return -1;
  return info.type == H5L_TYPE_HARD;
}

/// Called for a link; anything but 0 ends the visit.
typedef int (*dq_h5_visit)(const char *name, int is_hard, void *context);

struct dq_h5_visitor {
  dq_h5_visit visit;
  void *context;
};

static inline herr_t dq_h5_link_visit(hid_t group, const char *name, const H5L_info_t *info,
                                      void *context) {
  (void)group;
  struct dq_h5_visitor *visitor = (struct dq_h5_visitor *)context;
  return visitor->visit(name, info->type == H5L_TYPE_HARD, visitor->context);
}

/// Visits all links of a group in one pass, in no order. Negative: the group cannot be read.
static inline int dq_h5_visit_links(hid_t group, dq_h5_visit visit, void *context) {
  struct dq_h5_visitor visitor = {visit, context};
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, dq_h5_link_visit, &visitor);
}

/// The innermost message of the error stack, and the errno that any of its messages names.
struct dq_h5_error {
  int system_code;
  char message[256];
};

static inline herr_t dq_h5_error_visit(unsigned depth, const H5E_error2_t *entry, void *context) {
  struct dq_h5_error *error = (struct dq_h5_error *)context;
  if (!entry->desc) return 0;
  if (depth == 0) snprintf(error->message, sizeof error->message, "%s", entry->desc);
  const char *code = strstr(entry->desc, "errno = ");
  if (code && error->system_code == 0) error->system_code = atoi(code + strlen("errno = "));
  return 0;
}

/// Reads the error stack of the last failed call.
static inline struct dq_h5_error dq_h5_last_error(void) {
  struct dq_h5_error error = {0};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, dq_h5_error_visit, &error);
  return error;
}

/// Stores a chunk in the form that its filters give it.
static inline herr_t dq_h5_write_chunk(hid_t dataset, const hsize_t *offsets, size_t byte_count,
                                       const void *bytes) {
  return H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offsets, byte_count, bytes);
}

/// Reads a chunk as its filters left it. Negative: it cannot be read, has another size, or a filter
/// was left out.
static inline int dq_h5_read_chunk(hid_t dataset, const hsize_t *offsets, size_t byte_count,
                                   void *bytes) {
  hsize_t stored = 0;
  if (H5Dget_chunk_storage_size(dataset, offsets, &stored) < 0 || stored != byte_count) return -1;
  uint32_t left_out = 0;
  if (H5Dread_chunk(dataset, H5P_DEFAULT, offsets, &left_out, bytes) < 0) return -1;
  return left_out == 0 ? 0 : -1;
}

/// Where a chunk lies in the file. Negative: it is not there, has another size, or a filter was
/// left out. Takes time in proportion to the number of chunks.
static inline int64_t dq_h5_chunk_offset(hid_t dataset, const hsize_t *offsets,
                                         size_t byte_count) {
  unsigned left_out = 0;
  haddr_t address = HADDR_UNDEF;
  hsize_t stored = 0;
  if (H5Dget_chunk_info_by_coord(dataset, offsets, &left_out, &address, &stored) < 0) return -1;
  if (stored != byte_count || left_out != 0 || address > INT64_MAX) return -1;
  return (int64_t)address;
}

/// The descriptor that the library reads a file by. Negative: it has none.
static inline int dq_h5_descriptor(hid_t file) {
  void *handle = NULL;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0 || !handle) return -1;
  return *(int *)handle;
}
