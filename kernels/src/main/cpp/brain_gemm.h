#pragma once

// Products of bfloat16 matrices with sums in fp32, for processors with avx512_bf16.
//
// The right matrix is packed in panels of 64 columns, two rows interleaved as the instruction takes
// them: [rows / 2][64][2], filled up with zeros. A tile of 6 rows x 64 columns of the result stays in
// registers.

#include "brain_lanes.h"

#if defined(__x86_64__)

namespace adapt4j {
namespace brain {

constexpr int64_t PANEL = 64;
constexpr int TILE_ROWS = 6;

// Entries of a packed matrix [depth, columns].
inline int64_t packedEntries(int64_t depth, int64_t columns) {
  return (depth + 1) / 2 * 2 * ((columns + PANEL - 1) / PANEL * PANEL);
}

inline int64_t panelEntries(int64_t depth) { return (depth + 1) / 2 * 2 * PANEL; }

// Packs one panel of B [depth, columns] with so many entries a row.
ADAPT4J_BF16 inline void packPanel(const uint16_t* b, int64_t stride, int64_t depth,
                                   int64_t columns, uint16_t* out) {
  const __m512i low = _mm512_set_epi16(
      47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37, 5, 36, 4, 35,
      3, 34, 2, 33, 1, 32, 0);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  for (int64_t k = 0; k < depth; k += 2) {
    for (int64_t n = 0; n < PANEL; n += 32) {
      const int64_t left = columns - n;
      const __mmask32 present = left >= 32 ? 0xFFFFFFFFu
                                : left <= 0 ? 0
                                            : static_cast<__mmask32>((1u << left) - 1);
      const __m512i first = _mm512_maskz_loadu_epi16(present, b + k * stride + n);
      const __m512i second = k + 1 < depth
                                 ? _mm512_maskz_loadu_epi16(present, b + (k + 1) * stride + n)
                                 : _mm512_setzero_si512();
      uint16_t* to = out + k * PANEL + n * 2;
      __builtin_prefetch(b + (k + 16) * stride + n);
      __builtin_prefetch(b + (k + 17) * stride + n);
      _mm512_storeu_si512(to, _mm512_permutex2var_epi16(first, low, second));
      _mm512_storeu_si512(to + 32, _mm512_permutex2var_epi16(first, high, second));
    }
  }
}

// 16 rows of 16 words each, transposed.
ADAPT4J_BF16 ADAPT4J_INLINE void transpose(__m512i* r) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xDD);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xDD);
  }
  for (int i = 0; i < 8; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
  }
}

// Packs one panel of B' where B [columns, depth] has so many entries a row.
ADAPT4J_BF16 inline void packTransposedPanel(const uint16_t* b, int64_t stride, int64_t depth,
                                             int64_t columns, uint16_t* out) {
  for (int64_t n = 0; n < PANEL; n += 16) {
    for (int64_t k = 0; k < depth; k += 32) {
      const int64_t left = depth - k;
      const __mmask32 present =
          left >= 32 ? 0xFFFFFFFFu : static_cast<__mmask32>((1u << left) - 1);
      __m512i words[16];
      for (int i = 0; i < 16; i++) {
        __builtin_prefetch(b + (n + 16 + i) * stride + k);
        words[i] = n + i < columns ? _mm512_maskz_loadu_epi16(present, b + (n + i) * stride + k)
                                   : _mm512_setzero_si512();
      }
      transpose(words);
      const int64_t pairs = left >= 32 ? 16 : (left + 1) / 2;
      for (int64_t i = 0; i < pairs; i++) {
        _mm512_storeu_si512(out + (k + 2 * i) * PANEL + n * 2, words[i]);
      }
    }
  }
}

// The left matrix: entry pairs (r, 2 k) at data + r * row + k * pair. Row-major where pair is 2; a
// packed panel, read as its transpose, where row is 2 and pair twice a panel.
struct Left {
  const uint16_t* data;
  int64_t row;
  int64_t pair;

  static Left rows(const uint16_t* data, int64_t stride) { return {data, stride, 2}; }
  static Left transposedPanel(const uint16_t* panel) { return {panel, 2, 2 * PANEL}; }

  Left from(int64_t index) const { return {data + index * row, row, pair}; }
};

// Where a tile goes: fp32, overwritten, added to, or what its sums begin with; bfloat16, overwritten,
// added to, or with a bias for each column.
enum Store { OVERWRITE, ADD, CONTINUE, ROUND, ADD_ROUNDED, BIAS };

constexpr bool isRounded(int store) { return store >= ROUND; }

// The left side of a product: a, and beside it a second matrix whose columns go on where those of
// the first end, such as what a low-rank update has made of it.
struct LeftPair {
  Left a;
  int64_t pairs;
  Left more;
  int64_t morePairs;  // 0 for none

  LeftPair from(int64_t row) const { return {a.from(row), pairs, more.from(row), morePairs}; }
};

template <int ROWS, int VECTORS>
ADAPT4J_BF16 ADAPT4J_INLINE void addPairs(const Left& a, const uint16_t* panel, int64_t pairs,
                                          __m512 (&sums)[ROWS][VECTORS]) {
  for (int64_t k = 0; k < pairs; k++) {
    __m512bh b[VECTORS];
    for (int j = 0; j < VECTORS; j++) {
      b[j] = (__m512bh)_mm512_loadu_si512(panel + k * 2 * PANEL + j * 32);
    }
    for (int r = 0; r < ROWS; r++) {
      int32_t pair;
      std::memcpy(&pair, a.data + r * a.row + k * a.pair, sizeof pair);
      const auto both = (__m512bh)_mm512_set1_epi32(pair);
      for (int j = 0; j < VECTORS; j++) {
        sums[r][j] = _mm512_dpbf16_ps(sums[r][j], both, b[j]);
      }
    }
  }
}

// VECTORS of 16 columns are computed; a panel has room for 4.
template <int ROWS, int STORE, int VECTORS>
ADAPT4J_BF16 inline void multiplyTile(const LeftPair& left, const uint16_t* panel,
                                      const uint16_t* bias, void* c, int64_t strideC,
                                      int64_t columns) {
  __m512 sums[ROWS][VECTORS];
  for (int r = 0; r < ROWS; r++) {
    for (int j = 0; j < VECTORS; j++) {
      sums[r][j] =
          STORE == CONTINUE
              ? _mm512_maskz_loadu_ps(presentOf(columns - j * 16),
                                      static_cast<const float*>(c) + r * strideC + j * 16)
              : _mm512_setzero_ps();
    }
  }
  addPairs<ROWS, VECTORS>(left.a, panel, left.pairs, sums);
  addPairs<ROWS, VECTORS>(left.more, panel + left.pairs * 2 * PANEL, left.morePairs, sums);
  for (int j = 0; j < VECTORS; j++) {
    const int64_t rest = columns - j * 16;
    const __mmask16 present = presentOf(rest);
    for (int r = 0; r < ROWS; r++) {
      if (isRounded(STORE)) {
        auto* to = static_cast<uint16_t*>(c) + r * strideC + j * 16;
        const __m512 before = STORE == ADD_ROUNDED ? avx512::weights<BF16>(to, 0, present)
                              : STORE == BIAS ? avx512::weights<BF16>(bias, j * 16, present)
                                              : _mm512_setzero_ps();
        putRounded(_mm512_add_ps(before, sums[r][j]), to, present);
      } else {
        float* to = static_cast<float*>(c) + r * strideC + j * 16;
        const __m512 before =
            STORE == ADD ? _mm512_maskz_loadu_ps(present, to) : _mm512_setzero_ps();
        _mm512_mask_storeu_ps(to, present, _mm512_add_ps(before, sums[r][j]));
      }
    }
  }
}

// As many rows as keep the registers busy: 24 sums of 16 entries.
constexpr int tileRows(int vectors) { return vectors == 4 ? TILE_ROWS : vectors == 3 ? 8 : 12; }

template <int STORE, int VECTORS>
inline void multiplyRows(const LeftPair& left, const uint16_t* panel, int64_t rows, void* c,
                         int64_t strideC, int64_t columns, const uint16_t* bias) {
  const int64_t bytes = strideC * (isRounded(STORE) ? 2 : 4);
  auto* to = static_cast<uint8_t*>(c);
  int64_t r = 0;
  constexpr int ROWS = tileRows(VECTORS);
  for (; r + ROWS <= rows; r += ROWS) {
    multiplyTile<ROWS, STORE, VECTORS>(left.from(r), panel, bias, to + r * bytes, strideC, columns);
  }
  for (; r + TILE_ROWS <= rows; r += TILE_ROWS) {
    multiplyTile<TILE_ROWS, STORE, VECTORS>(left.from(r), panel, bias, to + r * bytes, strideC,
                                            columns);
  }
  using Multiply = void (*)(const LeftPair&, const uint16_t*, const uint16_t*, void*, int64_t,
                            int64_t);
  static constexpr Multiply REST[] = {nullptr,
                                      multiplyTile<1, STORE, VECTORS>,
                                      multiplyTile<2, STORE, VECTORS>,
                                      multiplyTile<3, STORE, VECTORS>,
                                      multiplyTile<4, STORE, VECTORS>,
                                      multiplyTile<5, STORE, VECTORS>};
  if (r < rows) {
    REST[rows - r](left.from(r), panel, bias, to + r * bytes, strideC, columns);
  }
}

// C [rows, columns] from the left side and one panel.
template <int STORE>
inline void multiplyPanel(const LeftPair& left, const uint16_t* panel, int64_t rows, void* c,
                          int64_t strideC, int64_t columns, const uint16_t* bias = nullptr) {
  if (columns > 48) {
    multiplyRows<STORE, 4>(left, panel, rows, c, strideC, columns, bias);
  } else if (columns > 32) {
    multiplyRows<STORE, 3>(left, panel, rows, c, strideC, columns, bias);
  } else if (columns > 16) {
    multiplyRows<STORE, 2>(left, panel, rows, c, strideC, columns, bias);
  } else {
    multiplyRows<STORE, 1>(left, panel, rows, c, strideC, columns, bias);
  }
}

// The same from A [rows, depth] alone; depth is even.
template <int STORE>
inline void multiplyPanel(const Left& a, const uint16_t* panel, int64_t rows, int64_t depth,
                          void* c, int64_t strideC, int64_t columns) {
  multiplyPanel<STORE>(LeftPair{a, depth / 2, a, 0}, panel, rows, c, strideC, columns);
}

}  // namespace brain
}  // namespace adapt4j

#endif
