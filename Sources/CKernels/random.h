/// Random bits as a function of where they are used: no state, so recomputation repeats them.
///
/// Philox4x32 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3")
/// with its usual 10 rounds. One block of four words is made from the counter {low and high half of
/// the block number, site, 0} and the two halves of the key.
///
/// The word of an index is laid out for vectors: 64 consecutive indices are a group of 16 blocks:
///
///     block = 16 (index / 64) + index % 16,  word in the block = (index / 16) % 4
///
/// so sixteen lanes that each run one block hold four runs of sixteen consecutive indices.
#ifndef DQ_RANDOM_H
#define DQ_RANDOM_H

#include <stdint.h>

#include "clones.h"

/// The four words of one block.
DQ_INLINE void dq_random_block(uint64_t key, uint32_t site, uint64_t block, uint32_t words[4]) {
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = site, c3 = 0;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = (uint64_t)0xD2511F53u * c0;
    const uint64_t product1 = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)product1;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)product0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/// The 64 words of the indices 64 * group to 64 * group + 63, in order.
DQ_INLINE void dq_random_group(uint64_t key, uint32_t site, uint64_t group, uint32_t *words) {
#pragma clang loop vectorize(enable) interleave(disable)
  for (int lane = 0; lane < 16; ++lane) {
    uint32_t four[4];
    dq_random_block(key, site, group * 16 + (uint64_t)lane, four);
    words[lane] = four[0];
    words[16 + lane] = four[1];
    words[32 + lane] = four[2];
    words[48 + lane] = four[3];
  }
}

/// A word below this is dropped, so that `rate` (in [0, 1)) of the 2^32 words are.
DQ_INLINE uint32_t dq_dropout_threshold(float rate) {
  return (uint32_t)((double)rate * 4294967296.0);
}

#endif
