/// HDF5's C interface, and its type names as functions: they are macros that call a function and
/// read a global, which Swift cannot see.
#pragma once
#include <hdf5.h>

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
static inline hid_t dq_h5_link_create(void) { return H5P_LINK_CREATE; }
static inline unsigned dq_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned dq_h5_read_only(void) { return H5F_ACC_RDONLY; }
