#pragma once

// Products of plain weights with AVX-512, with and without its bfloat16 instructions.

#include "avx512.h"
#include "plain_product.h"

#if defined(__x86_64__)

namespace adapt4j {
namespace avx512 {

// Rows are prefetched so many ahead: of a few, that would be too late.
template <int ROWS>
constexpr int64_t AHEAD_ROWS = ROWS < 8 ? 8 : ROWS;

// 16 vectors to the vector of their sums.
ADAPT4J_AVX512 ADAPT4J_INLINE __m512 sums(const __m512* v) {
  __m512 pairs[8], fours[4], eights[2];
  for (int i = 0; i < 8; i++) {
    const __m512 a = v[2 * i], b = v[2 * i + 1];
    pairs[i] = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  }
  for (int i = 0; i < 4; i++) {
    const __m512d a = _mm512_castps_pd(pairs[2 * i]), b = _mm512_castps_pd(pairs[2 * i + 1]);
    fours[i] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)),
                             _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
  }
  for (int i = 0; i < 2; i++) {
    const __m512 a = fours[2 * i], b = fours[2 * i + 1];
    eights[i] =
        _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
  }
  return _mm512_add_ps(_mm512_shuffle_f32x4(eights[0], eights[1], 0x88),
                       _mm512_shuffle_f32x4(eights[0], eights[1], 0xDD));
}

// Stores sums of ROWS x TOKENS, tokens first, of which some are there.
template <int ROWS, int TOKENS>
ADAPT4J_AVX512 ADAPT4J_INLINE void putSums(const __m512* parts, int64_t rows, int tokens,
                                           float* out, int64_t stride) {
  constexpr int COUNT = ROWS * TOKENS;
  if (TOKENS == 1) {
    _mm512_mask_storeu_ps(out, static_cast<__mmask16>((1u << rows) - 1), sums(parts));
    return;
  }
  float all[(COUNT + 15) / 16 * 16];
  for (int i = 0; i < COUNT; i += 16) {
    __m512 some[16];
    for (int k = 0; k < 16; k++) {
      some[k] = i + k < COUNT ? parts[i + k] : _mm512_setzero_ps();
    }
    _mm512_storeu_ps(all + i, sums(some));
  }
  for (int t = 0; t < tokens; t++) {
    for (int r = 0; r < rows; r++) {
      out[t * stride + r] = all[t * ROWS + r];
    }
  }
}

// 16 weights in fp32, of which those past the mask are 0.
template <int TYPE>
ADAPT4J_AVX512 ADAPT4J_INLINE __m512 weights(const void* row, int64_t at, __mmask16 present) {
  if (TYPE == F32) {
    return _mm512_maskz_loadu_ps(present, static_cast<const float*>(row) + at);
  }
  if (TYPE == SCALED8) {
    const __m128i bytes = _mm_maskz_loadu_epi8(present, static_cast<const int8_t*>(row) + at);
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
  }
  const __m256i bits =
      _mm256_maskz_loadu_epi16(present, static_cast<const uint16_t*>(row) + at);
  return TYPE == F16 ? _mm512_cvtph_ps(bits)
                     : _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

// Stores four sums of a token.
ADAPT4J_AVX512 ADAPT4J_INLINE void putFour(__m128 values, const TileTarget& to, float* y) {
  if (to.bias != nullptr) {
    values = _mm_add_ps(values, _mm_loadu_ps(to.bias));
  }
  _mm_storeu_ps(y, to.added ? _mm_add_ps(_mm_loadu_ps(y), values) : values);
}

// Stores the sums of a tile, of which some are there. Those of a whole one go from registers to
// their places, without a copy in between.
ADAPT4J_AVX512 ADAPT4J_INLINE void putTile(const __m512* parts, int64_t rows, int tokens,
                                           const TileTarget& to) {
  const __m512 all = sums(parts);
  if (rows == TILE && tokens == TILE) {
    putFour(_mm512_castps512_ps128(all), to, to.y);
    putFour(_mm512_extractf32x4_ps(all, 1), to, to.y + to.stride);
    putFour(_mm512_extractf32x4_ps(all, 2), to, to.y + 2 * to.stride);
    putFour(_mm512_extractf32x4_ps(all, 3), to, to.y + 3 * to.stride);
    return;
  }
  float values[TILE * TILE];
  _mm512_storeu_ps(values, all);
  for (int t = 0; t < tokens; t++) {
    float* y = to.y + t * to.stride;
    for (int64_t r = 0; r < rows; r++) {
      const float sum = values[t * TILE + r], value = to.bias == nullptr ? sum : sum + to.bias[r];
      y[r] = to.added ? y[r] + value : value;
    }
  }
}

// What lies behind a strip, which is fetched a part with each group of tokens.
struct NextStrip {
  const uint8_t* data;
  int64_t part;  // bytes

  NextStrip(const PlainRows& rows, int groups)
      : data(static_cast<const uint8_t*>(rows.row(rows.count))),
        part(rows.count * rows.columns * bytesOf(rows.type) / groups) {}

  ADAPT4J_AVX512 ADAPT4J_INLINE void fetch(int group) const {
    for (int64_t i = 0; i < part; i += 64) {
      prefetch(data + group * part + i);
    }
  }
};

// Makes the sums of some rows with some tokens, [TOKENS][ROWS] vectors.
template <int TYPE, int ROWS, int TOKENS, bool AHEAD>
ADAPT4J_AVX512 ADAPT4J_INLINE void addProducts(const PlainRows& rows, int64_t first, const float* x,
                                               int tokens, __m512* parts) {
  const int64_t width = padded(rows.columns);
  const int64_t present = rows.count - first < ROWS ? rows.count - first : ROWS;
  const void* row[ROWS];
  const float* token[TOKENS];
  for (int r = 0; r < ROWS; r++) {
    row[r] = rows.row(first + (r < present ? r : present - 1));
  }
  for (int t = 0; t < TOKENS; t++) {
    token[t] = x + (t < tokens ? t : tokens - 1) * width;
    for (int r = 0; r < ROWS; r++) {
      parts[t * ROWS + r] = _mm512_setzero_ps();
    }
  }
  const int64_t ahead = AHEAD_ROWS<ROWS> * rows.columns * bytesOf(TYPE);
  for (int64_t i = 0; i < rows.columns; i += 16) {
    const int64_t left = rows.columns - i;
    const __mmask16 mask = left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1);
    __m512 values[ROWS];
    for (int r = 0; r < ROWS; r++) {
      values[r] = weights<TYPE>(row[r], i, mask);
      if (AHEAD && i % (64 / bytesOf(TYPE)) == 0) {
        prefetch(static_cast<const uint8_t*>(row[r]) + i * bytesOf(TYPE) + ahead);
      }
    }
    for (int t = 0; t < TOKENS; t++) {
      const __m512 entries = _mm512_loadu_ps(token[t] + i);
      for (int r = 0; r < ROWS; r++) {
        parts[t * ROWS + r] = _mm512_fmadd_ps(values[r], entries, parts[t * ROWS + r]);
      }
    }
  }
}

template <int TYPE, int ROWS, int TOKENS>
ADAPT4J_AVX512 inline void multiplyBlock(const PlainRows& rows, int64_t first, const float* x,
                                         int tokens, float* out, int64_t stride) {
  __m512 parts[ROWS * TOKENS];
  addProducts<TYPE, ROWS, TOKENS, true>(rows, first, x, tokens, parts);
  putSums<ROWS, TOKENS>(parts, rows.count - first < ROWS ? rows.count - first : ROWS, tokens, out,
                        stride);
}

template <int TYPE, int TOKENS>
inline void multiplyTokens(const PlainRows& rows, const void* tokens, int count, float* sums,
                           int64_t stride) {
  constexpr int ROWS = TOKENS == 8 ? 3 : 16 / TOKENS;
  for (int64_t r = 0; r < rows.count; r += ROWS) {
    multiplyBlock<TYPE, ROWS, TOKENS>(rows, r, static_cast<const float*>(tokens), count, sums + r,
                                      stride);
  }
}

template <int TYPE>
inline void multiplyType(const PlainRows& rows, const void* tokens, int count, float* sums,
                         int64_t stride) {
  if (count == 1) {
    multiplyTokens<TYPE, 1>(rows, tokens, count, sums, stride);
  } else if (count == 2) {
    multiplyTokens<TYPE, 2>(rows, tokens, count, sums, stride);
  } else if (count <= 4) {
    multiplyTokens<TYPE, 4>(rows, tokens, count, sums, stride);
  } else {
    multiplyTokens<TYPE, 8>(rows, tokens, count, sums, stride);
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

// Tokens whose sums with TILE rows are made together: 24 of the 32 registers.
constexpr int WIDE_TOKENS = 6;

// Sums of TILE rows in fp32 with some tokens, in the order of addProducts.
ADAPT4J_AVX512 ADAPT4J_INLINE void addWide(const float* const* row, const float* const* token,
                                           int64_t width, __m512* parts) {
  for (int t = 0; t < WIDE_TOKENS; t++) {
    for (int r = 0; r < TILE; r++) {
      parts[t * TILE + r] = _mm512_setzero_ps();
    }
  }
  for (int64_t i = 0; i < width; i += 16) {
    __m512 values[TILE];
    for (int r = 0; r < TILE; r++) {
      values[r] = _mm512_loadu_ps(row[r] + i);
    }
    for (int t = 0; t < WIDE_TOKENS; t++) {
      const __m512 entries = _mm512_loadu_ps(token[t] + i);
      for (int r = 0; r < TILE; r++) {
        parts[t * TILE + r] = _mm512_fmadd_ps(values[r], entries, parts[t * TILE + r]);
      }
    }
  }
}

// Stores the sums of TILE rows with up to WIDE_TOKENS tokens.
ADAPT4J_AVX512 ADAPT4J_INLINE void putWide(const __m512* parts, int64_t rows, int tokens,
                                           const TileTarget& to) {
  putTile(parts, rows, tokens < TILE ? tokens : TILE, to);
  if (tokens > TILE) {
    __m512 rest[TILE * TILE];
    for (int i = 0; i < TILE * TILE; i++) {
      rest[i] = i < (WIDE_TOKENS - TILE) * TILE ? parts[TILE * TILE + i] : _mm512_setzero_ps();
    }
    putTile(rest, rows, tokens - TILE, to.from(TILE, 0));
  }
}

// The strip is brought to fp32 once for all tokens.
template <int TYPE>
ADAPT4J_AVX512 inline void multiplyStrip(const PlainRows& rows, const float* x, int count,
                                         float* wide, const TileTarget& to) {
  const int64_t stride = padded(rows.columns), width = (rows.columns + 15) / 16 * 16;
  for (int64_t r = 0; r < rows.count; r++) {
    for (int64_t i = 0; i < width; i += 16) {
      const int64_t left = rows.columns - i;
      const __mmask16 mask = left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1);
      _mm512_storeu_ps(wide + r * width + i, weights<TYPE>(rows.row(r), i, mask));
    }
  }
  const NextStrip next(rows, (count + WIDE_TOKENS - 1) / WIDE_TOKENS);
  for (int t = 0; t < count; t += WIDE_TOKENS) {
    next.fetch(t / WIDE_TOKENS);
    const int tokens = count - t < WIDE_TOKENS ? count - t : WIDE_TOKENS;
    const float* token[WIDE_TOKENS];
    for (int i = 0; i < WIDE_TOKENS; i++) {
      token[i] = x + (t + (i < tokens ? i : tokens - 1)) * stride;
    }
    for (int64_t r = 0; r < rows.count; r += TILE) {
      const float* row[TILE];
      for (int64_t i = 0; i < TILE; i++) {
        row[i] = wide + (r + i < rows.count ? r + i : rows.count - 1) * width;
      }
      __m512 parts[WIDE_TOKENS * TILE];
      addWide(row, token, width, parts);
      putWide(parts, rows.count - r < TILE ? rows.count - r : TILE, tokens, to.from(t, r));
    }
  }
}

inline void multiplyMany(const PlainRows& rows, const void* tokens, int count, float* wide,
                         const TileTarget& to) {
  const auto* x = static_cast<const float*>(tokens);
  if (rows.type == F32) {
    multiplyStrip<F32>(rows, x, count, wide, to);
  } else if (rows.type == F16) {
    multiplyStrip<F16>(rows, x, count, wide, to);
  } else {
    multiplyStrip<BF16>(rows, x, count, wide, to);
  }
}

// Sums of HEADS heads over 64 entries of each row stay in registers.
template <int TYPE, int HEADS>
ADAPT4J_AVX512 inline void mixEntries(const PlainRows& rows, int64_t first, const float* weights,
                                      int64_t stride, bool added, float* out) {
  __m512 sums[HEADS][4];
  __mmask16 present[4];
  for (int i = 0; i < 4; i++) {
    const int64_t left = rows.columns - first - i * 16;
    present[i] = left >= 16 ? 0xFFFF : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
    const __mmask16 known = added ? present[i] : 0;
    for (int h = 0; h < HEADS; h++) {
      sums[h][i] = _mm512_maskz_loadu_ps(known, out + h * rows.columns + first + i * 16);
    }
  }
  for (int64_t j = 0; j < rows.count; j++) {
    const void* row = rows.row(j);
    for (int i = 0; i < 4; i++) {
      const __m512 values = avx512::weights<TYPE>(row, first + i * 16, present[i]);
      for (int h = 0; h < HEADS; h++) {
        sums[h][i] = _mm512_fmadd_ps(_mm512_set1_ps(weights[h * stride + j]), values, sums[h][i]);
      }
    }
  }
  for (int h = 0; h < HEADS; h++) {
    for (int i = 0; i < 4; i++) {
      _mm512_mask_storeu_ps(out + h * rows.columns + first + i * 16, present[i], sums[h][i]);
    }
  }
}

template <int TYPE>
inline void mixType(const PlainRows& rows, const float* weights, int64_t stride, int heads,
                    bool added, float* out) {
  for (int h = 0; h < heads;) {
    const float* of = weights + h * stride;
    float* to = out + h * rows.columns;
    const int together = heads - h >= 4 ? 4 : heads - h;
    for (int64_t i = 0; i < rows.columns; i += 64) {
      switch (together) {
        case 4:
          mixEntries<TYPE, 4>(rows, i, of, stride, added, to);
          break;
        case 3:
          mixEntries<TYPE, 3>(rows, i, of, stride, added, to);
          break;
        case 2:
          mixEntries<TYPE, 2>(rows, i, of, stride, added, to);
          break;
        default:
          mixEntries<TYPE, 1>(rows, i, of, stride, added, to);
      }
    }
    h += together;
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

ADAPT4J_AVX512 inline void norm(const NormRule& rule, const float* x, int64_t width, float* y) {
  lanes::normEntries(rule, x, width, y);
}
ADAPT4J_AVX512 inline void activate(int kind, const float* x, const float* up, float gain, int64_t width,
                                    float* y) {
  lanes::activateKind(kind, x, up, gain, width, y);
}
ADAPT4J_AVX512 inline void softmax(float* scores, int64_t count, float scale, float cap,
                                  const float* sink) {
  lanes::softmaxEntries(scores, count, scale, cap, sink);
}
ADAPT4J_AVX512 inline void addScaled(const float* base, const float* x, float factor,
                                     int64_t width, float* y) {
  lanes::addScaledEntries(base, x, factor, width, y);
}
ADAPT4J_AVX512 inline void rotate(float* head, const float* cos, const float* sin, int64_t half) {
  lanes::rotateEntries(head, cos, sin, half);
}
ADAPT4J_AVX512 inline void rotatePairs(float* head, const float* cos, const float* sin,
                                      int64_t half) {
  lanes::rotatePairEntries(head, cos, sin, half);
}
ADAPT4J_AVX512 inline void clampedGated(const float* x, float alpha, float limit, int64_t width,
                                       float* y) {
  lanes::clampedGatedEntries(x, alpha, limit, width, y);
}
ADAPT4J_AVX512 inline void learned(const float* x, float above, float steep, int64_t width,
                                 float* y) {
  lanes::learnedEntries(x, above, steep, width, y);
}
ADAPT4J_AVX512 inline void match(const float* other, float epsilon, int64_t width, float* y) {
  lanes::matchEntries(other, epsilon, width, y);
}
ADAPT4J_AVX512 inline void above(const float* x, float quantile, int64_t width, float* y) {
  lanes::aboveEntries(x, quantile, width, y);
}

constexpr ElementKernels ELEMENTS{norm,   activate,    softmax,      addScaled, rotate,
                                  rotatePairs, clampedGated, learned, match, above};

constexpr PlainKernels PLAIN{scalar::tokenType, scalar::prepareToken, multiplyPlain, multiplyMany,
                             mix, &ELEMENTS};

}  // namespace avx512

// bfloat16 weights with bfloat16 tokens, sums in fp32; other weights as above.
namespace avx512bf16 {

inline int tokenType(int weightType) { return weightType == BF16 ? BF16 : F32; }

ADAPT4J_BF16 inline void prepareToken(const float* x, int64_t columns, int type, void* out) {
  if (type != BF16) {
    scalar::prepareToken(x, columns, type, out);
    return;
  }
  auto* ready = static_cast<uint16_t*>(out);
  for (int64_t i = 0; i < padded(columns); i += 16) {
    const int64_t left = columns - i;
    const __mmask16 present =
        left >= 16 ? 0xFFFF : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
    const __m256bh brain = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(present, x + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(ready + i), (__m256i)brain);
  }
}

template <int ROWS, int TOKENS, bool AHEAD>
ADAPT4J_BF16 ADAPT4J_INLINE void addProducts(const PlainRows& rows, int64_t first,
                                             const uint16_t* x, int tokens, __m512* parts) {
  const int64_t width = padded(rows.columns);
  const int64_t present = rows.count - first < ROWS ? rows.count - first : ROWS;
  const uint16_t* row[ROWS];
  const uint16_t* token[TOKENS];
  for (int r = 0; r < ROWS; r++) {
    row[r] = static_cast<const uint16_t*>(rows.row(first + (r < present ? r : present - 1)));
  }
  for (int t = 0; t < TOKENS; t++) {
    token[t] = x + (t < tokens ? t : tokens - 1) * width;
    for (int r = 0; r < ROWS; r++) {
      parts[t * ROWS + r] = _mm512_setzero_ps();
    }
  }
  const int64_t ahead = avx512::AHEAD_ROWS<ROWS> * rows.columns;
  int64_t i = 0;
  for (; i + 32 <= rows.columns; i += 32) {
    __m512bh values[ROWS];
    for (int r = 0; r < ROWS; r++) {
      values[r] = (__m512bh)_mm512_loadu_si512(row[r] + i);
      if (AHEAD) {
        avx512::prefetch(reinterpret_cast<const uint8_t*>(row[r] + i + ahead));
      }
    }
    for (int t = 0; t < TOKENS; t++) {
      const auto entries = (__m512bh)_mm512_loadu_si512(token[t] + i);
      for (int r = 0; r < ROWS; r++) {
        parts[t * ROWS + r] = _mm512_dpbf16_ps(parts[t * ROWS + r], values[r], entries);
      }
    }
  }
  if (i < rows.columns) {
    const auto mask = static_cast<__mmask32>((1u << (rows.columns - i)) - 1);
    for (int t = 0; t < TOKENS; t++) {
      const auto entries = (__m512bh)_mm512_loadu_si512(token[t] + i);
      for (int r = 0; r < ROWS; r++) {
        const auto values = (__m512bh)_mm512_maskz_loadu_epi16(mask, row[r] + i);
        parts[t * ROWS + r] = _mm512_dpbf16_ps(parts[t * ROWS + r], values, entries);
      }
    }
  }
}

template <int ROWS, int TOKENS>
ADAPT4J_BF16 inline void multiplyBlock(const PlainRows& rows, int64_t first, const uint16_t* x,
                                       int tokens, float* out, int64_t stride) {
  __m512 parts[ROWS * TOKENS];
  addProducts<ROWS, TOKENS, true>(rows, first, x, tokens, parts);
  avx512::putSums<ROWS, TOKENS>(parts, rows.count - first < ROWS ? rows.count - first : ROWS,
                                tokens, out, stride);
}

// Rows of up to so many columns are multiplied one after the other by up to four tokens.
constexpr int64_t NARROW = 1024;

// One row after the other: of several streams at a time memory gives less, as long as tokens stay in
// the first cache. Sums are made in the order of multiplyBlock.
template <int TOKENS>
ADAPT4J_BF16 inline void multiplyByRow(const PlainRows& rows, const void* tokens, int count,
                                       float* sums, int64_t stride) {
  const auto* x = static_cast<const uint16_t*>(tokens);
  for (int64_t first = 0; first < rows.count; first += STRIP_ROWS) {
    const int64_t left = rows.count - first;
    const int64_t present = left < STRIP_ROWS ? left : STRIP_ROWS;
    __m512 parts[TOKENS][STRIP_ROWS];
    for (int64_t r = 0; r < STRIP_ROWS; r++) {
      __m512 ofRow[TOKENS];
      // Those that are not there are computed as the last one, and not stored.
      addProducts<1, TOKENS, true>(rows, first + (r < present ? r : present - 1), x, count, ofRow);
      for (int t = 0; t < TOKENS; t++) {
        parts[t][r] = ofRow[t];
      }
    }
    const auto mask = static_cast<__mmask16>((1u << present) - 1);
    for (int t = 0; t < count; t++) {
      _mm512_mask_storeu_ps(sums + t * stride + first, mask, avx512::sums(parts[t]));
    }
  }
}

template <int TOKENS>
inline void multiplyTokens(const PlainRows& rows, const void* tokens, int count, float* sums,
                           int64_t stride) {
  // With 16 sums each would wait for itself.
  constexpr int ROWS = TOKENS == 8 ? 3 : 16 / TOKENS;
  for (int64_t r = 0; r < rows.count; r += ROWS) {
    multiplyBlock<ROWS, TOKENS>(rows, r, static_cast<const uint16_t*>(tokens), count, sums + r,
                                stride);
  }
}

inline void multiplyPlain(const PlainRows& rows, const void* tokens, int count, float* sums,
                          int64_t stride) {
  if (rows.type != BF16) {
    avx512::multiplyPlain(rows, tokens, count, sums, stride);
  } else if (count == 1) {
    multiplyByRow<1>(rows, tokens, count, sums, stride);
  } else if (count <= 4 && rows.columns <= NARROW) {
    count == 2 ? multiplyByRow<2>(rows, tokens, count, sums, stride)
               : multiplyByRow<4>(rows, tokens, count, sums, stride);
  } else if (count == 2) {
    multiplyTokens<2>(rows, tokens, count, sums, stride);
  } else if (count <= 4) {
    multiplyTokens<4>(rows, tokens, count, sums, stride);
  } else {
    multiplyTokens<8>(rows, tokens, count, sums, stride);
  }
}

ADAPT4J_BF16 inline void multiplyMany(const PlainRows& rows, const void* tokens, int count,
                                      float* wide, const TileTarget& to) {
  if (rows.type != BF16) {
    avx512::multiplyMany(rows, tokens, count, wide, to);
    return;
  }
  const auto* x = static_cast<const uint16_t*>(tokens);
  const int64_t width = padded(rows.columns);
  const avx512::NextStrip next(rows, (count + TILE - 1) / TILE);
  for (int t = 0; t < count; t += TILE) {
    next.fetch(t / TILE);
    const int present = count - t < TILE ? count - t : TILE;
    for (int64_t r = 0; r < rows.count; r += TILE) {
      __m512 parts[TILE * TILE];
      addProducts<TILE, TILE, false>(rows, r, x + t * width, present, parts);
      avx512::putTile(parts, rows.count - r < TILE ? rows.count - r : TILE, present,
                      to.from(t, r));
    }
  }
}

constexpr PlainKernels PLAIN{tokenType, prepareToken, multiplyPlain, multiplyMany, avx512::mix,
                             &avx512::ELEMENTS};

}  // namespace avx512bf16
}  // namespace adapt4j

#endif
