#pragma once

// Products of 4-bit weights with tokens rounded to 8 bits. The 16 numbers are rounded to bytes, so
// that sums of 32 products are formed in integers, exactly; these are scaled and added up in fp32.
// Codes stay where they are: 16 rows are brought side by side as they are read.

#include "four_bit_weight.h"
#include "rounded_token.h"

namespace adapt4j {

// The numbers as (code - OFFSET) * unit. Codes have 7 bits: two products of one with a token's entry
// fit in 16 bits.
struct ByteNumbers {
  static constexpr int OFFSET = 64;

  uint8_t codes[16];
  float unit;

  // Of the units that give the largest number 48 to 63 steps the one that suits all of them best.
  static ByteNumbers of(const float* numbers) {
    float most = 0;
    for (int i = 0; i < 16; i++) {
      most = std::fmax(most, std::fabs(numbers[i]));
    }
    ByteNumbers best{};
    double least = INFINITY;
    for (int steps = 48 * 64; steps <= 63 * 64; steps++) {
      ByteNumbers found{};
      found.unit = most * 64 / steps;
      double error = 0;
      for (int i = 0; i < 16; i++) {
        const float code = most == 0 ? 0 : std::rint(numbers[i] / found.unit);
        found.codes[i] = static_cast<uint8_t>(code + OFFSET);
        const double off = code * static_cast<double>(found.unit) - numbers[i];
        error += off * off;
      }
      if (error < least) {
        least = error;
        best = found;
      }
    }
    return best;
  }
};

using FourBitTokenIn8 = RoundedToken<1, ByteNumbers::OFFSET, false, false>;

// Rows of a weight with tokens, and where their products go: sums[t * stride + r].
struct RoundedRows {
  const WeightData& weight;
  const ByteNumbers& numbers;
  const uint8_t* tokens;
  int count;
  int64_t start;
  int64_t end;
  float* scratch;  // of scratchFloats(columns)
  float* sums;
  int64_t stride;

  static int64_t scratchFloats(int64_t columns) { return 2 * 16 * (columns / GROUP + 16); }

  // The codes of a row; of the last one for rows past the end.
  ADAPT4J_INLINE const uint8_t* packed(int64_t row) const {
    return weight.packed + (row < end ? row : end - 1) * (weight.columns / GROUP) * GROUP_BYTES;
  }

  // Scales of some rows, one row after the other; returns how far apart these are.
  template <class Decode>
  ADAPT4J_INLINE int64_t decodeRows(int64_t row, int count, Decode decode) const {
    const int64_t groups = weight.columns / GROUP, apart = groups + 16;
    for (int r = 0; r < count; r++) {
      decode(weight, (row + r < end ? row + r : end - 1) * groups, groups,
             scratch + 16 * apart + r * apart);
    }
    return apart;
  }

  ADAPT4J_INLINE void put(int64_t row, int rows, const float* totals, int64_t width) const {
    for (int t = 0; t < count; t++) {
      for (int r = 0; r < rows && row + r < end; r++) {
        sums[t * stride + row + r - start] = totals[t * width + r];
      }
    }
  }
};

struct FourBitRoundedKernels {
  void (*round)(const float* x, int64_t columns, uint8_t* out);
  void (*multiply)(const RoundedRows& rows);
};

// Most tokens of a pass over the rows.
constexpr int ROUNDED_TOKENS = 32;

namespace scalar {

inline void roundFourBitToken(const float* x, int64_t columns, uint8_t* out) {
  FourBitTokenIn8::round(x, columns, out);
}

inline void multiplyRoundedFourBit(const RoundedRows& rows) {
  const int64_t columns = rows.weight.columns;
  for (int64_t row = rows.start; row < rows.end; row++) {
    const float* ofRow = rows.scratch + 16 * rows.decodeRows(row, 1, scales);
    const uint8_t* packed = rows.packed(row);
    for (int t = 0; t < rows.count; t++) {
      const auto token =
          FourBitTokenIn8::at(rows.tokens + t * FourBitTokenIn8::bytes(columns), columns);
      float total = 0;
      for (int64_t b = 0; b < columns / BLOCK_GROUP; b++) {
        int32_t sum = token.offsets[b];
        for (int i = 0; i < BLOCK_GROUP; i++) {
          const int pair = packed[(b * BLOCK_GROUP + i) / 2];
          sum += rows.numbers.codes[i % 2 == 0 ? pair >> 4 : pair & 0xF] *
                 token.codes[b * BLOCK_GROUP + FourBitTokenIn8::placeOf(i)];
        }
        total += sum * (ofRow[b / 2] * rows.numbers.unit * token.scales[b]);
      }
      rows.sums[t * rows.stride + row - rows.start] = total;
    }
  }
}

constexpr FourBitRoundedKernels ROUNDED_FOUR_BIT{roundFourBitToken, multiplyRoundedFourBit};

}  // namespace scalar

#if defined(__x86_64__)

namespace avx2 {

ADAPT4J_AVX2 inline void roundFourBitToken(const float* x, int64_t columns, uint8_t* out) {
  FourBitTokenIn8::round(x, columns, out);
}

// Word j of row i becomes word i of row j.
ADAPT4J_AVX2 ADAPT4J_INLINE void transpose(__m256i* rows) {
  __m256i t[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  __m256i u[8];
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      u[i + 2 * j] = _mm256_unpacklo_epi64(t[i + j], t[i + 2 + j]);
      u[i + 2 * j + 1] = _mm256_unpackhi_epi64(t[i + j], t[i + 2 + j]);
    }
  }
  for (int j = 0; j < 4; j++) {
    rows[j] = _mm256_permute2x128_si256(u[j], u[4 + j], 0x20);
    rows[4 + j] = _mm256_permute2x128_si256(u[j], u[4 + j], 0x31);
  }
}

// Scales of 8 rows side by side for each group, times the unit.
ADAPT4J_AVX2 inline const float* scalesOf(const RoundedRows& rows, int64_t row) {
  const int64_t apart = rows.decodeRows(row, 8, scales);
  const float* from = rows.scratch + 16 * apart;
  const __m256 unit = _mm256_set1_ps(rows.numbers.unit);
  for (int64_t g = 0; g < rows.weight.columns / GROUP; g += 8) {
    __m256i words[8];
    for (int r = 0; r < 8; r++) {
      words[r] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + r * apart + g));
    }
    transpose(words);
    for (int i = 0; i < 8; i++) {
      _mm256_storeu_ps(rows.scratch + (g + i) * 8,
                       _mm256_mul_ps(_mm256_castsi256_ps(words[i]), unit));
    }
  }
  return rows.scratch;
}

// Adds the products of 8 rows of a group with some tokens to their totals.
template <int TOKENS>
ADAPT4J_AVX2 inline void addGroup(const uint8_t* codes, const float* scales, const uint8_t* tokens,
                                  int64_t columns, int64_t group, float* totals) {
  const __m256i ones = _mm256_set1_epi16(1);
  FourBitTokenIn8 token[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = FourBitTokenIn8::at(tokens + t * FourBitTokenIn8::bytes(columns), columns);
  }
  const __m256 scale = _mm256_loadu_ps(scales);
  for (int64_t b = 2 * group; b < 2 * group + 2; b++) {
    __m256i parts[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
      parts[t] = _mm256_set1_epi32(token[t].offsets[b]);
    }
    for (int four = 0; four < 8; four++) {
      const __m256i bytes = _mm256_loadu_si256(
          reinterpret_cast<const __m256i*>(codes + ((b % 2) * 8 + four) * 32));
      for (int t = 0; t < TOKENS; t++) {
        int32_t entries;
        std::memcpy(&entries, token[t].codes + b * BLOCK_GROUP + four * 4, 4);
        const __m256i pairs = _mm256_maddubs_epi16(bytes, _mm256_set1_epi32(entries));
        parts[t] = _mm256_add_epi32(parts[t], _mm256_madd_epi16(pairs, ones));
      }
    }
    for (int t = 0; t < TOKENS; t++) {
      const __m256 factor = _mm256_mul_ps(scale, _mm256_set1_ps(token[t].scales[b]));
      _mm256_storeu_ps(totals + t * 8,
                       _mm256_fmadd_ps(_mm256_cvtepi32_ps(parts[t]), factor,
                                       _mm256_loadu_ps(totals + t * 8)));
    }
  }
}

ADAPT4J_AVX2 inline void multiplyRoundedFourBit(const RoundedRows& rows) {
  using Add = void (*)(const uint8_t*, const float*, const uint8_t*, int64_t, int64_t, float*);
  static constexpr Add BY_TOKENS[] = {addGroup<1>, addGroup<2>, addGroup<3>, addGroup<4>,
                                      addGroup<5>, addGroup<6>, addGroup<7>, addGroup<8>};
  const int64_t columns = rows.weight.columns;
  const int64_t bytesOfToken = FourBitTokenIn8::bytes(columns);
  const __m256i table = _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.numbers.codes)));
  const __m256i low = _mm256_set1_epi8(15);
  float totals[ROUNDED_TOKENS * 8];
  alignas(32) uint8_t codes[16 * 32];
  for (int64_t row = rows.start; row < rows.end; row += 8) {
    const float* scales = scalesOf(rows, row);
    std::memset(totals, 0, rows.count * 8 * sizeof(float));
    const uint8_t* packed[8];
    for (int r = 0; r < 8; r++) {
      packed[r] = rows.packed(row + r);
    }
    for (int64_t g = 0; g < columns / GROUP; g++) {
      __m256i words[8];
      for (int r = 0; r < 8; r++) {
        const uint8_t* from = packed[r] + g * GROUP_BYTES;
        _mm_prefetch(reinterpret_cast<const char*>(from + 8 * columns / 2), _MM_HINT_T0);
        words[r] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
      }
      transpose(words);
      for (int k = 0; k < 8; k++) {
        const __m256i first = _mm256_and_si256(_mm256_srli_epi16(words[k], 4), low);
        const __m256i second = _mm256_and_si256(words[k], low);
        _mm256_store_si256(reinterpret_cast<__m256i*>(codes + k * 64),
                           _mm256_shuffle_epi8(table, first));
        _mm256_store_si256(reinterpret_cast<__m256i*>(codes + k * 64 + 32),
                           _mm256_shuffle_epi8(table, second));
      }
      for (int t = 0; t < rows.count; t += 8) {
        const int some = rows.count - t < 8 ? rows.count - t : 8;
        BY_TOKENS[some - 1](codes, scales + g * 8, rows.tokens + t * bytesOfToken, columns, g,
                            totals + t * 8);
      }
    }
    rows.put(row, 8, totals, 8);
  }
}

constexpr FourBitRoundedKernels ROUNDED_FOUR_BIT{roundFourBitToken, multiplyRoundedFourBit};

}  // namespace avx2

namespace avx512vnni {

ADAPT4J_VNNI inline void roundFourBitToken(const float* x, int64_t columns, uint8_t* out) {
  FourBitTokenIn8::round(x, columns, out);
}

// Word j of row i becomes word i of row j.
ADAPT4J_VNNI ADAPT4J_INLINE void transpose(__m512i* rows) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  __m512i u[16];
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 2; j++) {
      u[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + 2 + j]);
      u[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + 2 + j]);
    }
  }
  for (int j = 0; j < 4; j++) {
    const __m512i a = _mm512_shuffle_i32x4(u[j], u[4 + j], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(u[j], u[4 + j], 0xDD);
    const __m512i c = _mm512_shuffle_i32x4(u[8 + j], u[12 + j], 0x88);
    const __m512i d = _mm512_shuffle_i32x4(u[8 + j], u[12 + j], 0xDD);
    rows[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    rows[4 + j] = _mm512_shuffle_i32x4(b, d, 0x88);
    rows[8 + j] = _mm512_shuffle_i32x4(a, c, 0xDD);
    rows[12 + j] = _mm512_shuffle_i32x4(b, d, 0xDD);
  }
}

// Scales of 16 rows side by side for each group, times the unit.
ADAPT4J_VNNI inline const float* scalesOf(const RoundedRows& rows, int64_t row) {
  const int64_t apart = rows.decodeRows(row, 16, avx512::scales);
  const float* from = rows.scratch + 16 * apart;
  const __m512 unit = _mm512_set1_ps(rows.numbers.unit);
  for (int64_t g = 0; g < rows.weight.columns / GROUP; g += 16) {
    __m512i words[16];
    for (int r = 0; r < 16; r++) {
      words[r] = _mm512_loadu_si512(from + r * apart + g);
    }
    transpose(words);
    for (int i = 0; i < 16; i++) {
      _mm512_storeu_ps(rows.scratch + (g + i) * 16,
                       _mm512_mul_ps(_mm512_castsi512_ps(words[i]), unit));
    }
  }
  return rows.scratch;
}

// Adds the products of 16 rows of some groups with some tokens to their totals.
template <int TOKENS>
ADAPT4J_VNNI inline void addGroups(const uint8_t* codes, const float* scales,
                                   const uint8_t* tokens, int64_t columns, int64_t first,
                                   int64_t end, float* totals) {
  FourBitTokenIn8 token[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = FourBitTokenIn8::at(tokens + t * FourBitTokenIn8::bytes(columns), columns);
  }
  __m512 total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    total[t] = _mm512_loadu_ps(totals + t * 16);
  }
  for (int64_t b = 2 * first; b < 2 * end; b++) {
    __m512i parts[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
      parts[t] = _mm512_set1_epi32(token[t].offsets[b]);
    }
#pragma GCC unroll 8
    for (int four = 0; four < 8; four++) {
      const __m512i bytes = _mm512_loadu_si512(codes + four * 64);
      for (int t = 0; t < TOKENS; t++) {
        int32_t entries;
        std::memcpy(&entries, token[t].codes + b * BLOCK_GROUP + four * 4, 4);
        parts[t] = _mm512_dpbusd_epi32(parts[t], bytes, _mm512_set1_epi32(entries));
      }
    }
    const __m512 scale = _mm512_loadu_ps(scales + b / 2 * 16);
    for (int t = 0; t < TOKENS; t++) {
      total[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(parts[t]),
                                 _mm512_mul_ps(scale, _mm512_set1_ps(token[t].scales[b])),
                                 total[t]);
    }
    codes += 8 * 64;
  }
  for (int t = 0; t < TOKENS; t++) {
    _mm512_storeu_ps(totals + t * 16, total[t]);
  }
}

ADAPT4J_VNNI inline void multiplyRoundedFourBit(const RoundedRows& rows) {
  using Add =
      void (*)(const uint8_t*, const float*, const uint8_t*, int64_t, int64_t, int64_t, float*);
  static constexpr Add BY_TOKENS[] = {addGroups<1>, addGroups<2>, addGroups<3>, addGroups<4>,
                                      addGroups<5>, addGroups<6>, addGroups<7>, addGroups<8>};
  const int64_t columns = rows.weight.columns;
  const int64_t groups = columns / GROUP;
  const int64_t bytesOfToken = FourBitTokenIn8::bytes(columns);
  const __m512i table = _mm512_broadcast_i32x4(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.numbers.codes)));
  const __m512i low = _mm512_set1_epi8(15);
  float totals[ROUNDED_TOKENS * 16];
  alignas(64) uint8_t codes[32 * 64];
  for (int64_t row = rows.start; row < rows.end; row += 16) {
    const float* scales = scalesOf(rows, row);
    std::memset(totals, 0, rows.count * 16 * sizeof(float));
    const uint8_t* packed[16];
    for (int r = 0; r < 16; r++) {
      packed[r] = rows.packed(row + r);
    }
    for (int64_t g = 0; g < groups; g += 2) {
      const int64_t end = g + 2 < groups ? g + 2 : groups;
      const __mmask16 present = end - g == 2 ? 0xFFFF : 0xFF;
      __m512i words[16];
      for (int r = 0; r < 16; r++) {
        const uint8_t* from = packed[r] + g * GROUP_BYTES;
        avx512::prefetch(from + 16 * columns / 2);
        words[r] = _mm512_maskz_loadu_epi32(present, from);
      }
      transpose(words);
      for (int k = 0; k < 16; k++) {
        const __m512i first = _mm512_and_si512(_mm512_srli_epi16(words[k], 4), low);
        const __m512i second = _mm512_and_si512(words[k], low);
        _mm512_store_si512(codes + k * 128, _mm512_shuffle_epi8(table, first));
        _mm512_store_si512(codes + k * 128 + 64, _mm512_shuffle_epi8(table, second));
      }
      for (int t = 0; t < rows.count; t += 8) {
        const int some = rows.count - t < 8 ? rows.count - t : 8;
        BY_TOKENS[some - 1](codes, scales, rows.tokens + t * bytesOfToken, columns, g, end,
                            totals + t * 16);
      }
    }
    rows.put(row, 16, totals, 16);
  }
}

constexpr FourBitRoundedKernels ROUNDED_FOUR_BIT{roundFourBitToken, multiplyRoundedFourBit};

}  // namespace avx512vnni

#elif defined(__aarch64__)

namespace neon {

// Scales of 4 rows side by side for each group, times the unit.
inline const float* scalesOf(const RoundedRows& rows, int64_t row) {
  const int64_t apart = rows.decodeRows(row, 4, scalar::scales);
  const float* from = rows.scratch + 16 * apart;
  for (int64_t g = 0; g < rows.weight.columns / GROUP; g += 4) {
    float32x4x4_t four;
    for (int r = 0; r < 4; r++) {
      four.val[r] = vmulq_n_f32(vld1q_f32(from + r * apart + g), rows.numbers.unit);
    }
    vst4q_f32(rows.scratch + g * 4, four);
  }
  return rows.scratch;
}

}  // namespace neon
}  // namespace adapt4j

#define ADAPT4J_LOOPS "four_bit_neon.h"
#include "neon_sets.h"

namespace adapt4j {

#endif

inline const FourBitRoundedKernels& roundedFourBitKernelsOf(int variant) {
#if defined(__x86_64__)
  if (variant >= AVX512) {
    return hasVnni() ? avx512vnni::ROUNDED_FOUR_BIT : avx2::ROUNDED_FOUR_BIT;
  }
  return variant == AVX2 ? avx2::ROUNDED_FOUR_BIT : scalar::ROUNDED_FOUR_BIT;
#elif defined(__aarch64__)
  return variant == SCALAR ? scalar::ROUNDED_FOUR_BIT
         : variant == NEON ? neon::ROUNDED_FOUR_BIT
                           : neondot::ROUNDED_FOUR_BIT;
#else
  return scalar::ROUNDED_FOUR_BIT;
#endif
}

}  // namespace adapt4j
