/// The checksum of HDF5's Fletcher32 filter, which the library keeps to itself.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Sums of big-endian pairs of bytes modulo 65535, where a sum of 0 that is not empty is 65535.
///
///     sum1 = w[0] + w[1] + …        sum2 = sum1 after w[0] + sum1 after w[1] + …
///
/// Source: Fletcher 1982, IEEE Transactions on Communications 30(1); the byte order and the form of
/// 0 are those of the filter (HDF5 1.10, H5checksum.c).
static inline uint32_t dq_fletcher32(const uint8_t *bytes, size_t byte_count) {
  uint32_t sum1 = 0, sum2 = 0;
  size_t pairs = byte_count / 2;
  while (pairs > 0) {
    // More sums could leave 32 bits before they are reduced.
    size_t block = pairs > 360 ? 360 : pairs;
    pairs -= block;
    for (; block > 0; block -= 1, bytes += 2) {
      sum1 += (uint32_t)bytes[0] << 8 | bytes[1];
      sum2 += sum1;
    }
    sum1 = (sum1 & 0xFFFF) + (sum1 >> 16);
    sum2 = (sum2 & 0xFFFF) + (sum2 >> 16);
  }
  if (byte_count % 2 != 0) {
    sum1 += (uint32_t)bytes[0] << 8;
    sum2 += sum1;
    sum1 = (sum1 & 0xFFFF) + (sum1 >> 16);
    sum2 = (sum2 & 0xFFFF) + (sum2 >> 16);
  }
  sum1 = (sum1 & 0xFFFF) + (sum1 >> 16);
  sum2 = (sum2 & 0xFFFF) + (sum2 >> 16);
  return sum2 << 16 | sum1;
}
