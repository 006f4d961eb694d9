#include "CInstructions.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"baseline", "avx2", "avx512"};

int dq_instructions_in_use = dq_baseline;

int dq_best_instructions(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return dq_avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return dq_avx2;
#endif
  return dq_baseline;
}

const char *dq_wanted_instructions(void) { return getenv("DUIQI_INSTRUCTIONS"); }

/// Before `main`, so that no thread ever sees the level change.
__attribute__((constructor)) static void choose_instructions(void) {
  const int best = dq_best_instructions();
  const char *wanted = dq_wanted_instructions();
  dq_instructions_in_use = best;
  for (int level = dq_baseline; wanted && level < best; ++level) {
    if (strcmp(wanted, names[level]) == 0) dq_instructions_in_use = level;
  }
}
