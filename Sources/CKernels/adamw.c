#include "CKernels.h"
#include "clones.h"

// AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2) in the order of PyTorch's
// torch.optim.AdamW, which the golden values of Chinese-CLIP follow:
//
//     g  = gradient_scale gradient
//     p -= learning_rate weight_decay p
//     m  = beta1 m + (1 - beta1) g
//     v  = beta2 v + (1 - beta2) g^2
//     p -= (learning_rate / bias_correction1) m / (sqrt(v) / sqrt(bias_correction2) + epsilon)

DQ_CLONES(
  void, dq_adamw,
  (int64_t n, float *restrict parameters, const float *restrict gradients,
   float *restrict first_moment, float *restrict second_moment, float learning_rate,
   float weight_decay, float beta1, float beta2, float epsilon, float bias_correction1,
   float bias_correction2, float gradient_scale),
  (n, parameters, gradients, first_moment, second_moment, learning_rate, weight_decay, beta1,
   beta2, epsilon, bias_correction1, bias_correction2, gradient_scale)) {
  const float kept = 1 - learning_rate * weight_decay;
  const float step = learning_rate / bias_correction1;
  const float reciprocal_root = 1 / __builtin_sqrtf(bias_correction2);
  const float new1 = 1 - beta1, new2 = 1 - beta2;
  for (int64_t i = 0; i < n; ++i) {
    const float g = gradient_scale * gradients[i];
    const float m = beta1 * first_moment[i] + new1 * g;
    const float v = beta2 * second_moment[i] + new2 * (g * g);
    first_moment[i] = m;
    second_moment[i] = v;
    parameters[i] =
      parameters[i] * kept - step * m / (__builtin_sqrtf(v) * reciprocal_root + epsilon);
  }
}
