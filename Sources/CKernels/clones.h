/// Run-time choice of the instruction set, in one place.
///
/// `DQ_CLONES` before a function compiles its body once per level of x86-64 and lets the loader
/// pick the best one that the machine has (System V psABI: v4 is AVX-512, v3 is AVX2 with fused
/// multiply-add). Elsewhere it is empty and the compiler's own target decides.
///
/// `DQ_CLONES_LEVEL` 4 (default) allows all levels, 3 stops at v3, 0 leaves the baseline alone.
/// Tests of the lower levels are builds with that macro.
#ifndef DQ_CLONES_H
#define DQ_CLONES_H

#ifndef DQ_CLONES_LEVEL
#define DQ_CLONES_LEVEL 4
#endif

#if defined(__x86_64__) && DQ_CLONES_LEVEL >= 4
#define DQ_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif defined(__x86_64__) && DQ_CLONES_LEVEL >= 3
#define DQ_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define DQ_CLONES
#endif

/// Before a loop whose iterations touch no element of each other. A destination may then equal a
/// source and the loop is still made of vectors; on its own, the compiler would check for overlap
/// and go one element at a time where there is any.
#define DQ_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")

/// For the small parts of a kernel: they must vanish into every clone.
#define DQ_INLINE static inline __attribute__((always_inline))

#endif
