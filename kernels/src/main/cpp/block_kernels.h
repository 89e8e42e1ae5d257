#pragma once

// Products with strips of blocks, and their restoring. Sums are formed in fp32 from the codes as they
// are and scaled once a group, so that a product is that of the restored weight within rounding.

#include "avx2.h"
#include "block_layout.h"

namespace adapt4j {

// A token ready for products: its entries, then the sums of each group of 32, then of each 16.
struct BlockToken {
  static int64_t entries(int64_t columns) { return columns + columns / BLOCK_GROUP * 3; }

  static int64_t bytes(int64_t columns) { return entries(columns) * 4; }

  static void prepare(const float* x, int64_t columns, uint8_t* prepared) {
    auto* out = reinterpret_cast<float*>(prepared);
    std::memcpy(out, x, columns * 4);
    for (int64_t g = 0; g < columns / BLOCK_GROUP; g++) {
      float sums[4] = {};
      for (int64_t i = 0; i < BLOCK_GROUP; i++) {
        sums[i % 4] += x[g * BLOCK_GROUP + i];
      }
      out[columns + g] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    for (int64_t h = 0; h < columns / 16; h++) {
      float sums[4] = {};
      for (int64_t i = 0; i < 16; i++) {
        sums[i % 4] += x[h * 16 + i];
      }
      out[columns + columns / BLOCK_GROUP + h] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
  }

  // Where the sums are of the inputs that share a minimum.
  static constexpr int64_t sumsAt(int parts, int64_t columns) {
    return parts == 1 ? columns : columns + columns / BLOCK_GROUP;
  }
};

// Products of strips with tokens in a form of their own.
struct StripProducts {
  // Bytes of a token of so many columns.
  int64_t (*bytes)(int64_t columns);
  void (*prepare)(const float* x, int64_t columns, uint8_t* out);
  // Products of a strip with up to 8 prepared tokens: sums[t * stride + r] for its 16 rows.
  void (*multiply)(const uint8_t* strip, int64_t columns, const uint8_t* tokens, int count,
                   float* sums, int64_t stride);
};

struct BlockKernels {
  // With tokens in fp32.
  StripProducts products;
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

ADAPT4J_INLINE float halfAt(const uint8_t* from) {
  uint16_t half;
  std::memcpy(&half, from, 2);
  return lanes::ofHalf(half);
}

// A scale of a block.
template <int ID>
ADAPT4J_INLINE float scaleAt(const uint8_t* from) {
  if (ID == NVFP4) {
    return 1;
  }
  if (ID != MXFP4) {
    return halfAt(from);
  }
  uint32_t bits = 0;
  std::memcpy(reinterpret_cast<uint8_t*>(&bits) + 2, from, 2);
  float scale;
  std::memcpy(&scale, &bits, 4);
  return scale;
}

// The scales of 16 rows.
template <int ID>
ADAPT4J_INLINE Floats scalesOf(const uint8_t* from) {
  if (!isFloatingPoint(ID)) {
    return halfScales(from);
  }
  Floats scales;
  for (int r = 0; r < BLOCK_ROWS; r++) {
    scales[r] = scaleAt<ID>(from + r * 2);
  }
  return scales;
}

template <bool SIGNED>
ADAPT4J_INLINE Floats byteScales(const uint8_t* from) {
  Ints scales;
  for (int r = 0; r < BLOCK_ROWS; r++) {
    scales[r] = SIGNED ? static_cast<int8_t>(from[r]) : from[r];
  }
  return __builtin_convertvector(scales, Floats);
}

// A scale of a group, and those of 16 rows.
template <int ID>
ADAPT4J_INLINE float groupScale(uint8_t byte) {
  if (ID == NVFP4) {
    const uint32_t bits = static_cast<uint32_t>(byte) << 20;
    float scale;
    std::memcpy(&scale, &bits, 4);
    return scale * SMALL_UNIT;
  }
  return hasSignedScales(ID) ? static_cast<int8_t>(byte) : byte;
}

template <int ID>
ADAPT4J_INLINE Floats groupScales(const uint8_t* from) {
  if (ID != NVFP4) {
    return byteScales<hasSignedScales(ID)>(from);
  }
  Floats scales;
  for (int r = 0; r < BLOCK_ROWS; r++) {
    scales[r] = groupScale<ID>(from[r]);
  }
  return scales;
}

ADAPT4J_INLINE Ints wordsAt(const uint8_t* from) {
  Ints words;
  std::memcpy(&words, from, sizeof words);
  return words;
}

// The codes of 3 bits of input c of a group.
template <class Words>
ADAPT4J_INLINE Words threeBitsOf(const uint8_t* codes, int c) {
  const int four = fourOf(c), at = 8 * byteOf(c);
  Words words, third;
  std::memcpy(&words, codes + (four < 6 ? four / 2 : four - 6) * 64, sizeof words);
  if (four < 6) {
    return words >> (at + four % 2 * 3) & 7;
  }
  std::memcpy(&third, codes + 128, sizeof third);
  return (words >> (at + 6) & 3) | (third >> (at + four) & 1) << 2;
}

// The codes of input c of a group, less their offset, of all rows.
template <int ID>
ADAPT4J_INLINE Floats codesOf(const uint8_t* codes, int c, const Table<ID>& table) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  if (ID == Q8_0) {
    return __builtin_convertvector(wordsAt(codes + c / 4 * 64) << (24 - c % 4 * 8) >> 24, Floats);
  }
  Ints code = hasThreeBits(ID)   ? threeBitsOf<Ints>(codes, c)
              : LAYOUT.low == 0 ? wordsAt(codes + c / 16 * 64) >> pairAt(c) & 3
                                : wordsAt(codes + c / 8 * 64) >> (c % 8 * 4) & 15;
  if (hasTable(ID)) {
    Floats numbers;
    for (int r = 0; r < BLOCK_ROWS; r++) {
      numbers[r] = table.numbers[code[r]];
    }
    return numbers;
  }
  if (LAYOUT.high == 64) {
    code |= (wordsAt(codes + LAYOUT.low) >> fifthAt(c) & 1) << 4;
  } else if (LAYOUT.high == 128 && LAYOUT.low != 0) {
    code |= (wordsAt(codes + LAYOUT.low + c / 16 * 64) >> pairAt(c) & 3) << 4;
  }
  return __builtin_convertvector(code - LAYOUT.offset, Floats);
}

template <int ID>
ADAPT4J_INLINE void multiplyLanes(const uint8_t* strip, int64_t columns, const float* tokens,
                                  int count, float* sums, int64_t stride) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int SPAN = spanOf(ID), PARTS = partsOf(ID);
  const Table<ID> table = tableOf<ID>(strip);
  const int64_t width = BlockToken::entries(columns);
  Floats total[8] = {};
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    const Floats scale = scalesOf<ID>(tile) * (hasOwnTable(ID) ? table.unit : 1);
    const Floats minimum = LAYOUT.minimum ? halfScales(tile + 32) : Floats{};
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      const int64_t at = b * LAYOUT.groups() + g;
      Floats values[BLOCK_GROUP];
      for (int c = 0; c < BLOCK_GROUP; c++) {
        values[c] = codesOf<ID>(group + LAYOUT.groupHead, c, table);
      }
      for (int part = 0; part < PARTS; part++) {
        const Floats factor =
            LAYOUT.groupHead == 0
                ? scale
                : scale * groupScales<ID>(group + part * 16);
        for (int t = 0; t < count; t++) {
          const float* x = tokens + t * width + at * BLOCK_GROUP + part * SPAN;
          Floats sum[2] = {};
          for (int c = 0; c < SPAN; c++) {
            sum[c % 2] += values[part * SPAN + c] * x[c];
          }
          total[t] += (sum[0] + sum[1]) * factor;
        }
      }
      for (int part = 0; LAYOUT.minimum && part < PARTS; part++) {
        // Files of types with 32 inputs a block store what is added.
        const Floats off = LAYOUT.groupHead == 0
                               ? -minimum
                               : minimum * byteScales<false>(group + (PARTS + part) * 16);
        const float* sum = tokens + BlockToken::sumsAt(PARTS, columns) + at * PARTS + part;
        for (int t = 0; t < count; t++) {
          total[t] -= off * sum[t * width];
        }
      }
    }
  }
  for (int t = 0; t < count; t++) {
    lanes::put(total[t], sums + t * stride);
  }
}

ADAPT4J_INLINE uint32_t wordAt(const uint8_t* from) {
  uint32_t word;
  std::memcpy(&word, from, 4);
  return word;
}

// The codes of a row of a group, less their offset.
template <int ID>
ADAPT4J_INLINE void rowCodes(const uint8_t* codes, int64_t row, const Table<ID>& table,
                             float* values) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  codes += row * 4;
  if (ID == Q8_0) {
    int8_t bytes[BLOCK_GROUP];
    for (int k = 0; k < 8; k++) {
      std::memcpy(bytes + k * 4, codes + k * 64, 4);
    }
    for (int c = 0; c < BLOCK_GROUP; c++) {
      values[c] = bytes[c];
    }
    return;
  }
  int32_t out[BLOCK_GROUP] = {};
  for (int c = 0; hasThreeBits(ID) && c < BLOCK_GROUP; c++) {
    out[c] = threeBitsOf<uint32_t>(codes, c);
  }
  for (int k = 0; LAYOUT.low == 256 && k < 4; k++) {
    const uint32_t word = wordAt(codes + k * 64);
    for (int s = 0; s < 8; s++) {
      out[k * 8 + s] = word >> (4 * s) & 15;
    }
  }
  if (LAYOUT.high == 64) {
    const uint32_t word = wordAt(codes + LAYOUT.low);
    for (int c = 0; c < BLOCK_GROUP; c++) {
      out[c] |= (word >> fifthAt(c) & 1) << 4;
    }
  } else if (LAYOUT.high == 128) {
    for (int k = 0; k < 2; k++) {
      const uint32_t word = wordAt(codes + LAYOUT.low + k * 64);
      for (int s = 0; s < 16; s++) {
        out[k * 16 + s] |= (word >> pairAt(s) & 3) << (LAYOUT.low == 0 ? 0 : 4);
      }
    }
  }
  for (int c = 0; c < BLOCK_GROUP; c++) {
    values[c] = hasTable(ID) ? table.numbers[out[c]] : out[c] - LAYOUT.offset;
  }
}

template <int ID>
ADAPT4J_INLINE void restoreLanes(const uint8_t* strip, int64_t row, int64_t columns, int type,
                                 void* target, int64_t index) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  const Table<ID> table = tableOf<ID>(strip);
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    const float scale = scaleAt<ID>(tile + row * 2) * (hasOwnTable(ID) ? table.unit : 1);
    const float minimum = LAYOUT.minimum ? halfAt(tile + 32 + row * 2) : 0;
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes();
      float codes[BLOCK_GROUP];
      rowCodes<ID>(group + LAYOUT.groupHead, row, table, codes);
      float values[BLOCK_GROUP];
      for (int part = 0; part < partsOf(ID); part++) {
        const float factor =
            LAYOUT.groupHead == 0 ? scale : scale * groupScale<ID>(group[part * 16 + row]);
        const float off = !LAYOUT.minimum          ? 0
                          : LAYOUT.groupHead == 0 ? -minimum
                                                  : minimum * group[(partsOf(ID) + part) * 16 + row];
        for (int c = part * spanOf(ID); c < (part + 1) * spanOf(ID); c++) {
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

namespace scalar {

template <int ID>
inline void multiplyBlocks(const uint8_t* strip, int64_t columns, const uint8_t* tokens, int count,
                           float* sums, int64_t stride) {
  blocks::multiplyLanes<ID>(strip, columns, reinterpret_cast<const float*>(tokens), count, sums,
                            stride);
}

template <int ID>
inline void restoreBlocks(const uint8_t* strip, int64_t row, int64_t columns, int type,
                          void* target, int64_t index) {
  blocks::restoreLanes<ID>(strip, row, columns, type, target, index);
}

template <int ID>
constexpr BlockKernels BLOCKS{{BlockToken::bytes, BlockToken::prepare, multiplyBlocks<ID>},
                              restoreBlocks<ID>};

}  // namespace scalar
}  // namespace adapt4j
