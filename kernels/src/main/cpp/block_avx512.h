#pragma once

// Products with strips of blocks, and their restoring, in AVX-512; and the choice of a variant.

#include <type_traits>

#include "avx512.h"
#include "block_avx2.h"
#include "block_neon.h"
#include "processor.h"

namespace adapt4j {

#if defined(__x86_64__)

namespace avx512 {

// The codes of a row of a group, less their offset, as numbers.
template <int ID>
ADAPT4J_AVX512 ADAPT4J_INLINE void rowOfGroup(const uint8_t* codes, int64_t row,
                                               const Table<ID>& table, __m512* out) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  const auto* words = reinterpret_cast<const int*>(codes + row * 4);
  if (ID == Q8_0) {
    const __m256i bytes =
        _mm256_i32gather_epi32(words, _mm256_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112), 4);
    out[0] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_castsi256_si128(bytes)));
    out[1] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_extracti128_si256(bytes, 1)));
    return;
  }
  if (hasThreeBits(ID)) {
    float values[BLOCK_GROUP];
    blocks::rowCodes<ID>(codes, row, table, values);
    out[0] = _mm512_loadu_ps(values);
    out[1] = _mm512_loadu_ps(values + 16);
    return;
  }
  const __m128i halves = LAYOUT.low == 0
                             ? _mm_setzero_si128()
                             : _mm_i32gather_epi32(words, _mm_setr_epi32(0, 16, 32, 48), 4);
  const __m128i even = _mm_and_si128(halves, _mm_set1_epi8(15));
  const __m128i odd = _mm_and_si128(_mm_srli_epi16(halves, 4), _mm_set1_epi8(15));
  __m512i both[2] = {_mm512_cvtepu8_epi32(_mm_unpacklo_epi8(even, odd)),
                     _mm512_cvtepu8_epi32(_mm_unpackhi_epi8(even, odd))};
  for (int k = 0; k < 2; k++) {
    if (LAYOUT.high == 64) {
      const uint32_t bits = blocks::wordAt(codes + LAYOUT.low + row * 4);
      const auto fifth =
          static_cast<__mmask16>(fifthsOf(bits, 2 * k) | fifthsOf(bits, 2 * k + 1) << 8);
      both[k] = _mm512_mask_or_epi32(both[k], fifth, both[k], _mm512_set1_epi32(16));
    } else if (LAYOUT.high == 128) {
      const __m512i pairs = _mm512_srlv_epi32(
          _mm512_set1_epi32(static_cast<int>(
              blocks::wordAt(codes + LAYOUT.low + k * 64 + row * 4))),
          _mm512_setr_epi32(pairAt(0), pairAt(1), pairAt(2), pairAt(3), pairAt(4), pairAt(5),
                            pairAt(6), pairAt(7), pairAt(8), pairAt(9), pairAt(10), pairAt(11),
                            pairAt(12), pairAt(13), pairAt(14), pairAt(15)));
      both[k] = _mm512_or_si512(
          both[k], _mm512_slli_epi32(_mm512_and_si512(pairs, _mm512_set1_epi32(3)),
                                     LAYOUT.low == 0 ? 0 : 4));
    }
    if (hasTable(ID)) {
      out[k] = _mm512_permutexvar_ps(both[k], _mm512_loadu_ps(table.numbers));
      continue;
    }
    out[k] = _mm512_cvtepi32_ps(_mm512_sub_epi32(both[k], _mm512_set1_epi32(LAYOUT.offset)));
  }
}

ADAPT4J_AVX512 ADAPT4J_INLINE void storeSixteen(__m512 values, int type, void* target,
                                                int64_t index) {
  if (type == F32) {
    _mm512_storeu_ps(static_cast<float*>(target) + index, values);
  } else {
    _mm256_storeu_si256(
        reinterpret_cast<__m256i*>(static_cast<uint16_t*>(target) + index),
        _mm512_castsi512_si256(table16(values, type)));
  }
}

template <int ID>
ADAPT4J_AVX512 inline void restoreBlocks(const uint8_t* strip, int64_t row, int64_t columns,
                                         int type, void* target, int64_t index) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  const Table<ID> table = tableOf<ID>(strip);
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    const float scale = blocks::scaleAt<ID>(tile + row * 2) * (hasOwnTable(ID) ? table.unit : 1);
    const float minimum = LAYOUT.minimum ? blocks::halfAt(tile + 32 + row * 2) : 0;
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      __m512 values[2];
      rowOfGroup<ID>(group + LAYOUT.groupHead, row, table, values);
      for (int k = 0; k < 2; k++) {
        const uint8_t* ofGroup = group + (partsOf(ID) == 2 ? k * 16 : 0) + row;
        const float factor =
            LAYOUT.groupHead == 0 ? scale : scale * blocks::groupScale<ID>(*ofGroup);
        values[k] = _mm512_mul_ps(values[k], _mm512_set1_ps(factor));
        if (LAYOUT.minimum) {
          const float off =
              LAYOUT.groupHead == 0 ? -minimum : minimum * ofGroup[partsOf(ID) * 16];
          values[k] = _mm512_sub_ps(values[k], _mm512_set1_ps(off));
        }
        storeSixteen(values[k], type, target,
                     index + b * LAYOUT.columns + g * BLOCK_GROUP + k * 16);
      }
    }
  }
}

ADAPT4J_AVX512 ADAPT4J_INLINE __m512 sixteenHalves(const uint8_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

// The scales of 16 rows.
template <int ID>
ADAPT4J_AVX512 ADAPT4J_INLINE __m512 sixteenScales(const uint8_t* from) {
  if (ID == NVFP4) {
    return _mm512_set1_ps(1);
  }
  if (ID != MXFP4) {
    return sixteenHalves(from);
  }
  const __m256i powers = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(powers), 16));
}

template <bool SIGNED>
ADAPT4J_AVX512 ADAPT4J_INLINE __m512 sixteenBytes(const uint8_t* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm512_cvtepi32_ps(SIGNED ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes));
}

// The scales of a group of 16 rows.
template <int ID>
ADAPT4J_AVX512 ADAPT4J_INLINE __m512 sixteenOfGroup(const uint8_t* from) {
  if (ID != NVFP4) {
    return sixteenBytes<hasSignedScales(ID)>(from);
  }
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m512i bits = _mm512_slli_epi32(_mm512_cvtepu8_epi32(bytes), 20);
  return _mm512_mul_ps(_mm512_castsi512_ps(bits), _mm512_set1_ps(SMALL_UNIT));
}

// Codes are looked up: a lane's lowest 4 bits choose of 16 numbers.
template <int ID>
struct BlockTables {
  __m512 low;
  __m512 high;

  ADAPT4J_AVX512 ADAPT4J_INLINE explicit BlockTables(const Table<ID>& table) {
    constexpr int OFFSET = layoutOf(ID).offset;
    const __m512 counted = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    if (layoutOf(ID).low + layoutOf(ID).bytes8 == 0) {
      low = _mm512_setr_ps(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
      low = _mm512_sub_ps(low, _mm512_set1_ps(OFFSET));
      high = low;
    } else if (ID == Q6_K) {
      low = counted;
      const __m512 pairs =
          _mm512_setr_ps(0, 16, 32, 48, 0, 16, 32, 48, 0, 16, 32, 48, 0, 16, 32, 48);
      high = _mm512_sub_ps(pairs, _mm512_set1_ps(OFFSET));
    } else {
      low = hasTable(ID) ? _mm512_loadu_ps(table.numbers)
                         : _mm512_sub_ps(counted, _mm512_set1_ps(OFFSET));
      high = _mm512_add_ps(low, _mm512_set1_ps(16));
    }
  }
};

template <int ID>
ADAPT4J_AVX512 ADAPT4J_INLINE __m512 lookedUp(const BlockTables<ID>& tables, __m512i word,
                                              __m512i more, int c) {
  if (ID == Q8_0) {
    const __m512i top = c % 4 == 3 ? word : _mm512_slli_epi32(word, 24 - c % 4 * 8);
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(top, 24));
  }
  if (layoutOf(ID).low == 0) {
    const __m512i pairs = pairAt(c) == 0 ? more : _mm512_srli_epi32(more, pairAt(c));
    return _mm512_permutexvar_ps(pairs, tables.low);
  }
  const __m512i index = c % 8 == 0 ? word : _mm512_srli_epi32(word, c % 8 * 4);
  const __m512 low = _mm512_permutexvar_ps(index, tables.low);
  if (layoutOf(ID).high == 64) {
    const __mmask16 fifth = _mm512_test_epi32_mask(more, _mm512_set1_epi32(1u << fifthAt(c)));
    return _mm512_mask_permutexvar_ps(low, fifth, index, tables.high);
  }
  if (layoutOf(ID).high == 128) {
    const __m512i pairs = pairAt(c) == 0 ? more : _mm512_srli_epi32(more, pairAt(c));
    return _mm512_add_ps(low, _mm512_permutexvar_ps(pairs, tables.high));
  }
  return low;
}

template <int ID, int TOKENS>
ADAPT4J_AVX512 inline void multiplyStrip(const uint8_t* strip, int64_t columns,
                                         const float* tokens, float* sums, int64_t stride) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int STEP = ID == Q8_0 ? 4 : 8;        // inputs of a word
  constexpr int SPAN = spanOf(ID), PARTS = partsOf(ID);
  const int64_t width = BlockToken::entries(columns);
  const Table<ID> table = tableOf<ID>(strip);
  const BlockTables<ID> tables(table);
  __m512 total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    total[t] = _mm512_setzero_ps();
  }
  const uint8_t* tile = strip;
  const float* x = tokens;
  const float* xSums = tokens + BlockToken::sumsAt(PARTS, columns);
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    __m512 scale = sixteenScales<ID>(tile);
    if (hasOwnTable(ID)) {
      scale = _mm512_mul_ps(scale, _mm512_set1_ps(table.unit));
    }
    const __m512 minimum = LAYOUT.minimum ? sixteenHalves(tile + 32) : _mm512_setzero_ps();
    const uint8_t* group = tile + LAYOUT.head;
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* codes = group + LAYOUT.groupHead;
      prefetchNear(group + AHEAD);
      prefetchNear(group + AHEAD + 64);
      prefetchNear(group + AHEAD + 128);
      prefetchNear(group + AHEAD + 192);
#pragma GCC unroll 2
      for (int part = 0; part < PARTS; part++) {
        // One sum a token however many there are, so that they do not change each other's.
        __m512 parts[TOKENS];
        for (int t = 0; t < TOKENS; t++) {
          parts[t] = _mm512_setzero_ps();
        }
#pragma GCC unroll 8
        for (int k = part * SPAN / STEP; k < (part + 1) * SPAN / STEP; k++) {
          __m512i more = _mm512_setzero_si512(), word = more;
          if (LAYOUT.high != 0) {
            more = _mm512_loadu_si512(codes + LAYOUT.low + (LAYOUT.high == 128 ? k / 2 * 64 : 0));
          }
          if (LAYOUT.low + LAYOUT.bytes8 != 0) {
            word = _mm512_loadu_si512(codes + k * 64);
          }
#pragma GCC unroll 8
          for (int s = 0; s < STEP; s++) {
            const int c = k * STEP + s;
            const __m512 values =
                hasThreeBits(ID)
                    ? _mm512_permutexvar_ps((__m512i)blocks::threeBitsOf<lanes::Ints>(codes, c), tables.low)
                    : lookedUp<ID>(tables, word, more, c);
            for (int t = 0; t < TOKENS; t++) {
              parts[t] = _mm512_fmadd_ps(values, _mm512_set1_ps(x[t * width + c]), parts[t]);
            }
          }
        }
        __m512 factor = scale;
        if (LAYOUT.groupHead != 0) {
          factor = _mm512_mul_ps(scale, sixteenOfGroup<ID>(group + part * 16));
        }
        for (int t = 0; t < TOKENS; t++) {
          total[t] = _mm512_fmadd_ps(parts[t], factor, total[t]);
        }
      }
      for (int part = 0; LAYOUT.minimum && part < PARTS; part++) {
        // Files of types with 32 inputs a block store what is added.
        const __m512 off = LAYOUT.groupHead == 0
                               ? _mm512_sub_ps(_mm512_setzero_ps(), minimum)
                               : _mm512_mul_ps(minimum, sixteenBytes<false>(group + (PARTS + part) * 16));
        for (int t = 0; t < TOKENS; t++) {
          total[t] = _mm512_fnmadd_ps(off, _mm512_set1_ps(xSums[t * width + part]), total[t]);
        }
      }
      x += BLOCK_GROUP;
      xSums += PARTS;
      group += LAYOUT.groupBytes();
    }
    tile += LAYOUT.tileBytes();
  }
  for (int t = 0; t < TOKENS; t++) {
    _mm512_storeu_ps(sums + t * stride, total[t]);
  }
}

template <int ID>
inline void multiplyBlocks(const uint8_t* strip, int64_t columns, const uint8_t* tokens, int count,
                           float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int64_t, const float*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {
      multiplyStrip<ID, 1>, multiplyStrip<ID, 2>, multiplyStrip<ID, 3>, multiplyStrip<ID, 4>,
      multiplyStrip<ID, 5>, multiplyStrip<ID, 6>, multiplyStrip<ID, 7>, multiplyStrip<ID, 8>};
  BY_TOKENS[count - 1](strip, columns, reinterpret_cast<const float*>(tokens), sums, stride);
}

template <int ID>
constexpr BlockKernels BLOCKS{{BlockToken::bytes, BlockToken::prepare, multiplyBlocks<ID>},
                              restoreBlocks<ID>};

}  // namespace avx512

#endif

template <int ID>
inline const BlockKernels& blockKernels(int variant) {
#if defined(__x86_64__)
  static const BlockKernels* const ALL[] = {&scalar::BLOCKS<ID>, &avx2::BLOCKS<ID>,
                                            &avx512::BLOCKS<ID>, &avx512::BLOCKS<ID>,
                                            &avx512::BLOCKS<ID>};
  return *ALL[variant];
#elif defined(__aarch64__)
  return variant == SCALAR ? scalar::BLOCKS<ID> : neon::BLOCKS<ID>;
#else
  return scalar::BLOCKS<ID>;
#endif
}

// What a function of a block's type, std::integral_constant<int, ID>, answers.
template <class Function>
inline auto& ofBlockType(int id, const Function& function) {
  switch (id) {
#define ADAPT4J_BLOCK(ID) \
  case ID:                \
    return function(std::integral_constant<int, ID>())
    ADAPT4J_BLOCK(Q4_0);
    ADAPT4J_BLOCK(Q4_1);
    ADAPT4J_BLOCK(Q5_0);
    ADAPT4J_BLOCK(Q5_1);
    ADAPT4J_BLOCK(Q8_0);
    ADAPT4J_BLOCK(MXFP4);
    ADAPT4J_BLOCK(NVFP4);
    ADAPT4J_BLOCK(IQ4_NL);
    ADAPT4J_BLOCK(IQ4_XS);
    ADAPT4J_BLOCK(NF4);
    ADAPT4J_BLOCK(FP4);
    ADAPT4J_BLOCK(OWN_TABLE);
    ADAPT4J_BLOCK(OWN_EIGHT);
    ADAPT4J_BLOCK(OWN_WIDE);
    case TQ1_0:  // in strips the same
    ADAPT4J_BLOCK(TQ2_0);
    ADAPT4J_BLOCK(Q2_K);
    ADAPT4J_BLOCK(Q4_K);
    ADAPT4J_BLOCK(Q5_K);
#undef ADAPT4J_BLOCK
    default:
      return function(std::integral_constant<int, Q6_K>());
  }
}

inline const BlockKernels& blockKernelsOf(int id, int variant) {
  return ofBlockType(id, [&](auto type) -> auto& { return blockKernels<type()>(variant); });
}

}  // namespace adapt4j
