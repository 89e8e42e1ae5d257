#pragma once

// Products of plain weights with AVX2.

#include "avx2.h"
#include "plain_product.h"

#if defined(__x86_64__)

namespace adapt4j {
namespace avx2 {

// 8 vectors to the vector of their sums.
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 sums(const __m256* v) {
  const __m256 first = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
  const __m256 second = _mm256_hadd_ps(_mm256_hadd_ps(v[4], v[5]), _mm256_hadd_ps(v[6], v[7]));
  return _mm256_add_ps(_mm256_permute2f128_ps(first, second, 0x20),
                       _mm256_permute2f128_ps(first, second, 0x31));
}

// 8 weights in fp32, of which those past the first left are 0.
template <int TYPE>
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 weights(const void* row, int64_t at, int64_t left) {
  uint8_t some[32];
  const void* from = static_cast<const uint8_t*>(row) + at * bytesOf(TYPE);
  if (left < 8) {
    std::memset(some, 0, sizeof some);
    std::memcpy(some, from, (left < 0 ? 0 : left) * bytesOf(TYPE));
    from = some;
  }
  if (TYPE == F32) {
    return _mm256_loadu_ps(static_cast<const float*>(from));
  }
  if (TYPE == SCALED8) {
    return _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(from))));
  }
  const __m128i bits = _mm_loadu_si128(static_cast<const __m128i*>(from));
  return TYPE == F16 ? _mm256_cvtph_ps(bits)
                     : _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

template <int TYPE, int ROWS, int TOKENS>
ADAPT4J_AVX2 inline void multiplyBlock(const PlainRows& rows, int64_t first, const float* x,
                                       int tokens, float* out, int64_t stride) {
  const int64_t width = padded(rows.columns);
  const int64_t present = rows.count - first < ROWS ? rows.count - first : ROWS;
  const void* row[ROWS];
  const float* token[TOKENS];
  __m256 parts[ROWS * TOKENS];
  for (int r = 0; r < ROWS; r++) {
    row[r] = rows.row(first + (r < present ? r : present - 1));
  }
  for (int t = 0; t < TOKENS; t++) {
    token[t] = x + (t < tokens ? t : tokens - 1) * width;
    for (int r = 0; r < ROWS; r++) {
      parts[t * ROWS + r] = _mm256_setzero_ps();
    }
  }
  const int64_t ahead = 8 * rows.columns * bytesOf(TYPE);
  for (int64_t i = 0; i < rows.columns; i += 8) {
    __m256 values[ROWS];
    for (int r = 0; r < ROWS; r++) {
      values[r] = weights<TYPE>(row[r], i, rows.columns - i);
      if (i % (64 / bytesOf(TYPE)) == 0) {
        _mm_prefetch(static_cast<const char*>(row[r]) + i * bytesOf(TYPE) + ahead, _MM_HINT_T0);
      }
    }
    for (int t = 0; t < TOKENS; t++) {
      const __m256 entries = _mm256_loadu_ps(token[t] + i);
      for (int r = 0; r < ROWS; r++) {
        parts[t * ROWS + r] = _mm256_fmadd_ps(values[r], entries, parts[t * ROWS + r]);
      }
    }
  }
  float all[8];
  _mm256_storeu_ps(all, sums(parts));
  for (int t = 0; t < (tokens < TOKENS ? tokens : TOKENS); t++) {
    for (int r = 0; r < present; r++) {
      out[t * stride + r] = all[t * ROWS + r];
    }
  }
}

template <int TYPE, int TOKENS>
inline void multiplyTokens(const PlainRows& rows, const float* tokens, int count, float* sums,
                           int64_t stride) {
  constexpr int ROWS = 8 / TOKENS;
  for (int64_t r = 0; r < rows.count; r += ROWS) {
    for (int t = 0; t < count; t += TOKENS) {
      multiplyBlock<TYPE, ROWS, TOKENS>(rows, r, tokens + t * padded(rows.columns), count - t,
                                        sums + t * stride + r, stride);
    }
  }
}

template <int TYPE>
inline void multiplyType(const PlainRows& rows, const void* tokens, int count, float* sums,
                         int64_t stride) {
  const auto* x = static_cast<const float*>(tokens);
  if (count == 1) {
    multiplyTokens<TYPE, 1>(rows, x, count, sums, stride);
  } else if (count == 2) {
    multiplyTokens<TYPE, 2>(rows, x, count, sums, stride);
  } else {
    multiplyTokens<TYPE, 4>(rows, x, count, sums, stride);
  }
}

inline void multiplyPlain(const PlainRows& rows, const void* tokens, int count, float* sums,
                          int64_t stride) {
  if (rows.type == F32) {
    multiplyType<F32>(rows, tokens, count, sums, stride);
  } else if (rows.type == F16) {
    multiplyType<F16>(rows, tokens, count, sums, stride);
  } else if (rows.type == SCALED8) {
    multiplyType<SCALED8>(rows, tokens, count, sums, stride);
  } else {
    multiplyType<BF16>(rows, tokens, count, sums, stride);
  }
}

// Sums of HEADS heads over 32 entries of each row stay in registers.
template <int TYPE, int HEADS>
ADAPT4J_AVX2 inline void mixEntries(const PlainRows& rows, int64_t first, const float* weights,
                                    int64_t stride, bool added, float* out) {
  __m256 sums[HEADS][4];
  const int64_t left = rows.columns - first;
  for (int h = 0; h < HEADS; h++) {
    float all[32] = {};
    if (added) {
      std::memcpy(all, out + h * rows.columns + first, (left < 32 ? left : 32) * 4);
    }
    for (int i = 0; i < 4; i++) {
      sums[h][i] = _mm256_loadu_ps(all + i * 8);
    }
  }
  for (int64_t j = 0; j < rows.count; j++) {
    const void* row = rows.row(j);
    for (int i = 0; i < 4; i++) {
      const __m256 values = avx2::weights<TYPE>(row, first + i * 8, left - i * 8);
      for (int h = 0; h < HEADS; h++) {
        sums[h][i] = _mm256_fmadd_ps(_mm256_set1_ps(weights[h * stride + j]), values, sums[h][i]);
      }
    }
  }
  for (int h = 0; h < HEADS; h++) {
    float all[32];
    for (int i = 0; i < 4; i++) {
      _mm256_storeu_ps(all + i * 8, sums[h][i]);
    }
    std::memcpy(out + h * rows.columns + first, all, (left < 32 ? left : 32) * 4);
  }
}

template <int TYPE>
inline void mixType(const PlainRows& rows, const float* weights, int64_t stride, int heads,
                    bool added, float* out) {
  for (int h = 0; h < heads; h += 2) {
    for (int64_t i = 0; i < rows.columns; i += 32) {
      if (h + 1 < heads) {
        mixEntries<TYPE, 2>(rows, i, weights + h * stride, stride, added,
                            out + h * rows.columns);
      } else {
        mixEntries<TYPE, 1>(rows, i, weights + h * stride, stride, added,
                            out + h * rows.columns);
      }
    }
  }
}

inline void mix(const PlainRows& rows, const float* weights, int64_t stride, int heads, bool added,
                float* out) {
  if (rows.type == F32) {
    mixType<F32>(rows, weights, stride, heads, added, out);
  } else if (rows.type == F16) {
    mixType<F16>(rows, weights, stride, heads, added, out);
  } else if (rows.type == SCALED8) {
    mixType<SCALED8>(rows, weights, stride, heads, added, out);
  } else {
    mixType<BF16>(rows, weights, stride, heads, added, out);
  }
}

ADAPT4J_AVX2 inline void norm(const NormRule& rule, const float* x, int64_t width, float* y) {
  lanes::normEntries(rule, x, width, y);
}
ADAPT4J_AVX2 inline void activate(int kind, const float* x, const float* up, float gain, int64_t width,
                                  float* y) {
  lanes::activateKind(kind, x, up, gain, width, y);
}
ADAPT4J_AVX2 inline void softmax(float* scores, int64_t count, float scale, float cap,
                                  const float* sink) {
  lanes::softmaxEntries(scores, count, scale, cap, sink);
}
ADAPT4J_AVX2 inline void addScaled(const float* base, const float* x, float factor,
                                   int64_t width, float* y) {
  lanes::addScaledEntries(base, x, factor, width, y);
}
ADAPT4J_AVX2 inline void rotate(float* head, const float* cos, const float* sin, int64_t half) {
  lanes::rotateEntries(head, cos, sin, half);
}
ADAPT4J_AVX2 inline void rotatePairs(float* head, const float* cos, const float* sin,
                                      int64_t half) {
  lanes::rotatePairEntries(head, cos, sin, half);
}
ADAPT4J_AVX2 inline void clampedGated(const float* x, float alpha, float limit, int64_t width,
                                       float* y) {
  lanes::clampedGatedEntries(x, alpha, limit, width, y);
}
ADAPT4J_AVX2 inline void learned(const float* x, float above, float steep, int64_t width,
                                 float* y) {
  lanes::learnedEntries(x, above, steep, width, y);
}
ADAPT4J_AVX2 inline void match(const float* other, float epsilon, int64_t width, float* y) {
  lanes::matchEntries(other, epsilon, width, y);
}
ADAPT4J_AVX2 inline void above(const float* x, float quantile, int64_t width, float* y) {
  lanes::aboveEntries(x, quantile, width, y);
}

constexpr ElementKernels ELEMENTS{norm,   activate,    softmax,      addScaled, rotate,
                                  rotatePairs, clampedGated, learned, match, above};

constexpr PlainKernels PLAIN{scalar::tokenType, scalar::prepareToken, multiplyPlain, nullptr, mix,
                             &ELEMENTS};

}  // namespace avx2
}  // namespace adapt4j

#endif
