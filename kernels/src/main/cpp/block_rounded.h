#pragma once

// Products of strips of blocks with tokens rounded to 8 bits, or to 24, in blocks of 32 entries as the
// groups of a strip. Sums of a group are formed in integers, exactly, and scaled and added up in fp32.

#include "block_avx512.h"
#include "rounded_token.h"

namespace adapt4j {

// Tokens as strips take them.
template <int ID, int DIGITS>
using BlockTokenIn = RoundedToken<partsOf(ID), ID == Q8_0 ? 128 : layoutOf(ID).offset,
                                  layoutOf(ID).minimum, ID == Q8_0, DIGITS>;

template <int ID>
using BlockTokenIn8 = BlockTokenIn<ID, 1>;

namespace blocks {

// The codes of 4 inputs of rows that stand side by side, as unsigned bytes; those of Q8_0 are raised
// by 128.
template <int ID, class Words>
ADAPT4J_INLINE Words unsignedCodes(const uint8_t* codes, int four) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  Words words;
  const int index = ID == Q8_0                      ? four
                    : LAYOUT.low == 0               ? four / 4
                    : hasThreeBits(ID) && four >= 6 ? four - 6
                                                    : four / 2;
  std::memcpy(&words, codes + index * 64, sizeof words);
  if (ID == Q8_0) {
    return words ^ static_cast<int32_t>(0x80808080);
  }
  if (LAYOUT.low == 0) {
    return words >> (four % 4 * 2) & 0x03030303;
  }
  if (hasThreeBits(ID) && four < 6) {
    return words >> (four % 2 * 3) & 0x07070707;
  }
  if (hasThreeBits(ID)) {
    Words third;
    std::memcpy(&third, codes + 128, sizeof third);
    return (words >> 6 & 0x03030303) | (third >> (four - 2) & 0x04040404);
  }
  words = words >> (four % 2 * 4) & 0x0F0F0F0F;
  if (LAYOUT.high != 0) {
    Words high;
    std::memcpy(&high, codes + LAYOUT.low + (LAYOUT.high == 128 ? four / 4 * 64 : 0), sizeof high);
    const int at = LAYOUT.high == 128 ? four % 4 * 2 : four;
    const Words moved = at <= 4 ? high << (4 - at) : high >> (at - 4);
    words |= moved & (LAYOUT.high == 128 ? 0x30303030 : 0x10101010);
  }
  return words;
}

template <int ID>
ADAPT4J_INLINE void multiplyRoundedLanes(const uint8_t* strip, int64_t columns,
                                         const uint8_t* tokens, int count, float* sums,
                                         int64_t stride) {
  using Token = BlockTokenIn8<ID>;
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int FOURS = 8 / Token::SUMS;
  const Table<ID> table = tableOf<ID>(strip);
  Floats total[8] = {};
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    const Floats scale = scalesOf<ID>(tile) * table.step;
    const Floats minimum = LAYOUT.minimum ? halfScales(tile + 32) : Floats{};
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      const int64_t at = b * LAYOUT.groups() + g;
      uint8_t codes[8 * 64];
      for (int four = 0; four < 8; four++) {
        const Ints words = unsignedCodes<ID, Ints>(group + LAYOUT.groupHead, four);
        std::memcpy(codes + four * 64, &words, 64);
        for (int i = four * 64; hasTable(ID) && i < (four + 1) * 64; i++) {
          codes[i] = table.raised[codes[i]];
        }
      }
      for (int t = 0; t < count; t++) {
        const Token token = Token::at(tokens + t * Token::bytes(columns), columns);
        for (int part = 0; part < Token::SUMS; part++) {
          Ints sum = LAYOUT.minimum ? Ints{} : Ints{} + token.offsets[at * Token::SUMS + part];
          for (int four = part * FOURS; four < (part + 1) * FOURS; four++) {
            for (int i = 0; i < 64; i++) {
              sum[i / 4] +=
                  codes[four * 64 + i] * token.codes[at * BLOCK_GROUP + four * 4 + i % 4];
            }
          }
          const Floats factor =
              LAYOUT.groupHead == 0
                  ? scale
                  : scale * groupScales<ID>(group + part * 16);
          total[t] += __builtin_convertvector(sum, Floats) * (factor * token.scales[at]);
        }
        for (int part = 0; LAYOUT.minimum && part < Token::SUMS; part++) {
          // Files of types with 32 inputs a block store what is added.
          const Floats off =
              LAYOUT.groupHead == 0
                  ? -minimum
                  : minimum * byteScales<false>(group + (Token::SUMS + part) * 16);
          total[t] -= off * token.sums[at * Token::SUMS + part];
        }
      }
    }
  }
  for (int t = 0; t < count; t++) {
    lanes::put(total[t], sums + t * stride);
  }
}

}  // namespace blocks

namespace scalar {

template <int ID>
inline void roundToken(const float* x, int64_t columns, uint8_t* out) {
  BlockTokenIn8<ID>::round(x, columns, out);
}

template <int ID>
inline void multiplyRounded(const uint8_t* strip, int64_t columns, const uint8_t* tokens,
                            int count, float* sums, int64_t stride) {
  blocks::multiplyRoundedLanes<ID>(strip, columns, tokens, count, sums, stride);
}

template <int ID>
constexpr StripProducts ROUNDED{BlockTokenIn8<ID>::bytes, roundToken<ID>, multiplyRounded<ID>};

}  // namespace scalar

#if defined(__x86_64__)

namespace avx2 {

template <int ID>
ADAPT4J_AVX2 inline void roundToken(const float* x, int64_t columns, uint8_t* out) {
  BlockTokenIn8<ID>::round(x, columns, out);
}

// 16 bytes of a table.
ADAPT4J_AVX2 ADAPT4J_INLINE __m128i tableAt(const void* bytes) {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}

// Pairs of products are added in 16 bits, as many as surely fit: 2 x 15 x 127 x 8 < 2^15, and so on.
template <int ID>
constexpr int pairsThatFit() {
  return hasSignedBytes(ID)                              ? 1
         : layoutOf(ID).high == 128                       ? 2
         : layoutOf(ID).high == 64 || isFloatingPoint(ID) ? 4
                                                          : 8;
}

// Half of a strip, 8 rows.
template <int ID, int TOKENS>
ADAPT4J_AVX2 inline void multiplyRoundedHalf(const uint8_t* strip, int half, int64_t columns,
                                      const uint8_t* tokens, float* sums, int64_t stride) {
  using Token = BlockTokenIn8<ID>;
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int FOURS = 8 / Token::SUMS;
  constexpr int FIT = pairsThatFit<ID>();
  const Table<ID> table = tableOf<ID>(strip);
  const __m256i ones = _mm256_set1_epi16(1);
  Token token[TOKENS];
  __m256 total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = Token::at(tokens + t * Token::bytes(columns), columns);
    total[t] = _mm256_setzero_ps();
  }
  int64_t at = 0;
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    __m256 scale = eightScales<ID>(tile + half * 16);
    if (hasStep(ID)) {
      scale = _mm256_mul_ps(scale, _mm256_set1_ps(table.step));
    }
    const __m256 minimum =
        LAYOUT.minimum ? eightHalves(tile + 32 + half * 16) : _mm256_setzero_ps();
    for (int64_t g = 0; g < LAYOUT.groups(); g++, at++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      const uint8_t* codes = group + LAYOUT.groupHead + half * 32;
#pragma GCC unroll 2
      for (int part = 0; part < Token::SUMS; part++) {
        __m256i parts[TOKENS];
        for (int t = 0; t < TOKENS; t++) {
          parts[t] = LAYOUT.offset == 0 || hasSignedBytes(ID)
                         ? _mm256_setzero_si256()
                         : _mm256_set1_epi32(token[t].offsets[at * Token::SUMS + part]);
        }
#pragma GCC unroll 8
        for (int some = part * FOURS; some < (part + 1) * FOURS; some += FIT) {
          __m256i pairs[TOKENS];
#pragma GCC unroll 8
          for (int four = some; four < some + FIT; four++) {
            const EightWords words = blocks::unsignedCodes<ID, EightWords>(codes, four);
            __m256i bytes;
            std::memcpy(&bytes, &words, sizeof bytes);
            if (hasTable(ID)) {
              const __m128i numbers =
                  tableAt(hasSignedBytes(ID) ? static_cast<const void*>(table.bytes)
                                             : table.raised);
              bytes = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(numbers), bytes);
            }
            __m256i signs = bytes;
            if (hasSignedBytes(ID)) {
              if (ID == Q8_0) {
                signs = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
              }
              bytes = _mm256_abs_epi8(signs);
            }
            for (int t = 0; t < TOKENS; t++) {
              int32_t entries;
              std::memcpy(&entries, token[t].codes + at * BLOCK_GROUP + four * 4, 4);
              __m256i x = _mm256_set1_epi32(entries);
              if (hasSignedBytes(ID)) {
                x = _mm256_sign_epi8(x, signs);
              }
              const __m256i products = _mm256_maddubs_epi16(bytes, x);
              pairs[t] = four == some ? products : _mm256_add_epi16(pairs[t], products);
            }
          }
          for (int t = 0; t < TOKENS; t++) {
            parts[t] = _mm256_add_epi32(parts[t], _mm256_madd_epi16(pairs[t], ones));
          }
        }
        const __m256 factor = factorOf<ID>(scale, group + part * 16 + half * 8);
        for (int t = 0; t < TOKENS; t++) {
          total[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(parts[t]),
                                     _mm256_mul_ps(factor, _mm256_set1_ps(token[t].scales[at])),
                                     total[t]);
        }
      }
      for (int part = 0; LAYOUT.minimum && part < Token::SUMS; part++) {
        const __m256 off =
            takenOff<ID>(minimum, group + (Token::SUMS + part) * 16 + half * 8);
        for (int t = 0; t < TOKENS; t++) {
          total[t] = _mm256_fnmadd_ps(off, _mm256_set1_ps(token[t].sums[at * Token::SUMS + part]),
                                      total[t]);
        }
      }
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    _mm256_storeu_ps(sums + t * stride + half * 8, total[t]);
  }
}

template <int ID>
inline void multiplyRounded(const uint8_t* strip, int64_t columns, const uint8_t* tokens,
                            int count, float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int, int64_t, const uint8_t*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {multiplyRoundedHalf<ID, 1>, multiplyRoundedHalf<ID, 2>,
                                           multiplyRoundedHalf<ID, 3>, multiplyRoundedHalf<ID, 4>};
  for (int t = 0; t < count; t += 4) {
    const int some = count - t < 4 ? count - t : 4;
    for (int half = 0; half < 2; half++) {
      BY_TOKENS[some - 1](strip, half, columns, tokens + t * BlockTokenIn8<ID>::bytes(columns),
                          sums + t * stride, stride);
    }
  }
}

template <int ID>
constexpr StripProducts ROUNDED{BlockTokenIn8<ID>::bytes, roundToken<ID>, multiplyRounded<ID>};

}  // namespace avx2

namespace avx512vnni {

template <int ID, int DIGITS>
ADAPT4J_VNNI inline void roundToken(const float* x, int64_t columns, uint8_t* out) {
  BlockTokenIn<ID, DIGITS>::round(x, columns, out);
}

// Sums of products with digits of 8 bits, the lowest first, as one number.
template <int DIGITS>
ADAPT4J_VNNI ADAPT4J_INLINE __m512 sumOfDigits(const __m512i* sums) {
  if (DIGITS == 1) {
    return _mm512_cvtepi32_ps(sums[0]);
  }
  const __m512i low = _mm512_add_epi32(sums[0], _mm512_slli_epi32(sums[1], 8));
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[DIGITS - 1]), _mm512_set1_ps(65536),
                         _mm512_cvtepi32_ps(low));
}

template <int ID, int DIGITS, int TOKENS>
ADAPT4J_VNNI inline void multiplyStrip(const uint8_t* strip, int64_t columns,
                                       const uint8_t* tokens, float* sums, int64_t stride) {
  using Token = BlockTokenIn<ID, DIGITS>;
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int FOURS = 8 / Token::SUMS;
  constexpr int64_t AHEAD = DIGITS == 1 ? avx512::AHEAD : avx512::AHEAD / 2;
  const Table<ID> table = tableOf<ID>(strip);
  Token token[TOKENS];
  __m512 total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = Token::at(tokens + t * Token::bytes(columns), columns);
    total[t] = _mm512_setzero_ps();
  }
  int64_t at = 0;
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    __m512 scale = avx512::sixteenScales<ID>(tile);
    if (hasStep(ID)) {
      scale = _mm512_mul_ps(scale, _mm512_set1_ps(table.step));
    }
    const __m512 minimum =
        LAYOUT.minimum ? avx512::sixteenHalves(tile + 32) : _mm512_setzero_ps();
    __m512 products[TOKENS], minima[TOKENS];  // but for the scale and the minimum of the block
    for (int t = 0; t < TOKENS; t++) {
      products[t] = minima[t] = _mm512_setzero_ps();
    }
    const uint8_t* group = tile + LAYOUT.head;
    for (int64_t g = 0; g < LAYOUT.groups(); g++, at++) {
      for (int64_t line = 0; line < LAYOUT.groupBytes(); line += 64) {
        avx512::prefetchNear(group + AHEAD + line);
      }
#pragma GCC unroll 2
      for (int part = 0; part < Token::SUMS; part++) {
        __m512i parts[TOKENS][DIGITS];
        for (int t = 0; t < TOKENS; t++) {
          for (int d = 0; d < DIGITS; d++) {
            parts[t][d] = LAYOUT.minimum || d == 1
                              ? _mm512_setzero_si512()
                              : _mm512_set1_epi32(token[t].offsetsOf(at, part)[d / 2]);
          }
        }
#pragma GCC unroll 8
        for (int four = part * FOURS; four < (part + 1) * FOURS; four++) {
          const lanes::Ints words =
              blocks::unsignedCodes<ID, lanes::Ints>(group + LAYOUT.groupHead, four);
          __m512i codes;
          std::memcpy(&codes, &words, sizeof codes);
          if (hasTable(ID)) {
            codes = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(avx2::tableAt(table.raised)),
                                        codes);
          }
          for (int t = 0; t < TOKENS; t++) {
            for (int d = 0; d < DIGITS; d++) {
              int32_t entries;
              std::memcpy(&entries, token[t].codes + (at * DIGITS + d) * BLOCK_GROUP + four * 4, 4);
              parts[t][d] = _mm512_dpbusd_epi32(parts[t][d], codes, _mm512_set1_epi32(entries));
            }
          }
        }
        __m512 scales = _mm512_setzero_ps();
        if (LAYOUT.groupHead != 0) {
          scales = avx512::sixteenOfGroup<ID>(group + part * 16);
        }
        for (int t = 0; t < TOKENS; t++) {
          __m512 sum = sumOfDigits<DIGITS>(parts[t]);
          if (LAYOUT.groupHead != 0) {
            sum = _mm512_mul_ps(sum, scales);
          }
          products[t] = _mm512_fmadd_ps(sum, _mm512_set1_ps(token[t].scales[at]), products[t]);
        }
      }
      for (int part = 0; LAYOUT.minimum && part < Token::SUMS; part++) {
        // Files of types with 32 inputs a block store what is added.
        const __m512 off = LAYOUT.groupHead == 0
                               ? _mm512_set1_ps(-1)
                               : avx512::sixteenBytes<false>(group + (Token::SUMS + part) * 16);
        for (int t = 0; t < TOKENS; t++) {
          minima[t] = _mm512_fmadd_ps(
              off, _mm512_set1_ps(token[t].sums[at * Token::SUMS + part]), minima[t]);
        }
      }
      group += LAYOUT.groupBytes();
    }
    for (int t = 0; t < TOKENS; t++) {
      total[t] = _mm512_fmadd_ps(products[t], scale, total[t]);
      if (LAYOUT.minimum) {
        total[t] = _mm512_fnmadd_ps(minima[t], minimum, total[t]);
      }
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    _mm512_storeu_ps(sums + t * stride, total[t]);
  }
}

// Four tokens at a time, whose sums stay in registers; of one digit eight.
template <int ID, int DIGITS>
inline void multiplyRounded(const uint8_t* strip, int64_t columns, const uint8_t* tokens,
                            int count, float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int64_t, const uint8_t*, float*, int64_t);
  constexpr int MOST = DIGITS == 1 ? 8 : 4;
  static constexpr Multiply BY_TOKENS[] = {
      multiplyStrip<ID, DIGITS, 1>,
      multiplyStrip<ID, DIGITS, 2>,
      multiplyStrip<ID, DIGITS, 3>,
      multiplyStrip<ID, DIGITS, 4>,
      multiplyStrip<ID, DIGITS, MOST == 8 ? 5 : 1>,
      multiplyStrip<ID, DIGITS, MOST == 8 ? 6 : 1>,
      multiplyStrip<ID, DIGITS, MOST == 8 ? 7 : 1>,
      multiplyStrip<ID, DIGITS, MOST == 8 ? 8 : 1>};
  for (int t = 0; t < count; t += MOST) {
    const int some = count - t < MOST ? count - t : MOST;
    BY_TOKENS[some - 1](strip, columns, tokens + t * BlockTokenIn<ID, DIGITS>::bytes(columns),
                        sums + t * stride, stride);
  }
}

template <int ID, int DIGITS>
constexpr StripProducts PRODUCTS{BlockTokenIn<ID, DIGITS>::bytes, roundToken<ID, DIGITS>,
                                 multiplyRounded<ID, DIGITS>};

}  // namespace avx512vnni

#elif defined(__aarch64__)

namespace neon {

// The codes of 4 inputs of 4 rows; where they have no sign, those of MXFP4 and NVFP4 are raised.
template <int ID>
ADAPT4J_INLINE int8x16_t signedCodes(const uint8_t* codes, int four, const Table<ID>& table) {
  if (ID == Q8_0) {
    return vreinterpretq_s8_u8(vld1q_u8(codes + four * 64));
  }
  const auto bytes = (uint8x16_t)blocks::unsignedCodes<ID, FourWords>(codes, four);
  if (hasTable(ID)) {
    return hasSignedBytes(ID) ? vqtbl1q_s8(vld1q_s8(table.bytes), bytes)
                              : vreinterpretq_s8_u8(vqtbl1q_u8(vld1q_u8(table.raised), bytes));
  }
  return vreinterpretq_s8_u8(bytes);
}

}  // namespace neon
}  // namespace adapt4j

#define ADAPT4J_LOOPS "block_rounded_neon.h"
#include "neon_sets.h"

namespace adapt4j {

#endif

template <int ID>
inline const StripProducts& roundedKernels(int variant) {
#if defined(__x86_64__)
  if (variant >= AVX512) {
    return hasVnni() ? avx512vnni::PRODUCTS<ID, 1> : avx2::ROUNDED<ID>;
  }
  return variant == AVX2 ? avx2::ROUNDED<ID> : scalar::ROUNDED<ID>;
#elif defined(__aarch64__)
  return variant == SCALAR     ? scalar::ROUNDED<ID>
         : variant == NEON     ? neon::ROUNDED<ID>
         : variant == NEON_DOT ? neondot::ROUNDED<ID>
                               : neonmm::ROUNDED<ID>;
#else
  return scalar::ROUNDED<ID>;
#endif
}

inline const StripProducts& roundedKernelsOf(int id, int variant) {
  return ofBlockType(id, [&](auto type) -> auto& { return roundedKernels<type()>(variant); });
}

// Products with tokens in fp32, or in fixed point of 24 bits where that is faster.
inline const StripProducts& exactKernelsOf(int id, int variant) {
#if defined(__x86_64__)
  if (variant >= AVX512 && hasVnni() && !isFourBit(id)) {
    return ofBlockType(id, [](auto type) -> auto& { return avx512vnni::PRODUCTS<type(), 3>; });
  }
#endif
  return blockKernelsOf(id, variant).products;
}

}  // namespace adapt4j
