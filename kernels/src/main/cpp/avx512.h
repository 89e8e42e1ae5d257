#pragma once

// AVX-512 (F, BW, DQ, VL), with and without its bfloat16 instructions.

#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define ADAPT4J_AVX512 __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")))
#define ADAPT4J_BF16 \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace adapt4j {
namespace avx512 {

// Quantized ones by a gather, which the compiler does not find: rows are short, and decoding theirs
// takes a part of a product's time.
ADAPT4J_AVX512 inline void scales(const WeightData& weight, int64_t first, int64_t count,
                                  float* out) {
  if (weight.groupsPerBlock > 1 || !weight.plain.empty()) {
    decodeScales(weight, first, count, out);
    return;
  }
  const __m512 offset = _mm512_set1_ps(weight.offset);
  for (int64_t done = 0; done < count;) {
    const int64_t at = first + done;
    const int64_t left = weight.nestedBlock - at % weight.nestedBlock;
    const int64_t length = left < count - done ? left : count - done;
    const __m512 absmax = _mm512_set1_ps(weight.absmax[at / weight.nestedBlock]);
    for (int64_t i = 0; i < length; i += 16) {
      const __mmask16 present = length - i < 16 ? (1 << (length - i)) - 1 : 0xFFFF;
      const __m512i codes = _mm512_cvtepu8_epi32(
          _mm_maskz_loadu_epi8(present, weight.codes.data() + at + i));
      const __m512 numbers = _mm512_i32gather_ps(codes, weight.codeNumbers, 4);
      _mm512_mask_storeu_ps(out + done + i, present,
                            _mm512_add_ps(_mm512_mul_ps(numbers, absmax), offset));
    }
    done += length;
  }
}

// Products read codes so far ahead of where they are: the processor foresees no further than a page.
constexpr int64_t AHEAD = 8 << 10;

// Into the second cache, which has more requests open at a time than the first. Addresses past the end
// do no harm.
ADAPT4J_INLINE void prefetch(const uint8_t* from) {
  _mm_prefetch(reinterpret_cast<const char*>(from), _MM_HINT_T1);
}

// Into the first cache, for loops over blocks, which compute longer than they wait.
ADAPT4J_INLINE void prefetchNear(const uint8_t* from) {
  _mm_prefetch(reinterpret_cast<const char*>(from), _MM_HINT_T0);
}

// 16 numbers in 16 bits, rounded to nearest even, twice.
ADAPT4J_AVX512 ADAPT4J_INLINE __m512i table16(__m512 numbers, int type) {
  __m256i half;
  if (type == F16) {
    half = _mm512_cvtps_ph(numbers, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  } else {
    __m512i bits = _mm512_castps_si512(numbers);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    bits = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
    half = _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16));
  }
  return _mm512_broadcast_i64x4(half);
}

template <bool PAST_CACHES>
ADAPT4J_AVX512 ADAPT4J_INLINE void put(void* target, __m512i values) {
  if (PAST_CACHES) {
    _mm512_stream_si512(static_cast<__m512i*>(target), values);
  } else {
    _mm512_storeu_si512(target, values);
  }
}

// Since a block has 16 different weights, its numbers are scaled and rounded once and then looked
// up. The instruction takes 5 bits of an index, of which the table's repetition makes 4 count.
template <int TYPE, bool PAST_CACHES>
ADAPT4J_AVX512 inline void dequantize16(const float* numbers, const uint8_t* packed,
                                        const float* scales, int64_t groups, uint16_t* out) {
  const __m512 all = _mm512_loadu_ps(numbers);
  for (int64_t g = 0; g < groups; g++) {
    __m512i table = table16(_mm512_mul_ps(all, _mm512_set1_ps(scales[g])), TYPE);
    for (int half = 0; half < 2; half++) {
      __m512i bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128(
          reinterpret_cast<const __m128i*>(packed + g * GROUP_BYTES + half * 16)));
      __m512i index =
          _mm512_or_si512(_mm512_srli_epi32(bytes, 4), _mm512_slli_epi32(bytes, 16));
      put<PAST_CACHES>(out + g * GROUP + half * 32, _mm512_permutexvar_epi16(index, table));
    }
  }
}

template <bool PAST_CACHES>
ADAPT4J_AVX512 inline void dequantize32(const float* numbers, const uint8_t* packed,
                                        const float* scales, int64_t groups, float* out) {
  const __m512 all = _mm512_loadu_ps(numbers);
  for (int64_t g = 0; g < groups; g++) {
    __m512 table = _mm512_mul_ps(all, _mm512_set1_ps(scales[g]));
    for (int quarter = 0; quarter < 4; quarter++) {
      __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64(
          reinterpret_cast<const __m128i*>(packed + g * GROUP_BYTES + quarter * 8)));
      __m512i index =
          _mm512_or_si512(_mm512_srli_epi64(bytes, 4), _mm512_slli_epi64(bytes, 32));
      put<PAST_CACHES>(out + g * GROUP + quarter * 16,
                       _mm512_castps_si512(_mm512_permutexvar_ps(index, table)));
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

// Products in fp32 take 128 weights at a time: 16 words of 8 codes, of which the s-th of each word
// is looked up together. Tokens stand in that order, filled up with zeros.
constexpr int64_t CHUNK = 2 * GROUP;

inline int64_t chunks(int64_t columns) { return (columns + CHUNK - 1) / CHUNK; }

inline int64_t preparedBytes(int64_t columns, int) { return chunks(columns) * CHUNK * 4; }

inline void prepare(const void* x, int type, int64_t columns, void* out) {
  auto* ready = static_cast<float*>(out);
  for (int64_t c = 0; c < chunks(columns); c++) {
    for (int s = 0; s < 8; s++) {
      for (int word = 0; word < 16; word++) {
        // Within a byte the first code is in the high half.
        int64_t index = c * CHUNK + word * 8 + (s ^ 1);
        *ready++ = index < columns ? valueOf(x, type, index) : 0;
      }
    }
  }
}

template <int TOKENS, int ROWS>
ADAPT4J_AVX512 inline void multiplyRows(const WeightData& weight, const float* x, float* scales,
                                        int64_t row, const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  const int64_t width = chunks(weight.columns) * CHUNK;
  const int64_t stride = width / GROUP + 1;
  const uint8_t* packed[ROWS];
  __m512 sums[ROWS][TOKENS];
  for (int r = 0; r < ROWS; r++) {
    packed[r] = weight.packed + (row + r) * groups * GROUP_BYTES;
    avx512::scales(weight, (row + r) * groups, groups, scales + r * stride);
    scales[r * stride + groups] = 0;
    for (int t = 0; t < TOKENS; t++) {
      sums[r][t] = _mm512_setzero_ps();
    }
  }
  const __m512 table = _mm512_loadu_ps(weight.numbers);
  const __m512i halves = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  for (int64_t g = 0; g < groups; g += 2) {
    const __mmask16 present = g + 1 < groups ? 0xFFFF : 0xFF;
    __m512i words[ROWS];
    __m512 parts[ROWS][TOKENS];
    for (int r = 0; r < ROWS; r++) {
      const uint8_t* from = packed[r] + g * GROUP_BYTES;
      words[r] = _mm512_maskz_loadu_epi32(present, from);
      prefetch(from + AHEAD);
      for (int t = 0; t < TOKENS; t++) {
        parts[r][t] = _mm512_setzero_ps();
      }
    }
#pragma GCC unroll 8
    for (int s = 0; s < 8; s++) {
      for (int r = 0; r < ROWS; r++) {
        __m512 values = _mm512_permutexvar_ps(_mm512_srli_epi32(words[r], 4 * s), table);
        for (int t = 0; t < TOKENS; t++) {
          __m512 token = _mm512_loadu_ps(x + t * width + g * GROUP + s * 16);
          parts[r][t] = _mm512_fmadd_ps(values, token, parts[r][t]);
        }
      }
    }
    for (int r = 0; r < ROWS; r++) {
      double pair;
      std::memcpy(&pair, scales + r * stride + g, sizeof pair);
      __m512 scale = _mm512_permutexvar_ps(halves, _mm512_castpd_ps(_mm512_set1_pd(pair)));
      for (int t = 0; t < TOKENS; t++) {
        sums[r][t] = _mm512_fmadd_ps(parts[r][t], scale, sums[r][t]);
      }
    }
  }
  for (int r = 0; r < ROWS; r++) {
    for (int t = 0; t < TOKENS; t++) {
      products.put(t, row + r, _mm512_reduce_add_ps(sums[r][t]));
    }
  }
}

template <int TOKENS>
inline void multiplyTokens(const WeightData& weight, const void* x, float* scales, int64_t start,
                           int64_t end, const Products& products) {
  // One row is read in one stream, as fast as memory gives it. More tokens are more work on each
  // byte: rows share the reading of tokens.
  constexpr int ROWS = TOKENS == 1 || TOKENS > 4 ? 1 : 2;
  const auto* tokens = static_cast<const float*>(x);
  int64_t row = start;
  for (; row + ROWS <= end; row += ROWS) {
    multiplyRows<TOKENS, ROWS>(weight, tokens, scales, row, products);
  }
  for (; row < end; row++) {
    multiplyRows<TOKENS, 1>(weight, tokens, scales, row, products);
  }
}

inline void multiply(const WeightData& weight, const void* x, int, int tokens, float* scales,
                     int64_t start, int64_t end, const Products& products) {
  using Multiply =
      void (*)(const WeightData&, const void*, float*, int64_t, int64_t, const Products&);
  static constexpr Multiply BY_TOKENS[] = {multiplyTokens<1>, multiplyTokens<2>, multiplyTokens<3>,
                                           multiplyTokens<4>, multiplyTokens<5>, multiplyTokens<6>,
                                           multiplyTokens<7>, multiplyTokens<8>};
  BY_TOKENS[tokens - 1](weight, x, scales, start, end, products);
}

ADAPT4J_AVX512 inline void quantize(Quantizing& job) { quantizeBlocks(job); }

constexpr Kernels KERNELS{scales, dequantize, preparedBytes, prepare, multiply, quantize};

}  // namespace avx512

// Products of bfloat16 tokens with the 16 numbers rounded to bfloat16; sums and scales in fp32.
// Tokens in fp32 take the kernels above.
namespace avx512bf16 {

inline int64_t preparedBytes(int64_t columns, int type) {
  return type == BF16 ? columns * 2 : avx512::preparedBytes(columns, type);
}

// In each group first the weights of the high halves, then those of the low ones.
inline void prepare(const void* x, int type, int64_t columns, void* out) {
  if (type != BF16) {
    avx512::prepare(x, type, columns, out);
    return;
  }
  const auto* token = static_cast<const uint16_t*>(x);
  auto* ready = static_cast<uint16_t*>(out);
  for (int64_t g = 0; g < columns; g += GROUP) {
    for (int i = 0; i < GROUP / 2; i++) {
      ready[g + i] = token[g + 2 * i];
      ready[g + GROUP / 2 + i] = token[g + 2 * i + 1];
    }
  }
}

template <int TOKENS, int ROWS>
ADAPT4J_BF16 inline void multiplyRows(const WeightData& weight, const uint16_t* x, float* scales,
                                      int64_t row, const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  const uint8_t* packed[ROWS];
  __m512 sums[ROWS][TOKENS];
  for (int r = 0; r < ROWS; r++) {
    packed[r] = weight.packed + (row + r) * groups * GROUP_BYTES;
    decodeScales(weight, (row + r) * groups, groups, scales + r * groups);
    for (int t = 0; t < TOKENS; t++) {
      sums[r][t] = _mm512_setzero_ps();
    }
  }
  const __m512i table = avx512::table16(_mm512_loadu_ps(weight.numbers), BF16);
  for (int64_t g = 0; g < groups; g++) {
    for (int r = 0; r < ROWS; r++) {
      const uint8_t* from = packed[r] + g * GROUP_BYTES;
      __m512i bytes =
          _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
      avx512::prefetch(from + ROWS * groups * GROUP_BYTES);
      auto high = (__m512bh)_mm512_permutexvar_epi16(_mm512_srli_epi16(bytes, 4), table);
      auto low = (__m512bh)_mm512_permutexvar_epi16(bytes, table);
      __m512 scale = _mm512_set1_ps(scales[r * groups + g]);
      for (int t = 0; t < TOKENS; t++) {
        const uint16_t* token = x + t * weight.columns + g * GROUP;
        __m512 part = _mm512_dpbf16_ps(_mm512_setzero_ps(), high,
                                       (__m512bh)_mm512_loadu_si512(token));
        part = _mm512_dpbf16_ps(part, low, (__m512bh)_mm512_loadu_si512(token + GROUP / 2));
        sums[r][t] = _mm512_fmadd_ps(part, scale, sums[r][t]);
      }
    }
  }
  for (int r = 0; r < ROWS; r++) {
    for (int t = 0; t < TOKENS; t++) {
      products.put(t, row + r, _mm512_reduce_add_ps(sums[r][t]));
    }
  }
}

template <int TOKENS>
inline void multiplyTokens(const WeightData& weight, const void* x, float* scales, int64_t start,
                           int64_t end, const Products& products) {
  constexpr int ROWS = TOKENS <= 2 ? 4 : 2;
  const auto* tokens = static_cast<const uint16_t*>(x);
  int64_t row = start;
  for (; row + ROWS <= end; row += ROWS) {
    multiplyRows<TOKENS, ROWS>(weight, tokens, scales, row, products);
  }
  for (; row < end; row++) {
    multiplyRows<TOKENS, 1>(weight, tokens, scales, row, products);
  }
}

inline void multiply(const WeightData& weight, const void* x, int xType, int tokens, float* scales,
                     int64_t start, int64_t end, const Products& products) {
  if (xType != BF16) {
    avx512::multiply(weight, x, xType, tokens, scales, start, end, products);
    return;
  }
  using Multiply =
      void (*)(const WeightData&, const void*, float*, int64_t, int64_t, const Products&);
  static constexpr Multiply BY_TOKENS[] = {multiplyTokens<1>, multiplyTokens<2>, multiplyTokens<3>,
                                           multiplyTokens<4>, multiplyTokens<5>, multiplyTokens<6>,
                                           multiplyTokens<7>, multiplyTokens<8>};
  BY_TOKENS[tokens - 1](weight, x, scales, start, end, products);
}

constexpr Kernels KERNELS{avx512::scales, avx512::dequantize, preparedBytes,
                          prepare,        multiply,           avx512::quantize};

}  // namespace avx512bf16
}  // namespace adapt4j

#endif
