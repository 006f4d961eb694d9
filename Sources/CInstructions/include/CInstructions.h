/// Which instructions our loops use, and how a function is compiled for all of them.
///
/// Levels are those of x86-64 (System V psABI): v4 is AVX-512, v3 is AVX2 with fused multiply-add.
/// The best one that the processor has is taken, or a lower one that the environment asks for:
/// DUIQI_INSTRUCTIONS=avx512, avx2 or baseline, read once, before `main`.
#ifndef DQ_INSTRUCTIONS_H
#define DQ_INSTRUCTIONS_H

enum { dq_baseline = 0, dq_avx2 = 1, dq_avx512 = 2 };

extern int dq_instructions_in_use;

/// The level that all of our code runs at; the same from the start of a process to its end.
static inline int dq_instructions(void) { return dq_instructions_in_use; }

/// The best level of this processor.
int dq_best_instructions(void);

/// What DUIQI_INSTRUCTIONS asks for, or NULL. What is no level, or more than the processor has, has
/// no effect here; whoever starts a program says so.
const char *dq_wanted_instructions(void);

/// Defines a function whose body is compiled once for each level:
///
///     DQ_CLONES(void, dq_scale, (int64_t n, float s, float *x), (n, s, x)) { ... }
///
/// `static` before it is that of the function. This is what `target_clones` does, but that leaves
/// the choice to the loader, where nobody can force it down. Tuned for any processor, as clones
/// are: else the compiler takes registers of 256 bits in v4 too. Elsewhere than on x86-64 the
/// compiler's own target decides.
#if defined(__x86_64__)
#define DQ_CLONES(result, name, parameters, arguments) \
  result name parameters; \
  DQ_INLINE result name##_body parameters; \
  __attribute__((target("arch=x86-64-v4,tune=x86-64"))) static result name##_v4 parameters { \
    return name##_body arguments; \
  } \
  __attribute__((target("arch=x86-64-v3,tune=x86-64"))) static result name##_v3 parameters { \
    return name##_body arguments; \
  } \
  result name parameters { \
    switch (dq_instructions()) { \
    case dq_avx512: return name##_v4 arguments; \
    case dq_avx2: return name##_v3 arguments; \
    default: return name##_body arguments; \
    } \
  } \
  DQ_INLINE result name##_body parameters
#else
#define DQ_CLONES(result, name, parameters, arguments) result name parameters
#endif

/// For the small parts of a loop: they must vanish into every clone.
#define DQ_INLINE static inline __attribute__((always_inline))

#endif
