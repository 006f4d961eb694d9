#ifndef DQ_CUBIC_H
#define DQ_CUBIC_H

#include <math.h>

/// The cubic of a = -0.5. Source: Keys 1981, equation 8.
static inline double dq_cubic(double t) {
  t = fabs(t);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

#endif
