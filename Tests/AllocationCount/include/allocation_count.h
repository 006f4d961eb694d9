/// Counts what a process asks of the heap; for tests alone.
#ifndef DQ_ALLOCATION_COUNT_H
#define DQ_ALLOCATION_COUNT_H

#include <stdint.h>

typedef struct {
  int64_t count;
  int64_t bytes;
  int64_t largest;
} dq_allocations;

/// Starts at zero; all threads count.
void dq_allocation_count_begin(void);

/// Stops counting. `count` is -1 where this build cannot count.
dq_allocations dq_allocation_count_end(void);

#endif
