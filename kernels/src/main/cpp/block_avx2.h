#pragma once

// Products with strips of blocks in AVX2, 8 rows at a time.

#include "block_kernels.h"

namespace adapt4j {

#if defined(__x86_64__)

namespace avx2 {

ADAPT4J_AVX2 ADAPT4J_INLINE __m256 eightHalves(const uint8_t* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

// The scales of 8 rows.
template <int ID>
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 eightScales(const uint8_t* from) {
  if (ID == NVFP4) {
    return _mm256_set1_ps(1);
  }
  if (ID != MXFP4) {
    return eightHalves(from);
  }
  const __m128i powers = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(powers), 16));
}

template <bool SIGNED>
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 eightBytes(const uint8_t* from) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  return _mm256_cvtepi32_ps(SIGNED ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes));
}

// The scales of a group of 8 rows.
template <int ID>
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 eightOfGroup(const uint8_t* from) {
  if (ID != NVFP4) {
    return eightBytes<hasSignedScales(ID)>(from);
  }
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  const __m256i bits = _mm256_slli_epi32(_mm256_cvtepu8_epi32(bytes), 20);
  return _mm256_mul_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(SMALL_UNIT));
}

typedef int32_t EightWords __attribute__((vector_size(32), aligned(4)));

ADAPT4J_AVX2 ADAPT4J_INLINE __m256i eightWords(const uint8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// What multiplies the codes of a group, or of a half of one.
template <int ID>
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 factorOf(__m256 scale, const uint8_t* scales) {
  return layoutOf(ID).groupHead == 0 ? scale : _mm256_mul_ps(scale, eightOfGroup<ID>(scales));
}

// What is taken off for each unit of a token. Files of types with 32 inputs a block store what is
// added.
template <int ID>
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 takenOff(__m256 minimum, const uint8_t* minima) {
  return layoutOf(ID).groupHead == 0 ? _mm256_sub_ps(_mm256_setzero_ps(), minimum)
                                     : _mm256_mul_ps(minimum, eightBytes<false>(minima));
}

// The codes of an input of a group, less their offset.
template <int ID>
ADAPT4J_AVX2 ADAPT4J_INLINE __m256 codesOfInput(const uint8_t* codes, int c, const Table<ID>& table) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  if (ID == Q8_0) {
    const __m256i top = _mm256_slli_epi32(eightWords(codes + c / 4 * 64), 24 - c % 4 * 8);
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(top, 24));
  }
  constexpr bool PAIRS = LAYOUT.low == 0;
  __m256i code = _mm256_and_si256(
      _mm256_srli_epi32(eightWords(codes + (PAIRS ? c / 16 : c / 8) * 64), PAIRS ? pairAt(c) : c % 8 * 4),
      _mm256_set1_epi32(PAIRS ? 3 : 15));
  if (hasThreeBits(ID)) {
    code = (__m256i)blocks::threeBitsOf<EightWords>(codes, c);
  }
  if (isFloatingPoint(ID)) {
    const __m256 sizes = _mm256_permutevar8x32_ps(_mm256_setr_ps(0, 1, 2, 3, 4, 6, 8, 12), code);
    const __m256i signs = _mm256_slli_epi32(_mm256_and_si256(code, _mm256_set1_epi32(8)), 28);
    return _mm256_xor_ps(sizes, _mm256_castsi256_ps(signs));
  }
  if (hasTable(ID)) {
    const __m256 first = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table.numbers), code);
    const __m256 last = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table.numbers + 8), code);
    return _mm256_blendv_ps(first, last, _mm256_castsi256_ps(_mm256_slli_epi32(code, 28)));
  }
  if (LAYOUT.high != 0 && !PAIRS) {
    const bool fifth = LAYOUT.high == 64;
    const __m256i word = eightWords(codes + LAYOUT.low + (fifth ? 0 : c / 16 * 64));
    const int at = fifth ? fifthAt(c) : pairAt(c);
    const __m256i moved = at < 4 ? _mm256_slli_epi32(word, 4 - at) : _mm256_srli_epi32(word, at - 4);
    code = _mm256_or_si256(code, _mm256_and_si256(moved, _mm256_set1_epi32(fifth ? 16 : 48)));
  }
  if (LAYOUT.offset != 0) {
    code = _mm256_sub_epi32(code, _mm256_set1_epi32(LAYOUT.offset));
  }
  return _mm256_cvtepi32_ps(code);
}

template <int ID, int TOKENS>
ADAPT4J_AVX2 inline void multiplyHalf(const uint8_t* strip, int half, int64_t columns,
                                      const float* tokens, float* sums, int64_t stride) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int SPAN = spanOf(ID), PARTS = partsOf(ID);
  constexpr int CHAINS = 2;  // sums that do not wait for another
  const Table<ID> table = tableOf<ID>(strip);
  const int64_t width = BlockToken::entries(columns);
  __m256 total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    total[t] = _mm256_setzero_ps();
  }
  const float* x = tokens;
  const float* xSums = tokens + BlockToken::sumsAt(PARTS, columns);
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    __m256 scale = eightScales<ID>(tile + half * 16);
    if (hasOwnTable(ID)) {
      scale = _mm256_mul_ps(scale, _mm256_set1_ps(table.unit));
    }
    const __m256 minimum =
        LAYOUT.minimum ? eightHalves(tile + 32 + half * 16) : _mm256_setzero_ps();
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes() + half * 8;
      const uint8_t* codes = tile + LAYOUT.head + g * LAYOUT.groupBytes() + LAYOUT.groupHead +
                             half * 32;
#pragma GCC unroll 2
      for (int part = 0; part < PARTS; part++) {
        __m256 parts[TOKENS][CHAINS];
#pragma GCC unroll 32
        for (int c = part * SPAN; c < (part + 1) * SPAN; c++) {
          const __m256 values = codesOfInput<ID>(codes, c, table);
          for (int t = 0; t < TOKENS; t++) {
            const __m256 entry = _mm256_set1_ps(x[t * width + c]);
            __m256& sum = parts[t][c % CHAINS];
            sum = c % SPAN < CHAINS ? _mm256_mul_ps(values, entry)
                                    : _mm256_fmadd_ps(values, entry, sum);
          }
        }
        const __m256 factor = factorOf<ID>(scale, group + part * 16);
        for (int t = 0; t < TOKENS; t++) {
          total[t] = _mm256_fmadd_ps(_mm256_add_ps(parts[t][0], parts[t][1]), factor, total[t]);
        }
      }
      for (int part = 0; LAYOUT.minimum && part < PARTS; part++) {
        const __m256 off = takenOff<ID>(minimum, group + (PARTS + part) * 16);
        for (int t = 0; t < TOKENS; t++) {
          total[t] = _mm256_fnmadd_ps(off, _mm256_set1_ps(xSums[t * width + part]), total[t]);
        }
      }
      x += BLOCK_GROUP;
      xSums += PARTS;
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    _mm256_storeu_ps(sums + t * stride + half * 8, total[t]);
  }
}

// Four tokens at a time, whose sums stay in registers.
template <int ID>
inline void multiplyBlocks(const uint8_t* strip, int64_t columns, const uint8_t* tokens, int count,
                           float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int, int64_t, const float*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {multiplyHalf<ID, 1>, multiplyHalf<ID, 2>,
                                           multiplyHalf<ID, 3>, multiplyHalf<ID, 4>};
  for (int t = 0; t < count; t += 4) {
    const int some = count - t < 4 ? count - t : 4;
    for (int half = 0; half < 2; half++) {
      BY_TOKENS[some - 1](strip, half, columns,
                          reinterpret_cast<const float*>(tokens + t * BlockToken::bytes(columns)),
                          sums + t * stride, stride);
    }
  }
}

template <int ID>
ADAPT4J_AVX2 inline void restoreBlocks(const uint8_t* strip, int64_t row, int64_t columns,
                                       int type, void* target, int64_t index) {
  blocks::restoreLanes<ID>(strip, row, columns, type, target, index);
}

template <int ID>
constexpr BlockKernels BLOCKS{{BlockToken::bytes, BlockToken::prepare, multiplyBlocks<ID>},
                              restoreBlocks<ID>};

}  // namespace avx2

#endif

}  // namespace adapt4j
