#pragma once

// AVX2 with FMA and F16C.

#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define ADAPT4J_AVX2 __attribute__((target("avx2,fma,f16c")))

namespace adapt4j {
namespace avx2 {

ADAPT4J_AVX2 inline void scales(const WeightData& weight, int64_t first, int64_t count,
                                float* out) {
  decodeScales(weight, first, count, out);
}

// 16 numbers in 16 bits as a table of low and one of high bytes, each twice.
struct ByteTables {
  __m256i low;
  __m256i high;
};

ADAPT4J_AVX2 ADAPT4J_INLINE __m256i roundedToBrain(__m256 values) {
  __m256i bits = _mm256_castps_si256(values);
  __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  bits = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
  return _mm256_srli_epi32(bits, 16);
}

ADAPT4J_AVX2 ADAPT4J_INLINE ByteTables byteTables(const float* numbers, float scale, int type) {
  __m256 first = _mm256_mul_ps(_mm256_loadu_ps(numbers), _mm256_set1_ps(scale));
  __m256 second = _mm256_mul_ps(_mm256_loadu_ps(numbers + 8), _mm256_set1_ps(scale));
  __m256i words;
  if (type == F16) {
    words = _mm256_set_m128i(_mm256_cvtps_ph(second, _MM_FROUND_TO_NEAREST_INT),
                             _mm256_cvtps_ph(first, _MM_FROUND_TO_NEAREST_INT));
  } else {
    words = _mm256_permute4x64_epi64(
        _mm256_packus_epi32(roundedToBrain(first), roundedToBrain(second)), 0xD8);
  }
  __m256i low = _mm256_and_si256(words, _mm256_set1_epi16(0xFF));
  __m256i high = _mm256_srli_epi16(words, 8);
  return {_mm256_permute4x64_epi64(_mm256_packus_epi16(low, low), 0x88),
          _mm256_permute4x64_epi64(_mm256_packus_epi16(high, high), 0x88)};
}

template <bool PAST_CACHES>
ADAPT4J_AVX2 ADAPT4J_INLINE void put(void* target, __m256i values) {
  if (PAST_CACHES) {
    _mm256_stream_si256(static_cast<__m256i*>(target), values);
  } else {
    _mm256_storeu_si256(static_cast<__m256i*>(target), values);
  }
}

template <int TYPE, bool PAST_CACHES>
ADAPT4J_AVX2 inline void dequantize16(const float* numbers, const uint8_t* packed,
                                      const float* scales, int64_t groups, uint16_t* out) {
  const __m256i nibble = _mm256_set1_epi8(0xF);
  for (int64_t g = 0; g < groups; g++) {
    ByteTables tables = byteTables(numbers, scales[g], TYPE);
    __m256i bytes =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(packed + g * GROUP_BYTES));
    __m256i first = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
    __m256i second = _mm256_and_si256(bytes, nibble);
    // Codes 0-15 and 32-47, then 16-31 and 48-63.
    __m256i codes[2] = {_mm256_unpacklo_epi8(first, second), _mm256_unpackhi_epi8(first, second)};
    for (int i = 0; i < 2; i++) {
      __m256i low = _mm256_shuffle_epi8(tables.low, codes[i]);
      __m256i high = _mm256_shuffle_epi8(tables.high, codes[i]);
      __m256i even = _mm256_unpacklo_epi8(low, high);
      __m256i odd = _mm256_unpackhi_epi8(low, high);
      uint16_t* target = out + g * GROUP + i * 16;
      put<PAST_CACHES>(target, _mm256_permute2x128_si256(even, odd, 0x20));
      put<PAST_CACHES>(target + 32, _mm256_permute2x128_si256(even, odd, 0x31));
    }
  }
}

// Looks 16 numbers up by the lowest 4 bits of each index.
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 lookUp(__m256 low, __m256 high, __m256i index) {
  __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, index),
                          _mm256_permutevar8x32_ps(high, index), upper);
}

template <bool PAST_CACHES>
ADAPT4J_AVX2 inline void dequantize32(const float* numbers, const uint8_t* packed,
                                      const float* scales, int64_t groups, float* out) {
  for (int64_t g = 0; g < groups; g++) {
    __m256 scale = _mm256_set1_ps(scales[g]);
    __m256 low = _mm256_mul_ps(_mm256_loadu_ps(numbers), scale);
    __m256 high = _mm256_mul_ps(_mm256_loadu_ps(numbers + 8), scale);
    for (int eighth = 0; eighth < 8; eighth++) {
      int32_t word;
      std::memcpy(&word, packed + g * GROUP_BYTES + eighth * 4, sizeof word);
      __m256i index = _mm256_srlv_epi32(_mm256_set1_epi32(word),
                                        _mm256_setr_epi32(4, 0, 12, 8, 20, 16, 28, 24));
      put<PAST_CACHES>(out + g * GROUP + eighth * 8,
                       _mm256_castps_si256(lookUp(low, high, index)));
    }
  }
}

template <bool PAST_CACHES>
inline void dequantizeTo(const float* numbers, const uint8_t* packed, const float* scales,
                         int64_t groups, int type, void* out) {
  if (type == F32) {
    dequantize32<PAST_CACHES>(numbers, packed, scales, groups, static_cast<float*>(out));
  } else if (type == F16) {
    dequantize16<F16, PAST_CACHES>(numbers, packed, scales, groups, static_cast<uint16_t*>(out));
  } else {
    dequantize16<BF16, PAST_CACHES>(numbers, packed, scales, groups, static_cast<uint16_t*>(out));
  }
}

inline void dequantize(const float* numbers, const uint8_t* packed, const float* scales,
                       int64_t groups, int type, bool pastCaches, void* out) {
  if (pastCaches) {
    dequantizeTo<true>(numbers, packed, scales, groups, type, out);
    _mm_sfence();
  } else {
    dequantizeTo<false>(numbers, packed, scales, groups, type, out);
  }
}

inline int64_t preparedBytes(int64_t columns, int) { return columns * 4; }

// Tokens in fp32: the s-th code of each of a group's 8 words together. In bfloat16: in the order in
// which byte tables restore a group, see multiplyBrain.
inline void prepare(const void* x, int type, int64_t columns, void* out) {
  auto* ready = static_cast<float*>(out);
  for (int64_t g = 0; g < columns; g += GROUP) {
    for (int i = 0; i < GROUP; i++) {
      int vector = i / 8, lane = i % 8, within;
      if (type == F32) {
        within = lane * 8 + (vector ^ 1);
      } else {
        int byte = (lane / 4) * 16 + (vector / 2 % 2) * 8 + (lane % 4) * 2 + vector % 2;
        within = 2 * byte + vector / 4;
      }
      *ready++ = valueOf(x, type, g + within);
    }
  }
}

ADAPT4J_AVX2 ADAPT4J_INLINE float sumOf(__m256 v) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Exact numbers for tokens in fp32; numbers rounded to bfloat16 for tokens in bfloat16, which two
// byte tables look up 32 at a time.
template <int TOKENS, bool BRAIN>
ADAPT4J_AVX2 inline void multiplyRow(const WeightData& weight, const float* x, float* scales,
                                     int64_t row, const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  const uint8_t* packed = weight.packed + row * groups * GROUP_BYTES;
  decodeScales(weight, row * groups, groups, scales);
  const ByteTables tables = byteTables(weight.numbers, 1, BF16);
  const __m256 lowNumbers = _mm256_loadu_ps(weight.numbers);
  const __m256 highNumbers = _mm256_loadu_ps(weight.numbers + 8);
  const __m256i nibble = _mm256_set1_epi8(0xF);
  const __m256i upper = _mm256_set1_epi32(static_cast<int>(0xFFFF0000));
  __m256 sums[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    sums[t] = _mm256_setzero_ps();
  }
  for (int64_t g = 0; g < groups; g++) {
    __m256i bytes =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(packed + g * GROUP_BYTES));
    __m256 values[8];
    if (BRAIN) {
      for (int half = 0; half < 2; half++) {
        __m256i codes =
            _mm256_and_si256(half == 0 ? _mm256_srli_epi16(bytes, 4) : bytes, nibble);
        __m256i low = _mm256_shuffle_epi8(tables.low, codes);
        __m256i high = _mm256_shuffle_epi8(tables.high, codes);
        __m256i words[2] = {_mm256_unpacklo_epi8(low, high), _mm256_unpackhi_epi8(low, high)};
        for (int i = 0; i < 2; i++) {
          __m256* pair = values + half * 4 + i * 2;
          pair[0] = _mm256_castsi256_ps(_mm256_slli_epi32(words[i], 16));
          pair[1] = _mm256_castsi256_ps(_mm256_and_si256(words[i], upper));
        }
      }
    } else {
#pragma GCC unroll 8
      for (int s = 0; s < 8; s++) {
        values[s] = lookUp(lowNumbers, highNumbers, _mm256_srli_epi32(bytes, 4 * s));
      }
    }
    __m256 scale = _mm256_set1_ps(scales[g]);
    for (int t = 0; t < TOKENS; t++) {
      const float* token = x + t * weight.columns + g * GROUP;
      __m256 a = _mm256_mul_ps(values[0], _mm256_loadu_ps(token));
      __m256 b = _mm256_mul_ps(values[1], _mm256_loadu_ps(token + 8));
      for (int i = 2; i < 8; i += 2) {
        a = _mm256_fmadd_ps(values[i], _mm256_loadu_ps(token + 8 * i), a);
        b = _mm256_fmadd_ps(values[i + 1], _mm256_loadu_ps(token + 8 * i + 8), b);
      }
      sums[t] = _mm256_fmadd_ps(_mm256_add_ps(a, b), scale, sums[t]);
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    products.put(t, row, sumOf(sums[t]));
  }
}

template <int TOKENS>
inline void multiplyTokens(const WeightData& weight, const void* x, int xType, float* scales,
                           int64_t start, int64_t end, const Products& products) {
  const auto* tokens = static_cast<const float*>(x);
  for (int64_t row = start; row < end; row++) {
    if (xType == BF16) {
      multiplyRow<TOKENS, true>(weight, tokens, scales, row, products);
    } else {
      multiplyRow<TOKENS, false>(weight, tokens, scales, row, products);
    }
  }
}

inline void multiply(const WeightData& weight, const void* x, int xType, int tokens, float* scales,
                     int64_t start, int64_t end, const Products& products) {
  using Multiply =
      void (*)(const WeightData&, const void*, int, float*, int64_t, int64_t, const Products&);
  static constexpr Multiply BY_TOKENS[] = {multiplyTokens<1>, multiplyTokens<2>, multiplyTokens<3>,
                                           multiplyTokens<4>, multiplyTokens<5>, multiplyTokens<6>,
                                           multiplyTokens<7>, multiplyTokens<8>};
  BY_TOKENS[tokens - 1](weight, x, xType, scales, start, end, products);
}

ADAPT4J_AVX2 inline void quantize(Quantizing& job) { quantizeBlocks(job); }

constexpr Kernels KERNELS{scales, dequantize, preparedBytes, prepare, multiply, quantize};

}  // namespace avx2
}  // namespace adapt4j

#endif
