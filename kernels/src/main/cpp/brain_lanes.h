#pragma once

// 16 entries at a time of rows in bfloat16 or fp32, for processors with avx512_bf16.

#include <cmath>

#include "plain_avx512.h"

#if defined(__x86_64__)

namespace adapt4j {
namespace brain {

template <int TYPE>
ADAPT4J_BF16 ADAPT4J_INLINE __m512 entries(const void* x, int64_t i, __mmask16 present) {
  return TYPE == F32 ? _mm512_maskz_loadu_ps(present, static_cast<const float*>(x) + i)
                     : avx512::weights<BF16>(static_cast<const uint16_t*>(x) + i, 0, present);
}

// Stores under a mask of 16-bit entries take some processors tens of cycles: only where they must be.
ADAPT4J_BF16 ADAPT4J_INLINE void putRounded(__m512 values, uint16_t* y, __mmask16 present) {
  const __m256i rounded = (__m256i)_mm512_cvtneps_pbh(values);
  if (present == 0xFFFF) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), rounded);
  } else {
    _mm256_mask_storeu_epi16(y, present, rounded);
  }
}

ADAPT4J_BF16 ADAPT4J_INLINE __mmask16 presentOf(int64_t count) {
  return count >= 16 ? 0xFFFF : count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
}

// e^x as 2^n 2^f with f in [0, 1), which a polynomial of degree 5 gives to 2 units in the last place;
// the rounding of x log2 e comes to it, |x| / 2 units. 0 and infinity where they are the nearest.
ADAPT4J_BF16 ADAPT4J_INLINE __m512 exponential(__m512 x) {
  const __m512 t = _mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f));
  const __m512 f = _mm512_reduce_ps(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(1.8671304955870521e-3f), f,
                             _mm512_set1_ps(9.01702941526196e-3f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.5799913758621644e-2f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.4016444997259495e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.931513118200683e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, t);
}

// 1 / (1 + e^-x); for x below -80 what it is there.
ADAPT4J_BF16 ADAPT4J_INLINE __m512 sigmoid(__m512 x) {
  // In this order NaN stays NaN.
  const __m512 limited = _mm512_max_ps(_mm512_set1_ps(-80.0f), x);
  const __m512 d = _mm512_add_ps(
      _mm512_set1_ps(1.0f), exponential(_mm512_sub_ps(_mm512_setzero_ps(), limited)));
  const __m512 r = _mm512_rcp14_ps(d);
  return _mm512_mul_ps(r, _mm512_fnmadd_ps(d, r, _mm512_set1_ps(2.0f)));
}

}  // namespace brain
}  // namespace adapt4j

#endif
