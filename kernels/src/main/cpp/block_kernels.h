#pragma once

// Products with strips of blocks, and their restoring. Sums are formed in fp32 from the codes as they
// are and scaled once a group, so that a product is that of the restored weight within rounding.

#include "avx2.h"
#include "avx512.h"
#include "block_layout.h"

namespace adapt4j {

// A token ready for products: its entries, then the sums of each group of 32.
struct BlockToken {
  static int64_t entries(int64_t columns) { return columns + columns / BLOCK_GROUP; }

  static void prepare(const float* x, int64_t columns, float* out) {
    std::memcpy(out, x, columns * 4);
    for (int64_t g = 0; g < columns / BLOCK_GROUP; g++) {
      float sums[4] = {};
      for (int64_t i = 0; i < BLOCK_GROUP; i++) {
        sums[i % 4] += x[g * BLOCK_GROUP + i];
      }
      out[columns + g] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
  }
};

struct BlockKernels {
  // Products of a strip with up to 8 tokens: sums[t * stride + r] for its 16 rows.
  void (*multiply)(const uint8_t* strip, int64_t columns, const float* tokens, int count,
                   float* sums, int64_t stride);
  // Restores a row of a strip, to numbers of a type from an index on.
  void (*restore)(const uint8_t* strip, int64_t row, int64_t columns, int type, void* target,
                  int64_t index);
};

namespace blocks {

using lanes::Floats;
using lanes::Ints;

ADAPT4J_INLINE Floats halfScales(const uint8_t* from) {
  Floats scales;
  for (int r = 0; r < BLOCK_ROWS; r++) {
    uint16_t half;
    std::memcpy(&half, from + r * 2, 2);
    scales[r] = lanes::ofHalf(half);
  }
  return scales;
}

template <class Byte>
ADAPT4J_INLINE Floats byteScales(const uint8_t* from) {
  Ints scales;
  for (int r = 0; r < BLOCK_ROWS; r++) {
    scales[r] = static_cast<Byte>(from[r]);
  }
  return __builtin_convertvector(scales, Floats);
}

ADAPT4J_INLINE Ints wordsAt(const uint8_t* from) {
  Ints words;
  std::memcpy(&words, from, sizeof words);
  return words;
}

// The codes of input c of a group, less their offset, of all rows.
template <int ID>
ADAPT4J_INLINE Floats codesOf(const uint8_t* codes, int c) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  if (ID == Q8_0) {
    return __builtin_convertvector(wordsAt(codes + c / 4 * 64) << (24 - c % 4 * 8) >> 24, Floats);
  }
  Ints code = wordsAt(codes + c / 8 * 64) >> (c % 8 * 4) & 15;
  if (LAYOUT.high == 64) {
    code |= (wordsAt(codes + LAYOUT.low) >> c & 1) << 4;
  } else if (LAYOUT.high == 128) {
    code |= (wordsAt(codes + LAYOUT.low + c / 16 * 64) >> (c % 16 * 2) & 3) << 4;
  }
  return __builtin_convertvector(code - LAYOUT.offset, Floats);
}

template <int ID>
ADAPT4J_INLINE void multiplyLanes(const uint8_t* strip, int64_t columns, const float* tokens,
                                  int count, float* sums, int64_t stride) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int SPAN = ID == Q6_K ? 16 : 32;  // inputs that share a scale
  const int64_t width = BlockToken::entries(columns);
  Floats total[8] = {};
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    const Floats scale = halfScales(tile);
    const Floats minimum = LAYOUT.minimum ? halfScales(tile + 32) : Floats{};
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      const int64_t at = b * LAYOUT.groups() + g;
      Floats values[BLOCK_GROUP];
      for (int c = 0; c < BLOCK_GROUP; c++) {
        values[c] = codesOf<ID>(group + LAYOUT.groupHead, c);
      }
      for (int part = 0; part < BLOCK_GROUP / SPAN; part++) {
        const Floats factor =
            LAYOUT.groupHead == 0
                ? scale
                : scale * (ID == Q6_K ? byteScales<int8_t>(group + part * 16)
                                      : byteScales<uint8_t>(group));
        for (int t = 0; t < count; t++) {
          const float* x = tokens + t * width + at * BLOCK_GROUP + part * SPAN;
          Floats sum[2] = {};
          for (int c = 0; c < SPAN; c++) {
            sum[c % 2] += values[part * SPAN + c] * x[c];
          }
          total[t] += (sum[0] + sum[1]) * factor;
        }
      }
      if (LAYOUT.minimum) {
        // Files of types with 32 inputs a block store what is added.
        const Floats off = LAYOUT.groupHead == 0 ? -minimum
                                                 : minimum * byteScales<uint8_t>(group + 16);
        for (int t = 0; t < count; t++) {
          total[t] -= off * tokens[t * width + columns + at];
        }
      }
    }
  }
  for (int t = 0; t < count; t++) {
    lanes::put(total[t], sums + t * stride);
  }
}

ADAPT4J_INLINE float halfAt(const uint8_t* from) {
  uint16_t half;
  std::memcpy(&half, from, 2);
  return lanes::ofHalf(half);
}

ADAPT4J_INLINE uint32_t wordAt(const uint8_t* from) {
  uint32_t word;
  std::memcpy(&word, from, 4);
  return word;
}

// The codes of a row of a group, less their offset.
template <int ID>
ADAPT4J_INLINE void rowCodes(const uint8_t* codes, int64_t row, int32_t* out) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  codes += row * 4;
  if (ID == Q8_0) {
    int8_t bytes[BLOCK_GROUP];
    for (int k = 0; k < 8; k++) {
      std::memcpy(bytes + k * 4, codes + k * 64, 4);
    }
    for (int c = 0; c < BLOCK_GROUP; c++) {
      out[c] = bytes[c];
    }
    return;
  }
  for (int k = 0; k < 4; k++) {
    const uint32_t word = wordAt(codes + k * 64);
    for (int s = 0; s < 8; s++) {
      out[k * 8 + s] = word >> (4 * s) & 15;
    }
  }
  if (LAYOUT.high == 64) {
    const uint32_t word = wordAt(codes + LAYOUT.low);
    for (int c = 0; c < BLOCK_GROUP; c++) {
      out[c] |= (word >> c & 1) << 4;
    }
  } else if (LAYOUT.high == 128) {
    for (int k = 0; k < 2; k++) {
      const uint32_t word = wordAt(codes + LAYOUT.low + k * 64);
      for (int s = 0; s < 16; s++) {
        out[k * 16 + s] |= (word >> (2 * s) & 3) << 4;
      }
    }
  }
  for (int c = 0; c < BLOCK_GROUP; c++) {
    out[c] -= LAYOUT.offset;
  }
}

template <int ID>
ADAPT4J_INLINE void restoreLanes(const uint8_t* strip, int64_t row, int64_t columns, int type,
                                 void* target, int64_t index) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    const float scale = halfAt(tile + row * 2);
    const float minimum = LAYOUT.minimum ? halfAt(tile + 32 + row * 2) : 0;
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      int32_t codes[BLOCK_GROUP];
      rowCodes<ID>(group + LAYOUT.groupHead, row, codes);
      float values[BLOCK_GROUP];
      if (ID == Q6_K) {
        const float first = scale * static_cast<int8_t>(group[row]);
        const float second = scale * static_cast<int8_t>(group[16 + row]);
        for (int c = 0; c < 16; c++) {
          values[c] = first * codes[c];
          values[16 + c] = second * codes[16 + c];
        }
      } else {
        const float factor = LAYOUT.groupHead == 0 ? scale : scale * group[row];
        const float off = !LAYOUT.minimum          ? 0
                          : LAYOUT.groupHead == 0 ? -minimum
                                                  : minimum * group[16 + row];
        for (int c = 0; c < BLOCK_GROUP; c++) {
          values[c] = LAYOUT.minimum ? factor * codes[c] - off : factor * codes[c];
        }
      }
      const int64_t at = index + b * LAYOUT.columns + g * BLOCK_GROUP;
      for (int c = 0; c < BLOCK_GROUP; c += lanes::WIDTH) {
        lanes::putSome(lanes::load(values + c), target, type, at + c, at + BLOCK_GROUP);
      }
    }
  }
}

}  // namespace blocks

// The same functions for each instruction set that they are compiled for.
#define ADAPT4J_BLOCK_FUNCTIONS(TARGET)                                                        \
  template <int ID>                                                                            \
  TARGET inline void multiplyBlocks(const uint8_t* strip, int64_t columns, const float* tokens, \
                                    int count, float* sums, int64_t stride) {                  \
    blocks::multiplyLanes<ID>(strip, columns, tokens, count, sums, stride);                    \
  }                                                                                            \
  template <int ID>                                                                            \
  TARGET inline void restoreBlocks(const uint8_t* strip, int64_t row, int64_t columns, int type, \
                                   void* target, int64_t index) {                              \
    blocks::restoreLanes<ID>(strip, row, columns, type, target, index);                        \
  }

namespace scalar {
ADAPT4J_BLOCK_FUNCTIONS()
template <int ID>
constexpr BlockKernels BLOCKS{multiplyBlocks<ID>, restoreBlocks<ID>};
}  // namespace scalar

#if defined(__x86_64__)

namespace avx2 {
ADAPT4J_BLOCK_FUNCTIONS(ADAPT4J_AVX2)
template <int ID>
constexpr BlockKernels BLOCKS{multiplyBlocks<ID>, restoreBlocks<ID>};
}  // namespace avx2

namespace avx512 {

// The codes of a row of a group, less their offset, as numbers.
template <int ID>
ADAPT4J_AVX512 ADAPT4J_INLINE void rowOfGroup(const uint8_t* codes, int64_t row, __m512* out) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  const auto* words = reinterpret_cast<const int*>(codes + row * 4);
  if (ID == Q8_0) {
    const __m256i bytes =
        _mm256_i32gather_epi32(words, _mm256_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112), 4);
    out[0] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_castsi256_si128(bytes)));
    out[1] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_extracti128_si256(bytes, 1)));
    return;
  }
  const __m128i halves = _mm_i32gather_epi32(words, _mm_setr_epi32(0, 16, 32, 48), 4);
  const __m128i even = _mm_and_si128(halves, _mm_set1_epi8(15));
  const __m128i odd = _mm_and_si128(_mm_srli_epi16(halves, 4), _mm_set1_epi8(15));
  __m512i both[2] = {_mm512_cvtepu8_epi32(_mm_unpacklo_epi8(even, odd)),
                     _mm512_cvtepu8_epi32(_mm_unpackhi_epi8(even, odd))};
  for (int k = 0; k < 2; k++) {
    if (LAYOUT.high == 64) {
      const auto fifth = static_cast<__mmask16>(blocks::wordAt(codes + LAYOUT.low + row * 4) >>
                                                (16 * k));
      both[k] = _mm512_mask_or_epi32(both[k], fifth, both[k], _mm512_set1_epi32(16));
    } else if (LAYOUT.high == 128) {
      const __m512i pairs = _mm512_srlv_epi32(
          _mm512_set1_epi32(static_cast<int>(
              blocks::wordAt(codes + LAYOUT.low + k * 64 + row * 4))),
          _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
      both[k] = _mm512_or_si512(
          both[k], _mm512_slli_epi32(_mm512_and_si512(pairs, _mm512_set1_epi32(3)), 4));
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
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    const float scale = blocks::halfAt(tile + row * 2);
    const float minimum = LAYOUT.minimum ? blocks::halfAt(tile + 32 + row * 2) : 0;
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      __m512 values[2];
      rowOfGroup<ID>(group + LAYOUT.groupHead, row, values);
      for (int k = 0; k < 2; k++) {
        const float factor = ID == Q6_K ? scale * static_cast<int8_t>(group[k * 16 + row])
                             : LAYOUT.groupHead == 0 ? scale
                                                     : scale * group[row];
        values[k] = _mm512_mul_ps(values[k], _mm512_set1_ps(factor));
        if (LAYOUT.minimum) {
          const float off = LAYOUT.groupHead == 0 ? -minimum : minimum * group[16 + row];
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

template <bool SIGNED>
ADAPT4J_AVX512 ADAPT4J_INLINE __m512 sixteenBytes(const uint8_t* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm512_cvtepi32_ps(SIGNED ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes));
}

// Codes are looked up: a lane's lowest 4 bits choose of 16 numbers.
template <int ID>
struct BlockTables {
  __m512 low;
  __m512 high;

  ADAPT4J_AVX512 ADAPT4J_INLINE BlockTables() {
    constexpr int OFFSET = layoutOf(ID).offset;
    const __m512 counted = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    if (ID == Q6_K) {
      low = counted;
      const __m512 pairs =
          _mm512_setr_ps(0, 16, 32, 48, 0, 16, 32, 48, 0, 16, 32, 48, 0, 16, 32, 48);
      high = _mm512_sub_ps(pairs, _mm512_set1_ps(OFFSET));
    } else {
      low = _mm512_sub_ps(counted, _mm512_set1_ps(OFFSET));
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
  const __m512i index = c % 8 == 0 ? word : _mm512_srli_epi32(word, c % 8 * 4);
  const __m512 low = _mm512_permutexvar_ps(index, tables.low);
  if (layoutOf(ID).high == 64) {
    const __mmask16 fifth = _mm512_test_epi32_mask(more, _mm512_set1_epi32(1u << c));
    return _mm512_mask_permutexvar_ps(low, fifth, index, tables.high);
  }
  if (layoutOf(ID).high == 128) {
    const __m512i pairs = c % 16 == 0 ? more : _mm512_srli_epi32(more, c % 16 * 2);
    return _mm512_add_ps(low, _mm512_permutexvar_ps(pairs, tables.high));
  }
  return low;
}

template <int ID, int TOKENS>
ADAPT4J_AVX512 inline void multiplyStrip(const uint8_t* strip, int64_t columns,
                                         const float* tokens, float* sums, int64_t stride) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int STEP = ID == Q8_0 ? 4 : 8;        // inputs of a word
  constexpr int SPAN = ID == Q6_K ? 16 : 32;      // inputs that share a scale
  constexpr int CHAINS = TOKENS == 1 ? 4 : TOKENS < 4 ? 2 : 1;  // sums that do not wait for another
  const int64_t width = BlockToken::entries(columns);
  const BlockTables<ID> tables;
  __m512 total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    total[t] = _mm512_setzero_ps();
  }
  const uint8_t* tile = strip;
  const float* x = tokens;
  const float* xSums = tokens + columns;
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const __m512 scale = sixteenHalves(tile);
    const __m512 minimum = LAYOUT.minimum ? sixteenHalves(tile + 32) : _mm512_setzero_ps();
    const uint8_t* group = tile + LAYOUT.head;
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* codes = group + LAYOUT.groupHead;
      prefetch(group + AHEAD);
      prefetch(group + AHEAD + 64);
      prefetch(group + AHEAD + 128);
      prefetch(group + AHEAD + 192);
#pragma GCC unroll 2
      for (int part = 0; part < BLOCK_GROUP / SPAN; part++) {
        __m512 parts[TOKENS][CHAINS];
        for (int t = 0; t < TOKENS; t++) {
          for (int i = 0; i < CHAINS; i++) {
            parts[t][i] = _mm512_setzero_ps();
          }
        }
        __m512i more = _mm512_setzero_si512();
        if (LAYOUT.high != 0) {
          more = _mm512_loadu_si512(codes + LAYOUT.low + (ID == Q6_K ? part * 64 : 0));
        }
#pragma GCC unroll 8
        for (int k = part * SPAN / STEP; k < (part + 1) * SPAN / STEP; k++) {
          const __m512i word = _mm512_loadu_si512(codes + k * 64);
#pragma GCC unroll 8
          for (int s = 0; s < STEP; s++) {
            const int c = k * STEP + s;
            const __m512 values = lookedUp<ID>(tables, word, more, c);
            for (int t = 0; t < TOKENS; t++) {
              parts[t][s % CHAINS] = _mm512_fmadd_ps(values, _mm512_set1_ps(x[t * width + c]),
                                                     parts[t][s % CHAINS]);
            }
          }
        }
        __m512 factor = scale;
        if (LAYOUT.groupHead != 0) {
          factor = _mm512_mul_ps(scale, sixteenBytes<ID == Q6_K>(group + part * 16));
        }
        for (int t = 0; t < TOKENS; t++) {
          __m512 sum = parts[t][0];
          for (int i = 1; i < CHAINS; i++) {
            sum = _mm512_add_ps(sum, parts[t][i]);
          }
          total[t] = _mm512_fmadd_ps(sum, factor, total[t]);
        }
      }
      if (LAYOUT.minimum) {
        // Files of types with 32 inputs a block store what is added.
        const __m512 off = LAYOUT.groupHead == 0
                               ? _mm512_sub_ps(_mm512_setzero_ps(), minimum)
                               : _mm512_mul_ps(minimum, sixteenBytes<false>(group + 16));
        for (int t = 0; t < TOKENS; t++) {
          total[t] = _mm512_fnmadd_ps(off, _mm512_set1_ps(xSums[t * width]), total[t]);
        }
      }
      x += BLOCK_GROUP;
      xSums++;
      group += LAYOUT.groupBytes();
    }
    tile += LAYOUT.tileBytes();
  }
  for (int t = 0; t < TOKENS; t++) {
    _mm512_storeu_ps(sums + t * stride, total[t]);
  }
}

template <int ID>
inline void multiplyBlocks(const uint8_t* strip, int64_t columns, const float* tokens, int count,
                           float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int64_t, const float*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {
      multiplyStrip<ID, 1>, multiplyStrip<ID, 2>, multiplyStrip<ID, 3>, multiplyStrip<ID, 4>,
      multiplyStrip<ID, 5>, multiplyStrip<ID, 6>, multiplyStrip<ID, 7>, multiplyStrip<ID, 8>};
  BY_TOKENS[count - 1](strip, columns, tokens, sums, stride);
}

template <int ID>
constexpr BlockKernels BLOCKS{multiplyBlocks<ID>, restoreBlocks<ID>};

}  // namespace avx512

#endif

template <int ID>
inline const BlockKernels& blockKernels(int variant) {
#if defined(__x86_64__)
  static const BlockKernels* const ALL[] = {&scalar::BLOCKS<ID>, &avx2::BLOCKS<ID>,
                                            &avx512::BLOCKS<ID>, &avx512::BLOCKS<ID>,
                                            &avx512::BLOCKS<ID>};
  return *ALL[variant];
#else
  return scalar::BLOCKS<ID>;
#endif
}

inline const BlockKernels& blockKernelsOf(int id, int variant) {
  switch (id) {
    case Q4_0:
      return blockKernels<Q4_0>(variant);
    case Q4_1:
      return blockKernels<Q4_1>(variant);
    case Q5_0:
      return blockKernels<Q5_0>(variant);
    case Q5_1:
      return blockKernels<Q5_1>(variant);
    case Q8_0:
      return blockKernels<Q8_0>(variant);
    case Q4_K:
      return blockKernels<Q4_K>(variant);
    case Q5_K:
      return blockKernels<Q5_K>(variant);
    default:
      return blockKernels<Q6_K>(variant);
  }
}

}  // namespace adapt4j
