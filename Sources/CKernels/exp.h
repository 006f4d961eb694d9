/// The exponential and the normal distribution, as straight-line code that loops can be made of.
#ifndef DQ_EXP_H
#define DQ_EXP_H

#include <stdint.h>

#include "clones.h"

DQ_INLINE float dq_float_of_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

DQ_INLINE uint32_t dq_bits_of_float(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// exp(x), relative error below 2e-7 down to the denormals; infinities and NaN as libm has them.
///
///     x = k log(2) + r, |r| <= log(2) / 2;  exp(x) = 2^k (1 + r + r^2 p(r))
///
/// p is the polynomial of degree 4 that meets (exp(r) - 1 - r) / r^2 in the Chebyshev nodes (error
/// of the whole 1e-8). k is rounded by adding 1.5 * 2^23, which leaves it in the low bits; log(2)
/// is split so that k times its first part (9 bits) is exact; 2^k is applied in two factors,
/// because k runs from -150 to 128 and a float's exponent does not.
DQ_INLINE float dq_exp_one(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  const float rounding = 12582912.0f;
  const float shifted = x * 1.44269504f + rounding;
  const float k = shifted - rounding;
  const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 0.001392632562f;
  p = p * r + 0.008363292753f;
  p = p * r + 0.04166655376f;
  p = p * r + 0.1666657631f;
  p = p * r + 0.5f;
  p = p * (r * r) + r + 1.0f;
  const int32_t power = (int32_t)(dq_bits_of_float(shifted) - dq_bits_of_float(rounding));
  const int32_t half = power >> 1;
  const float first = dq_float_of_bits((uint32_t)(half + 127) << 23);
  const float second = dq_float_of_bits((uint32_t)(power - half + 127) << 23);
  return p * first * second;
}

/// The normal distribution at one point.
typedef struct {
  float cumulative;  // P(X <= x) = (1 + erf(x / sqrt 2)) / 2
  float density;     // exp(-x^2 / 2) / sqrt(2 pi)
} dq_normal;

/// The distribution function keeps its relative error (below 1e-6) in the lower tail too.
///
///     P(X <= -s) = exp(-s^2 / 2) t q(t), t = 1 / (1 + 0.3 s), s >= 0
///
/// q is the polynomial of degree 9 that meets exp(s^2 / 2) P(X <= -s) / t in the Chebyshev nodes of
/// 0 <= s <= 14 (error 4e-9), beyond which the result is 0 in Float32.
DQ_INLINE dq_normal dq_normal_at(float x) {
  float s = x < 0 ? -x : x;
  s = s > 14.5f ? 14.5f : s;
  const float t = 1.0f / (1.0f + 0.3f * s);
  float q = -0.02091435973f;
  q = q * t + 0.1140402721f;
  q = q * t - 0.2320384829f;
  q = q * t + 0.196940677f;
  q = q * t - 0.08374254902f;
  q = q * t + 0.09848074018f;
  q = q * t + 0.07758906438f;
  q = q * t + 0.1104051798f;
  q = q * t + 0.1195517632f;
  q = q * t + 0.1196876931f;
  const float bell = dq_exp_one(-0.5f * (s * s));
  const float tail = bell * (t * q);
  dq_normal normal;
  normal.cumulative = x < 0 ? tail : 1.0f - tail;
  normal.density = bell * 0.398942280f;
  return normal;
}

#endif
