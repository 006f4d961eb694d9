#include "include/allocation_count.h"

#include <stdatomic.h>
#include <stddef.h>

static _Atomic int is_counting;
static _Atomic int64_t count, bytes, largest;

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

static void note(size_t size) {
  if (!atomic_load_explicit(&is_counting, memory_order_relaxed)) return;
  atomic_fetch_add(&count, 1);
  atomic_fetch_add(&bytes, (int64_t)size);
  int64_t seen = atomic_load(&largest);
  while ((int64_t)size > seen && !atomic_compare_exchange_weak(&largest, &seen, (int64_t)size)) {
  }
}

// A program's own malloc takes the place of glibc's, which stays reachable under these names.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size) {
  note(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  note(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  note(size);
  return __libc_realloc(block, size);
}

static const int can_count = 1;
#else
static const int can_count = 0;
#endif

void dq_allocation_count_begin(void) {
  atomic_store(&count, 0);
  atomic_store(&bytes, 0);
  atomic_store(&largest, 0);
  atomic_store(&is_counting, 1);
}

dq_allocations dq_allocation_count_end(void) {
  atomic_store(&is_counting, 0);
  dq_allocations result = {can_count ? count : -1, bytes, largest};
  return result;
}
