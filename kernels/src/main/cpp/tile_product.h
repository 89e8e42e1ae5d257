#pragma once

// Products of plain weights with many tokens, for AVX-512. The sums of a product are added in the
// order in which the loops for a few tokens add them, so that what comes out for a token does not
// depend on how many there are: each lane of a vector over the columns has sums of its own, which
// are added in pairs at the end. Here a vector holds the same lane of 16 rows.

#include "plain_avx512.h"

#if defined(__x86_64__)

namespace adapt4j {

namespace avx512 {

// Rows of one lane are 16 dwords that belong together.
ADAPT4J_AVX512 ADAPT4J_INLINE void transpose(__m512i* v) {
  __m512i a[16];
  for (int i = 0; i < 8; i++) {
    a[2 * i] = _mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
    a[2 * i + 1] = _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]);
  }
  for (int i = 0; i < 4; i++) {
    v[4 * i] = _mm512_unpacklo_epi64(a[4 * i], a[4 * i + 2]);
    v[4 * i + 1] = _mm512_unpackhi_epi64(a[4 * i], a[4 * i + 2]);
    v[4 * i + 2] = _mm512_unpacklo_epi64(a[4 * i + 1], a[4 * i + 3]);
    v[4 * i + 3] = _mm512_unpackhi_epi64(a[4 * i + 1], a[4 * i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    a[i] = _mm512_shuffle_i32x4(v[i], v[4 + i], 0x88);
    a[4 + i] = _mm512_shuffle_i32x4(v[8 + i], v[12 + i], 0x88);
    a[8 + i] = _mm512_shuffle_i32x4(v[i], v[4 + i], 0xDD);
    a[12 + i] = _mm512_shuffle_i32x4(v[8 + i], v[12 + i], 0xDD);
  }
  for (int i = 0; i < 4; i++) {
    v[i] = _mm512_shuffle_i32x4(a[i], a[4 + i], 0x88);
    v[8 + i] = _mm512_shuffle_i32x4(a[i], a[4 + i], 0xDD);
    v[4 + i] = _mm512_shuffle_i32x4(a[8 + i], a[12 + i], 0x88);
    v[12 + i] = _mm512_shuffle_i32x4(a[8 + i], a[12 + i], 0xDD);
  }
}

ADAPT4J_AVX512 ADAPT4J_INLINE void storeLanes(__m512i* rows, int64_t chunks, int64_t chunk,
                                              uint32_t* out) {
  transpose(rows);
  for (int lane = 0; lane < 16; lane++) {
    _mm512_storeu_si512(out + (lane * chunks + chunk) * 16, rows[lane]);
  }
}

template <int TYPE>
ADAPT4J_AVX512 inline void packFloats(const PlainRows& rows, int64_t chunks, uint32_t* out) {
  for (int64_t c = 0; c < chunks; c++) {
    const int64_t left = rows.columns - c * 16;
    const __mmask16 mask = left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1);
    __m512i values[16];
    for (int r = 0; r < 16; r++) {
      values[r] = _mm512_castps_si512(
          weights<TYPE>(rows.row(r < rows.count ? r : rows.count - 1), c * 16, mask));
    }
    storeLanes(values, chunks, c, out);
  }
}

inline void pack(const PlainRows& rows, int64_t chunks, uint32_t* out) {
  if (rows.type == F32) {
    packFloats<F32>(rows, chunks, out);
  } else if (rows.type == F16) {
    packFloats<F16>(rows, chunks, out);
  } else {
    packFloats<BF16>(rows, chunks, out);
  }
}

ADAPT4J_AVX512 ADAPT4J_INLINE void put(uint32_t* to, __m128i values) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), values);
}

ADAPT4J_AVX512 inline void arrange(const uint32_t* tokens, int64_t stride, int64_t chunks,
                                   uint32_t* tile, int64_t width) {
  for (int64_t c = 0; c < chunks; c++) {
    __m512i v[4];
    for (int t = 0; t < 4; t++) {
      v[t] = _mm512_loadu_si512(tokens + t * stride + c * 16);
    }
    const __m512i low = _mm512_unpacklo_epi32(v[0], v[1]), high = _mm512_unpackhi_epi32(v[0], v[1]);
    const __m512i low2 = _mm512_unpacklo_epi32(v[2], v[3]);
    const __m512i high2 = _mm512_unpackhi_epi32(v[2], v[3]);
    // Of each four lanes the first, the second and so on.
    const __m512i lanes[4] = {_mm512_unpacklo_epi64(low, low2), _mm512_unpackhi_epi64(low, low2),
                              _mm512_unpacklo_epi64(high, high2),
                              _mm512_unpackhi_epi64(high, high2)};
    for (int i = 0; i < 4; i++) {
      uint32_t* to = tile + c * width;
      const int64_t lane = chunks * width;
      put(to + i * lane, _mm512_castsi512_si128(lanes[i]));
      put(to + (4 + i) * lane, _mm512_extracti32x4_epi32(lanes[i], 1));
      put(to + (8 + i) * lane, _mm512_extracti32x4_epi32(lanes[i], 2));
      put(to + (12 + i) * lane, _mm512_extracti32x4_epi32(lanes[i], 3));
    }
  }
}

// What every lane's sums go through: those of lanes 0 and 2, 1 and 3, then of these, and so on.
template <int TOKENS>
ADAPT4J_AVX512 ADAPT4J_INLINE void putLane(int number, __m512* sums, float* parts, float* out) {
  int level = 0;
  for (; number >> level & 1; level++) {
    const float* before = parts + level * TOKENS * 16;
#pragma GCC unroll 24
    for (int t = 0; t < TOKENS; t++) {
      sums[t] = _mm512_add_ps(_mm512_loadu_ps(before + t * 16), sums[t]);
    }
  }
  float* to = level == 4 ? out : parts + level * TOKENS * 16;
#pragma GCC unroll 24
  for (int t = 0; t < TOKENS; t++) {
    _mm512_storeu_ps(to + t * 16, sums[t]);
  }
}

inline int laneOf(int number) {
  return (number & 12) | (number & 1) << 1 | (number >> 1 & 1);
}

template <int TOKENS>
ADAPT4J_AVX512 inline void multiplyTile(const uint32_t* packed, int64_t chunks,
                                        const uint32_t* tile, float* parts, float* out) {
  for (int n = 0; n < 16; n++) {
    const auto* rows = reinterpret_cast<const float*>(packed + laneOf(n) * chunks * 16);
    const auto* x = reinterpret_cast<const float*>(tile + laneOf(n) * chunks * TOKENS);
    __m512 sums[TOKENS];
#pragma GCC unroll 24
    for (int t = 0; t < TOKENS; t++) {
      sums[t] = _mm512_setzero_ps();
    }
    for (int64_t c = 0; c < chunks; c++) {
      const __m512 values = _mm512_loadu_ps(rows + c * 16);
#pragma GCC unroll 24
      for (int t = 0; t < TOKENS; t++) {
        sums[t] = _mm512_fmadd_ps(values, _mm512_set1_ps(x[c * TOKENS + t]), sums[t]);
      }
    }
    putLane<TOKENS>(n, sums, parts, out);
  }
}

inline void multiplyMany(const uint32_t* packed, int64_t chunks, const uint32_t* tile, int tokens,
                         float* parts, float* out) {
  switch (tokens) {
    case 4: return multiplyTile<4>(packed, chunks, tile, parts, out);
    case 8: return multiplyTile<8>(packed, chunks, tile, parts, out);
    case 12: return multiplyTile<12>(packed, chunks, tile, parts, out);
    case 16: return multiplyTile<16>(packed, chunks, tile, parts, out);
    case 20: return multiplyTile<20>(packed, chunks, tile, parts, out);
    default: return multiplyTile<24>(packed, chunks, tile, parts, out);
  }
}

constexpr ManyTokens MANY{pack, arrange, multiplyMany};

}  // namespace avx512

namespace avx512bf16 {

ADAPT4J_BF16 inline void packBrain(const PlainRows& rows, int64_t chunks, uint32_t* out) {
  for (int64_t c = 0; c < chunks; c++) {
    const int64_t left = rows.columns - c * 32;
    const __mmask32 mask = left >= 32 ? 0xFFFFFFFFu : (1u << left) - 1;
    __m512i values[16];
    for (int r = 0; r < 16; r++) {
      const auto* row =
          static_cast<const uint16_t*>(rows.row(r < rows.count ? r : rows.count - 1));
      values[r] = _mm512_maskz_loadu_epi16(mask, row + c * 32);
    }
    avx512::storeLanes(values, chunks, c, out);
  }
}

inline void pack(const PlainRows& rows, int64_t chunks, uint32_t* out) {
  if (rows.type == BF16) {
    packBrain(rows, chunks, out);
  } else {
    avx512::pack(rows, chunks, out);
  }
}

template <int TOKENS>
ADAPT4J_BF16 inline void multiplyTile(const uint32_t* packed, int64_t chunks,
                                      const uint32_t* tile, float* parts, float* out) {
  for (int n = 0; n < 16; n++) {
    const uint32_t* rows = packed + avx512::laneOf(n) * chunks * 16;
    const uint32_t* x = tile + avx512::laneOf(n) * chunks * TOKENS;
    __m512 sums[TOKENS];
#pragma GCC unroll 24
    for (int t = 0; t < TOKENS; t++) {
      sums[t] = _mm512_setzero_ps();
    }
    for (int64_t c = 0; c < chunks; c++) {
      const auto values = (__m512bh)_mm512_loadu_si512(rows + c * 16);
#pragma GCC unroll 24
      for (int t = 0; t < TOKENS; t++) {
        const auto entries = (__m512bh)_mm512_set1_epi32(static_cast<int>(x[c * TOKENS + t]));
        sums[t] = _mm512_dpbf16_ps(sums[t], values, entries);
      }
    }
    avx512::putLane<TOKENS>(n, sums, parts, out);
  }
}

inline void multiplyBrain(const uint32_t* packed, int64_t chunks, const uint32_t* tile, int tokens,
                          float* parts, float* out) {
  switch (tokens) {
    case 4: return multiplyTile<4>(packed, chunks, tile, parts, out);
    case 8: return multiplyTile<8>(packed, chunks, tile, parts, out);
    case 12: return multiplyTile<12>(packed, chunks, tile, parts, out);
    case 16: return multiplyTile<16>(packed, chunks, tile, parts, out);
    case 20: return multiplyTile<20>(packed, chunks, tile, parts, out);
    default: return multiplyTile<24>(packed, chunks, tile, parts, out);
  }
}

constexpr ManyTokens MANY{pack, avx512::arrange, multiplyBrain};

}  // namespace avx512bf16

}  // namespace adapt4j

#endif

namespace adapt4j {

// The loops for many tokens of a type; null where the variant has none.
inline const ManyTokens* manyTokensOf(int variant, int tokenType) {
#if defined(__x86_64__)
  if (variant >= 2) {
    return tokenType == BF16 ? &avx512bf16::MANY : &avx512::MANY;
  }
#endif
  return nullptr;
}

}  // namespace adapt4j
