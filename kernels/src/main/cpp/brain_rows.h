#pragma once

// Rows in bfloat16 for processors with its instructions: SiLU and GELU, norms by the root mean
// square, and softmax losses. The plainer loops of row_kernels.h do the same.

#include "brain_lanes.h"

#if defined(__x86_64__)

namespace adapt4j {
namespace brain {

// Vectors whose exponentials are added in fp32 before they come to the sum of a row.
constexpr int64_t SUMMED = 64 * 16;

// Entries that are read so far ahead.
constexpr int64_t FAR = 1024;

ADAPT4J_INLINE void prefetch(const uint16_t* from) {
  _mm_prefetch(reinterpret_cast<const char*>(from), _MM_HINT_T0);
}

// x / 2 (1 + tanh u) = x / (1 + e^-2u), which cancels nowhere.
ADAPT4J_BF16 ADAPT4J_INLINE __m512 geluTanh(__m512 x) {
  const __m512 factor = _mm512_fmadd_ps(_mm512_mul_ps(x, x), _mm512_set1_ps(0.07135481282f),
                                        _mm512_set1_ps(1.5957691216057308f));
  return _mm512_mul_ps(x, sigmoid(_mm512_mul_ps(x, factor)));
}

template <int KIND>
ADAPT4J_BF16 ADAPT4J_INLINE __m512 activated(__m512 x) {
  return KIND == SILU ? _mm512_mul_ps(x, sigmoid(x)) : geluTanh(x);
}

ADAPT4J_BF16 inline void geluTanhRow(const uint16_t* x, int64_t width, uint16_t* y) {
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 present = presentOf(width - i);
    prefetch(x + i + FAR);
    putRounded(geluTanh(entries<BF16>(x, i, present)), y + i, present);
  }
}

template <int KIND>
ADAPT4J_BF16 inline void gatedRow(const uint16_t* x, int64_t width, uint16_t* y) {
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 present = presentOf(width - i);
    prefetch(x + i + 2 * width);
    prefetch(x + i + 3 * width);
    const __m512 gate = entries<BF16>(x, i, present);
    const __m512 up = entries<BF16>(x, width + i, present);
    putRounded(_mm512_mul_ps(activated<KIND>(gate), up), y + i, present);
  }
}

ADAPT4J_BF16 inline void gatedBackwardRow(const uint16_t* dy, const uint16_t* x, int64_t width,
                                          uint16_t* dx) {
  const __m512 one = _mm512_set1_ps(1.0f);
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 present = presentOf(width - i);
    const __m512 gate = entries<BF16>(x, i, present);
    const __m512 up = entries<BF16>(x, width + i, present);
    const __m512 d = entries<BF16>(dy, i, present);
    prefetch(x + i + 2 * width);
    prefetch(x + i + 3 * width);
    prefetch(dy + i + width);
    const __m512 s = sigmoid(gate), active = _mm512_mul_ps(gate, s);
    // s (1 + gate (1 - s)), the derivative of gate s.
    const __m512 slope = _mm512_fmadd_ps(active, _mm512_sub_ps(one, s), s);
    putRounded(_mm512_mul_ps(_mm512_mul_ps(d, up), slope), dx + i, present);
    putRounded(_mm512_mul_ps(d, active), dx + width + i, present);
  }
}

ADAPT4J_BF16 inline void rmsNormRow(const uint16_t* x, const uint16_t* weight, int64_t width,
                                    float offset, float epsilon, uint16_t* y) {
  __m512 squares = _mm512_setzero_ps();
  for (int64_t i = 0; i < width; i += 16) {
    prefetch(x + i + FAR);
    const __m512 values = entries<BF16>(x, i, presentOf(width - i));
    squares = _mm512_fmadd_ps(values, values, squares);
  }
  const __m512 inverse =
      _mm512_set1_ps(1 / std::sqrt(_mm512_reduce_add_ps(squares) / width + epsilon));
  const __m512 shift = _mm512_set1_ps(offset);
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 present = presentOf(width - i);
    const __m512 factor = _mm512_add_ps(entries<BF16>(weight, i, present), shift);
    const __m512 normal = _mm512_mul_ps(entries<BF16>(x, i, present), inverse);
    putRounded(_mm512_mul_ps(normal, factor), y + i, present);
  }
}

// dx = (g - x inverse^2 mean(g x)) inverse with g = dy (weight + offset), and what is added to it. The
// derivative by the weight is added to dweight where that is not null.
ADAPT4J_BF16 inline void rmsNormBackwardRow(const uint16_t* dy, const uint16_t* x,
                                            const uint16_t* weight, int64_t width, float offset,
                                            float epsilon, const uint16_t* added, uint16_t* dx,
                                            float* dweight) {
  const __m512 shift = _mm512_set1_ps(offset);
  __m512 squares = _mm512_setzero_ps(), products = squares;
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 present = presentOf(width - i);
    prefetch(x + i + FAR);
    prefetch(dy + i + FAR);
    if (added != nullptr) {
      prefetch(added + i + FAR);
    }
    const __m512 values = entries<BF16>(x, i, present);
    const __m512 factor = _mm512_add_ps(entries<BF16>(weight, i, present), shift);
    const __m512 g = _mm512_mul_ps(entries<BF16>(dy, i, present), factor);
    squares = _mm512_fmadd_ps(values, values, squares);
    products = _mm512_fmadd_ps(g, values, products);
  }
  const float inverse = 1 / std::sqrt(_mm512_reduce_add_ps(squares) / width + epsilon);
  const float mean = _mm512_reduce_add_ps(products) * inverse / width;
  const __m512 scale = _mm512_set1_ps(inverse), along = _mm512_set1_ps(mean);
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 present = presentOf(width - i);
    const __m512 factor = _mm512_add_ps(entries<BF16>(weight, i, present), shift);
    const __m512 d = entries<BF16>(dy, i, present), g = _mm512_mul_ps(d, factor);
    const __m512 normal = _mm512_mul_ps(entries<BF16>(x, i, present), scale);
    if (dweight != nullptr) {
      const __m512 sum = _mm512_fmadd_ps(d, normal, entries<F32>(dweight, i, present));
      _mm512_mask_storeu_ps(dweight + i, present, sum);
    }
    const __m512 other =
        added == nullptr ? _mm512_setzero_ps() : entries<BF16>(added, i, present);
    putRounded(_mm512_fmadd_ps(_mm512_fnmadd_ps(normal, along, g), scale, other), dx + i, present);
  }
}

ADAPT4J_BF16 inline float crossEntropyRow(const RowLoss& rule, uint16_t* logits, int64_t target,
                                          float weight) {
  const int64_t width = rule.vocabulary;
  const float given = ofBrain(logits[target]);
  const __m512 least = _mm512_set1_ps(-INFINITY);
  __m512 most = least;
  for (int64_t i = 0; i < width; i += 16) {
    const __mmask16 present = presentOf(width - i);
    prefetch(logits + i + FAR);
    most = _mm512_mask_max_ps(most, present, most, entries<BF16>(logits, i, present));
  }
  const float highest = _mm512_reduce_max_ps(most);
  // Partial sums keep the rounding of a large vocabulary small.
  double total = 0;
  for (int64_t start = 0; start < width; start += SUMMED) {
    const int64_t end = start + SUMMED < width ? start + SUMMED : width;
    __m512 sums = _mm512_setzero_ps();
    for (int64_t i = start; i < end; i += 16) {
      const __mmask16 present = presentOf(end - i);
      const __m512 x = _mm512_sub_ps(entries<BF16>(logits, i, present), _mm512_set1_ps(highest));
      sums = _mm512_mask_add_ps(sums, present, sums, exponential(x));
    }
    total += _mm512_reduce_add_ps(sums);
  }
  const float logSum = static_cast<float>(std::log(total)) + highest;
  if (rule.gradient) {
    const float factor = weight * rule.scale;
    const float inverseCap = rule.cap > 0 ? 1 / rule.cap : 0;
    const __m512 all = _mm512_set1_ps(factor), inverse = _mm512_set1_ps(inverseCap);
    for (int64_t i = 0; i < width; i += 16) {
      const __mmask16 present = presentOf(width - i);
      const __m512 scores = entries<BF16>(logits, i, present);
      __m512 d = _mm512_mul_ps(exponential(_mm512_sub_ps(scores, _mm512_set1_ps(logSum))), all);
      const __m512 tangent = _mm512_mul_ps(scores, inverse);
      d = _mm512_mul_ps(d, _mm512_fnmadd_ps(tangent, tangent, _mm512_set1_ps(1.0f)));
      putRounded(d, logits + i, present);
    }
    const float tangent = given * inverseCap;
    const float d = (std::exp(given - logSum) - 1) * factor * (1 - tangent * tangent);
    logits[target] = toBrain(d);
  }
  return logSum - given;
}

}  // namespace brain
}  // namespace adapt4j

#endif
