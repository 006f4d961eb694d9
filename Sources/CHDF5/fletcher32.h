/// The checksum of HDF5's Fletcher32 filter, which the library keeps to itself, and a hash by which
/// what was read back is compared with what was written.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
  /// Words that are summed side by side.
  DQ_FLETCHER_LANES = 16,
  /// Words of a lane after which its sums could leave 32 bits.
  DQ_FLETCHER_ROUNDS = 256
};

/// A sum modulo 65535, where a sum that is not 0 but a multiple is 65535.
static inline uint32_t dq_fletcher_reduced(uint64_t sum) {
  return sum == 0 ? 0 : (uint32_t)((sum - 1) % 65535 + 1);
}

/// Sums of pairs of bytes, as numbers of 16 bits, modulo 65535.
///
///     sum1 = w[0] + w[1] + …        sum2 = sum1 after w[0] + sum1 after w[1] + …
///
/// The filter takes the pairs big-endian. Swapping the bytes of a number multiplies it by 256
/// modulo 65535, so the sums of little-endian pairs are those sums with their bytes swapped.
///
/// Source: Fletcher 1982, IEEE Transactions on Communications 30(1); the byte order and the form of
/// 0 are those of the filter (HDF5 1.10, H5checksum.c).
static inline uint32_t dq_fletcher32(const uint8_t *bytes, size_t byte_count) {
  uint64_t sum1 = 0, sum2 = 0;
  size_t words = byte_count / 2;
  while (words >= DQ_FLETCHER_LANES) {
    size_t rounds = words / DQ_FLETCHER_LANES;
    if (rounds > DQ_FLETCHER_ROUNDS) rounds = DQ_FLETCHER_ROUNDS;
    uint32_t first[DQ_FLETCHER_LANES] = {0}, second[DQ_FLETCHER_LANES] = {0};
    for (size_t round = 0; round < rounds; round += 1, bytes += 2 * DQ_FLETCHER_LANES) {
      uint16_t block[DQ_FLETCHER_LANES];
      memcpy(block, bytes, sizeof block);
      for (int lane = 0; lane < DQ_FLETCHER_LANES; lane += 1) {
        first[lane] += block[lane];
        second[lane] += first[lane];
      }
    }
    // A word of lane l and round r is followed by 16 (rounds - r) - l words, itself counted.
    sum2 += sum1 * DQ_FLETCHER_LANES * rounds;
    for (int lane = 0; lane < DQ_FLETCHER_LANES; lane += 1) {
      sum1 += first[lane];
      sum2 += (uint64_t)DQ_FLETCHER_LANES * second[lane] - (uint64_t)lane * first[lane];
    }
    sum1 = dq_fletcher_reduced(sum1);
    sum2 = dq_fletcher_reduced(sum2);
    words -= rounds * DQ_FLETCHER_LANES;
  }
  for (; words > 0; words -= 1, bytes += 2) {
    sum1 += (uint32_t)bytes[1] << 8 | bytes[0];
    sum2 += sum1;
  }
  if (byte_count % 2 != 0) {
    sum1 += bytes[0];
    sum2 += sum1;
  }
  uint32_t low = dq_fletcher_reduced(sum1), high = dq_fletcher_reduced(sum2);
  low = (low & 0xFF) << 8 | low >> 8;
  high = (high & 0xFF) << 8 | high >> 8;
  return high << 16 | low;
}

/// A hash of 64 bits that no change within eight bytes leaves as it is, and another one with a
/// chance of 2^-64: each step is one to one in the word and in the state.
static inline uint64_t dq_chunk_hash(const uint8_t *bytes, size_t byte_count) {
  const uint64_t factor = 0x9E3779B97F4A7C15;
  uint64_t lanes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  size_t done = 0;
  for (; done + 64 <= byte_count; done += 64) {
    uint64_t words[8];
    memcpy(words, bytes + done, sizeof words);
    for (int lane = 0; lane < 8; lane += 1) {
      uint64_t mixed = (lanes[lane] ^ words[lane]) * factor;
      lanes[lane] = mixed << 29 | mixed >> 35;
    }
  }
  uint64_t hash = byte_count;
  for (int lane = 0; lane < 8; lane += 1) {
    hash = (hash ^ lanes[lane]) * factor;
    hash = hash << 29 | hash >> 35;
  }
  for (; done < byte_count; done += 1) {
    hash = (hash ^ bytes[done]) * factor;
    hash = hash << 29 | hash >> 35;
  }
  return hash;
}
