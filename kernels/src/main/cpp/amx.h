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
constexpr int64_t SUMS = PAIR * PAIR;  // their products

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

// Reads lines of memory that will be used a little later.
ADAPT4J_INLINE void prefetch(const uint8_t* from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(from + i), _MM_HINT_T0);
  }
}

// Restores groups [start, end) of 32 rows, as tiles [group][upper, lower 16 rows][2]. Rows past the
// last repeat it. Scales are those of the groups of each row, stride apart, from start on. ahead is
// how far on the bytes are that come into the caches meanwhile.
ADAPT4J_BF16 inline void restore(const WeightData& weight, const float* scales, int64_t stride,
                                 int64_t row, int64_t start, int64_t end, int64_t ahead,
                                 uint8_t* out) {
  const int64_t groups = weight.columns / GROUP;
  const __m512 numbers = _mm512_loadu_ps(weight.numbers);
  for (int64_t r = 0; r < PAIR; r++) {
    const int64_t at = row + r < weight.rows ? row + r : weight.rows - 1;
    const uint8_t* packed = weight.packed + (at * groups + start) * GROUP_BYTES;
    prefetch(packed + ahead, (end - start) * GROUP_BYTES);
    uint8_t* target = out + r / SIDE * GROUP_TILES * TILE + r % SIDE * 64;
    for (int64_t g = 0; g < end - start; g++) {
      __m512 scaled = _mm512_mul_ps(numbers, _mm512_set1_ps(scales[r * stride + g]));
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

// Scales of groups [start, end) of 32 rows.
ADAPT4J_BF16 inline void scalesOf(const WeightData& weight, int64_t row, int64_t start, int64_t end,
                                  float* scales) {
  for (int64_t r = 0; r < PAIR; r++) {
    const int64_t at = row + r < weight.rows ? row + r : weight.rows - 1;
    decodeScales(weight, at * (weight.columns / GROUP) + start, end - start,
                 scales + r * (end - start));
  }
}

// Memory that comes nearer while tiles are multiplied: lines that are read later, so many for each
// tile of inputs, into the second cache; at the end the sums that are stored next, and those that are
// loaded next, into the first, which the tiles have driven them out of.
struct Ahead {
  const uint8_t* lines;
  int64_t perTile;
  const float* sums;
  const float* nextSums;
};

// Adds the products of count groups to tiles 0 to 3: [upper, lower outputs] x [first, second
// tokens].
ADAPT4J_AMX ADAPT4J_INLINE void addProducts(const uint8_t* restored, const uint8_t* first,
                                            const uint8_t* second, int64_t count,
                                            const Ahead& ahead) {
  constexpr int64_t LAST = 8;
  const int64_t tiles = count * GROUP_TILES;
  for (int64_t k = 0; k < tiles; k++) {
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
    for (int64_t line = 0; line < ahead.perTile; line++) {
      const uint8_t* at = ahead.lines + (k * ahead.perTile + line) * 64;
      _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T1);
    }
    if (ahead.sums != nullptr && k >= tiles - LAST) {
      const int64_t part = (k - tiles + LAST) * (SUMS / LAST);
      prefetch(reinterpret_cast<const uint8_t*>(ahead.sums + part), SUMS / LAST * 4);
      prefetch(reinterpret_cast<const uint8_t*>(ahead.nextSums + part), SUMS / LAST * 4);
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

// Sums of 32 outputs and 32 tokens between memory and tiles 0 to 3.
ADAPT4J_AMX ADAPT4J_INLINE void zeroSums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

ADAPT4J_AMX ADAPT4J_INLINE void loadSums(const float* sums) {
  _tile_loadd(0, sums, 64);
  _tile_loadd(1, sums + SIDE * SIDE, 64);
  _tile_loadd(2, sums + 2 * SIDE * SIDE, 64);
  _tile_loadd(3, sums + 3 * SIDE * SIDE, 64);
}

ADAPT4J_AMX ADAPT4J_INLINE void storeSums(float* sums) {
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + SIDE * SIDE, 64);
  _tile_stored(2, sums + 2 * SIDE * SIDE, 64);
  _tile_stored(3, sums + 3 * SIDE * SIDE, 64);
}

inline void writeSums(const float* sums, int64_t row, int64_t rows, int64_t token, int64_t tokens,
                      const Products& products) {
  for (int i = 0; i < 4; i++) {
    storeProducts(sums + i * SIDE * SIDE, row + i / 2 * SIDE, rows, token + i % 2 * SIDE, tokens,
                  products);
  }
}

// What a thread computes with.
struct Buffers {
  float* scales;
  uint8_t* restored;
  float* sums;
};

// Few tokens: up to 32, whose sums stay in tiles. 4 groups, 16 KiB, are restored at a time.
namespace few {

constexpr int64_t STEP = 4;

inline int64_t scaleBytes() { return PAIR * STEP * 4; }
inline int64_t restoredBytes() { return STEP * 2 * GROUP_TILES * TILE; }
inline int64_t sumBytes() { return SUMS * 4; }

// Products of 32 rows.
ADAPT4J_AMX inline void multiply(const WeightData& weight, const uint8_t* x, int64_t tokens,
                                 const Buffers& buffers, int64_t row, const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  const uint8_t* second = tokens > SIDE ? x + groups * GROUP_TILES * TILE : nullptr;
  zeroSums();
  for (int64_t g = 0; g < groups; g += STEP) {
    const int64_t end = g + STEP < groups ? g + STEP : groups;
    const int64_t at = g * GROUP_TILES * TILE;
    scalesOf(weight, row, g, end, buffers.scales);
    restore(weight, buffers.scales, end - g, row, g, end, STEP * GROUP_BYTES, buffers.restored);
    addProducts(buffers.restored, x + at, second == nullptr ? nullptr : second + at, end - g,
                Ahead());
  }
  storeSums(buffers.sums);
  writeSums(buffers.sums, row, weight.rows, 0, tokens, products);
}

}  // namespace few

// Many tokens. Up to 256 outputs x 1024 inputs are restored at a time, half a MiB that stays in a
// core's second cache together with the sums of all tokens, while tokens pass by, 32 at a time.
// They come from further away, so the next ones are fetched while products are formed.
namespace many {

constexpr int64_t ROWS = 256;
constexpr int64_t DEPTH = 16;  // groups

inline int64_t scaleBytes() { return PAIR * DEPTH * 4; }
inline int64_t restoredBytes() { return ROWS / PAIR * DEPTH * 2 * GROUP_TILES * TILE; }
inline int64_t sumBytes(int64_t tokens) {
  return ROWS / PAIR * ((tokens + PAIR - 1) / PAIR) * SUMS * 4;
}

// Outputs that a thread takes at a time: enough pieces to keep all of them busy.
inline int64_t rowsAtOnce(int64_t rows, int threads) {
  const int64_t even = (rows / (4L * threads) + PAIR - 1) / PAIR * PAIR;
  return even < PAIR ? PAIR : even > ROWS ? ROWS : even;
}

// Products of rows [start, end).
ADAPT4J_AMX inline void multiply(const WeightData& weight, const uint8_t* x, int64_t tokens,
                                 const Buffers& buffers, int64_t start, int64_t end,
                                 const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  const int64_t blockBytes = groups * GROUP_TILES * TILE;
  const int64_t pairs = (end - start + PAIR - 1) / PAIR;
  for (int64_t g = 0; g < groups; g += DEPTH) {
    const int64_t depth = g + DEPTH < groups ? DEPTH : groups - g;
    const int64_t pairBytes = depth * 2 * GROUP_TILES * TILE;
    for (int64_t p = 0; p < pairs; p++) {
      const int64_t row = start + p * PAIR;
      scalesOf(weight, row, g, g + depth, buffers.scales);
      restore(weight, buffers.scales, depth, row, g, g + depth, 4 * groups * GROUP_BYTES,
              buffers.restored + p * pairBytes);
    }
    for (int64_t token = 0; token < tokens; token += PAIR) {
      const uint8_t* first = x + token / SIDE * blockBytes + g * GROUP_TILES * TILE;
      const uint8_t* second = token + SIDE < tokens ? first + blockBytes : nullptr;
      const int64_t share = GROUP_TILES * depth * TILE / pairs;
      for (int64_t p = 0; p < pairs; p++) {
        float* sums = buffers.sums + (token / PAIR * pairs + p) * SUMS;
        if (g == 0) {
          zeroSums();
        } else {
          loadSums(sums);
        }
        // Both blocks of the next 32 tokens, spread over the outputs.
        const uint8_t* next = first + (p % 2 + 2) * blockBytes + p / 2 * 2 * share;
        const Ahead ahead{next, token + PAIR < tokens ? 32 / pairs : 0, sums, sums + SUMS};
        addProducts(buffers.restored + p * pairBytes, first, second, depth, ahead);
        storeSums(sums);
        if (g + depth == groups) {
          writeSums(sums, start + p * PAIR, weight.rows, token, tokens, products);
        }
      }
    }
  }
}

}  // namespace many

}  // namespace amx
}  // namespace adapt4j

#endif
