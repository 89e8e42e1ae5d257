#pragma once

// Tokens rounded to 8 bits.

#include "block_layout.h"
#include "int8_weight.h"

namespace adapt4j {

// The lowest of each two bytes.
ADAPT4J_INLINE uint32_t evenBytes(uint64_t bytes) {
  bytes &= 0x00FF00FF00FF00FFULL;
  bytes = (bytes | bytes >> 8) & 0x0000FFFF0000FFFFULL;
  return static_cast<uint32_t>(bytes | bytes >> 16);
}

// A token in 8 bits, in groups of 32: codes, 4 inputs after the other as words of low halves have
// them or in their order; a scale for each group; and for each sum of a group what the offset of the
// weight's codes takes off it, or the sum of the rounded entries where weights have a minimum.
template <int SUMS_OF_GROUP, int OFFSET, bool MINIMUM, bool IN_ORDER>
struct RoundedToken {
  static constexpr int SUMS = SUMS_OF_GROUP;  // with scales of their own

  const int8_t* codes;
  const float* scales;
  const int32_t* offsets;
  const float* sums;

  static int64_t bytes(int64_t columns) {
    return aligned(columns / BLOCK_GROUP * (BLOCK_GROUP + 4 + 4 * SUMS));
  }

  ADAPT4J_INLINE static RoundedToken at(const uint8_t* from, int64_t columns) {
    const auto* scales = reinterpret_cast<const float*>(from + columns);
    const float* rest = scales + columns / BLOCK_GROUP;
    return {reinterpret_cast<const int8_t*>(from), scales,
            reinterpret_cast<const int32_t*>(rest), rest};
  }

  // Where an input of a group stands among its codes.
  static constexpr int placeOf(int input) {
    return IN_ORDER ? input : 4 * fourOf(input) + byteOf(input);
  }

  // Puts the codes of a group into their places.
  ADAPT4J_INLINE static void put(const int32_t* rounded, int8_t* codes) {
    uint8_t bytes[BLOCK_GROUP];
    for (int i = 0; i < BLOCK_GROUP; i++) {
      bytes[i] = static_cast<uint8_t>(rounded[i]);
    }
    if (IN_ORDER) {
      std::memcpy(codes, bytes, sizeof bytes);
      return;
    }
    for (int k = 0; k < BLOCK_GROUP; k += 8) {
      const uint32_t words[2] = {evenBytes(eightBytes(bytes + k)),
                                 evenBytes(eightBytes(bytes + k) >> 8)};
      std::memcpy(codes + k, words, 8);
    }
  }

  ADAPT4J_INLINE static void round(const float* x, int64_t columns, uint8_t* out) {
    const int64_t groups = columns / BLOCK_GROUP;
    auto* codes = reinterpret_cast<int8_t*>(out);
    auto* scales = reinterpret_cast<float*>(out + columns);
    uint8_t* rest = out + columns + groups * 4;
    for (int64_t g = 0; g < groups; g++) {
      int32_t rounded[BLOCK_GROUP];
      scales[g] = roundGroup(x + g * BLOCK_GROUP, rounded);
      put(rounded, codes + g * BLOCK_GROUP);
      for (int part = 0; part < SUMS; part++) {
        int32_t sum = 0;
        for (int i = 0; i < BLOCK_GROUP / SUMS; i++) {
          sum += rounded[part * BLOCK_GROUP / SUMS + i];
        }
        if (MINIMUM) {
          const float entries = scales[g] * sum;
          std::memcpy(rest + (g * SUMS + part) * 4, &entries, 4);
        } else {
          sum *= -OFFSET;
          std::memcpy(rest + (g * SUMS + part) * 4, &sum, 4);
        }
      }
    }
  }
};

}  // namespace adapt4j
