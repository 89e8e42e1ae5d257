#pragma once

// AMX: weights restored to bfloat16 in tiles of 16 outputs x 32 inputs that never leave the cache,
// multiplied with tiles of 32 inputs x 16 tokens.

#include "avx512.h"

#if defined(__x86_64__)

#define ADAPT4J_AMX                                                                             \
  __attribute__((                                                                               \
      target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")))

namespace adapt4j {
namespace amx {

constexpr int SIDE = 16;               // rows of a tile; tokens of a tile
constexpr int64_t TILE = SIDE * 64;    // bytes
constexpr int64_t GROUP_TILES = 2;     // tiles that a group of 64 inputs fills
constexpr int64_t PAIR = 2 * SIDE;     // outputs and tokens that are multiplied together

// Tile settings belong to a thread and libtorch remembers what it set: they are put back.
class TileSettings {
 public:
  ADAPT4J_AMX TileSettings() {
    _tile_storeconfig(before_);
    alignas(64) uint8_t ours[64] = {1};
    for (int tile = 0; tile < 8; tile++) {
      ours[16 + 2 * tile] = 64;
      ours[48 + tile] = SIDE;
    }
    _tile_loadconfig(ours);
  }
  ADAPT4J_AMX ~TileSettings() { _tile_loadconfig(before_); }
  TileSettings(const TileSettings&) = delete;
  TileSettings& operator=(const TileSettings&) = delete;

 private:
  alignas(64) uint8_t before_[64];
};

ADAPT4J_BF16 ADAPT4J_INLINE void transpose(__m512i rows[SIDE]) {
  __m512i a[SIDE];
  for (int i = 0; i < SIDE; i += 2) {
    a[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  __m512i b[SIDE];
  for (int i = 0; i < SIDE; i += 4) {
    b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  // b[4q + c] holds column c of each quarter, of rows 4q to 4q + 3.
  for (int c = 0; c < 4; c++) {
    __m512i low01 = _mm512_shuffle_i32x4(b[c], b[4 + c], 0x88);
    __m512i low23 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0x88);
    __m512i high01 = _mm512_shuffle_i32x4(b[c], b[4 + c], 0xDD);
    __m512i high23 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0xDD);
    rows[c] = _mm512_shuffle_i32x4(low01, low23, 0x88);
    rows[8 + c] = _mm512_shuffle_i32x4(low01, low23, 0xDD);
    rows[4 + c] = _mm512_shuffle_i32x4(high01, high23, 0x88);
    rows[12 + c] = _mm512_shuffle_i32x4(high01, high23, 0xDD);
  }
}

inline int64_t blocks(int64_t tokens) { return (tokens + SIDE - 1) / SIDE; }

inline int64_t packedBytes(int64_t tokens, int64_t columns) {
  return blocks(tokens) * (columns / GROUP) * GROUP_TILES * TILE;
}

// Lays one block of 16 tokens out as tiles of [16 pairs of inputs, 16 tokens]; those missing are 0.
// In each group first the inputs of the high halves of the weights' bytes, then those of the low.
ADAPT4J_BF16 inline void packTokens(const uint16_t* x, int64_t tokens, int64_t columns,
                                    int64_t block, uint8_t* out) {
  const int64_t first = block * SIDE;
  const int64_t present = tokens - first < SIDE ? tokens - first : SIDE;
  const int64_t groups = columns / GROUP;
  alignas(64) uint16_t order[2][32];
  for (int i = 0; i < 32; i++) {
    order[0][i] = static_cast<uint16_t>(2 * i);
    order[1][i] = static_cast<uint16_t>(2 * i + 1);
  }
  uint8_t* target = out + block * groups * GROUP_TILES * TILE;
  for (int64_t g = 0; g < groups; g++) {
    for (int half = 0; half < 2; half++) {
      const __m512i index = _mm512_load_si512(order[half]);
      __m512i rows[SIDE];
      for (int64_t t = 0; t < SIDE; t++) {
        if (t < present) {
          const uint16_t* token = x + (first + t) * columns + g * GROUP;
          rows[t] = _mm512_permutex2var_epi16(_mm512_loadu_si512(token), index,
                                              _mm512_loadu_si512(token + 32));
        } else {
          rows[t] = _mm512_setzero_si512();
        }
      }
      transpose(rows);
      for (int p = 0; p < SIDE; p++) {
        _mm512_store_si512(target + p * 64, rows[p]);
      }
      target += TILE;
    }
  }
}

// Restores groups [start, end) of 32 rows, as tiles [group][upper, lower 16 rows][2]. Rows past the
// last repeat it.
ADAPT4J_BF16 inline void restore(const WeightData& weight, const float* scales, int64_t row,
                                 int64_t start, int64_t end, uint8_t* out) {
  const int64_t groups = weight.columns / GROUP;
  const __m512 numbers = _mm512_loadu_ps(weight.numbers);
  for (int64_t r = 0; r < PAIR; r++) {
    const int64_t at = row + r < weight.rows ? row + r : weight.rows - 1;
    const uint8_t* packed = weight.packed + at * groups * GROUP_BYTES;
    uint8_t* target = out + r / SIDE * GROUP_TILES * TILE + r % SIDE * 64;
    for (int64_t g = start; g < end; g++) {
      __m512 scaled = _mm512_mul_ps(numbers, _mm512_set1_ps(scales[r * groups + g]));
      __m512i table = _mm512_broadcast_i64x4((__m256i)_mm512_cvtneps_pbh(scaled));
      __m512i bytes = _mm512_cvtepu8_epi16(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(packed + g * GROUP_BYTES)));
      _mm512_store_si512(target,
                         _mm512_permutexvar_epi16(_mm512_srli_epi16(bytes, 4), table));
      _mm512_store_si512(target + TILE, _mm512_permutexvar_epi16(bytes, table));
      target += 2 * GROUP_TILES * TILE;
    }
  }
}

// Adds the products of count groups to tiles 0 to 3: [upper, lower outputs] x [first, second tokens].
ADAPT4J_AMX ADAPT4J_INLINE void addProducts(const uint8_t* restored, const uint8_t* first,
                                            const uint8_t* second, int64_t count) {
  for (int64_t k = 0; k < count * GROUP_TILES; k++) {
    const uint8_t* a = restored + (k / 2 * 4 + k % 2) * TILE;
    _tile_loadd(4, a, 64);
    _tile_loadd(6, first + k * TILE, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, a + GROUP_TILES * TILE, 64);
    _tile_dpbf16ps(2, 5, 6);
    if (second != nullptr) {
      _tile_loadd(7, second + k * TILE, 64);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
}

ADAPT4J_BF16 inline void storeProducts(const float* tile, int64_t row, int64_t rows, int64_t token,
                                       int64_t tokens, const Products& products) {
  const int64_t present = rows - row < SIDE ? rows - row : SIDE;
  if (present <= 0) {
    return;
  }
  __m512i lines[SIDE];
  for (int i = 0; i < SIDE; i++) {
    lines[i] = _mm512_loadu_si512(tile + i * SIDE);
  }
  transpose(lines);
  const auto mask = static_cast<__mmask16>((1u << present) - 1);
  auto* y = static_cast<uint16_t*>(products.y) + products.first + row;
  for (int64_t t = 0; t < SIDE && token + t < tokens; t++) {
    __m256i half = (__m256i)_mm512_cvtneps_pbh(_mm512_castsi512_ps(lines[t]));
    _mm256_mask_storeu_epi16(y + (token + t) * products.outputs, mask, half);
  }
}

// Groups that are restored at a time where all tokens fit two tiles: 16 KiB.
constexpr int64_t STEP = 4;

// Bytes of tiles that a thread needs.
inline int64_t restoredBytes(int64_t tokens, int64_t columns) {
  int64_t groups = tokens <= PAIR ? STEP : columns / GROUP;
  return groups * 2 * GROUP_TILES * TILE;
}

inline int64_t scaleBytes(int64_t columns) { return PAIR * (columns / GROUP) * 4; }

// Products of 32 rows with all tokens.
ADAPT4J_AMX inline void multiplyRows(const WeightData& weight, const uint8_t* x, int64_t tokens,
                                     float* scales, uint8_t* restored, int64_t row,
                                     const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  for (int64_t r = 0; r < PAIR; r++) {
    const int64_t at = row + r < weight.rows ? row + r : weight.rows - 1;
    decodeScales(weight, at * groups, groups, scales + r * groups);
  }
  const bool inSteps = tokens <= PAIR;
  if (!inSteps) {
    restore(weight, scales, row, 0, groups, restored);
  }
  const int64_t blockBytes = groups * GROUP_TILES * TILE;
  for (int64_t token = 0; token < tokens; token += PAIR) {
    const uint8_t* first = x + token / SIDE * blockBytes;
    const uint8_t* second = token + SIDE < tokens ? first + blockBytes : nullptr;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    if (inSteps) {
      for (int64_t g = 0; g < groups; g += STEP) {
        const int64_t end = g + STEP < groups ? g + STEP : groups;
        const int64_t at = g * GROUP_TILES * TILE;
        restore(weight, scales, row, g, end, restored);
        addProducts(restored, first + at, second == nullptr ? nullptr : second + at, end - g);
      }
    } else {
      addProducts(restored, first, second, groups);
    }
    alignas(64) float sums[4][SIDE * SIDE];
    _tile_stored(0, sums[0], 64);
    _tile_stored(1, sums[1], 64);
    _tile_stored(2, sums[2], 64);
    _tile_stored(3, sums[3], 64);
    for (int i = 0; i < 4; i++) {
      storeProducts(sums[i], row + i / 2 * SIDE, weight.rows, token + i % 2 * SIDE, tokens,
                    products);
    }
  }
}

}  // namespace amx
}  // namespace adapt4j

#endif
