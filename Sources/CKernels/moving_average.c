#include "CKernels.h"
#include "clones.h"

// An exponential moving average (Polyak and Juditsky 1992, in the form of Tarvainen and Valpola
// 2017, arXiv:1703.01780, equation 2):
//
//     average = decay average + (1 - decay) value

DQ_CLONES(
  void, dq_moving_average,
  (int64_t n, float decay, const float *restrict values, float *restrict average),
  (n, decay, values, average)) {
  const float new = 1 - decay;
  for (int64_t i = 0; i < n; ++i) average[i] = decay * average[i] + new * values[i];
}
