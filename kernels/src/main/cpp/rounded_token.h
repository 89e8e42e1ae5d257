#pragma once

// Tokens rounded to 8 or 24 bits.

#include "block_layout.h"
#include "int8_weight.h"

namespace adapt4j {

// Rounds 32 numbers to codes of 24 bits, multiples of the returned power of two, which is NaN where a
// number is not finite. The largest is at most 127 (1 + 2^8 + 2^16), so that it has three digits.
ADAPT4J_INLINE float fixGroup(const float* values, int32_t* codes) {
  const uint32_t largest = bitsOf(largestOf(values) * 1.004f) >> 23;
  if (largest >= 255) {
    std::memset(codes, 0, BLOCK_GROUP * sizeof *codes);
    return NAN;
  }
  const uint32_t exponent = largest < 24 ? 24 : largest;
  const float inverse = floatOf((276 - exponent) << 23);
  for (int i = 0; i < BLOCK_GROUP; i += lanes::WIDTH) {
    const lanes::Floats scaled = lanes::load(values + i) * inverse;
    lanes::Bits half;
    std::memcpy(&half, &scaled, sizeof half);
    half = (half & 0x80000000) | 0x3F000000;
    lanes::Floats away;
    std::memcpy(&away, &half, sizeof away);
    const auto integers = __builtin_convertvector(scaled + away, lanes::Ints);
    std::memcpy(codes + i, &integers, sizeof integers);
  }
  return floatOf((exponent - 22) << 23);
}

// A token in so many digits of 8 bits, in groups of 32: codes, digit after digit with the lowest
// first, 4 inputs after the other as words of low halves have them or in their order; a scale for each
// group; and for each sum of a group what the offset of the weight's codes takes off it, or the sum of
// the rounded entries where weights have a minimum.
template <int SUMS_OF_GROUP, int OFFSET, bool MINIMUM, bool IN_ORDER, int DIGITS>
struct RoundedToken {
  static constexpr int SUMS = SUMS_OF_GROUP;  // with scales of their own

  const int8_t* codes;
  const float* scales;
  const int32_t* offsets;
  const float* sums;

  static constexpr int OFFSETS = DIGITS == 1 ? 1 : 2;  // of a sum: with the lower digits, with the highest

  static int64_t bytes(int64_t columns) {
    return aligned(columns / BLOCK_GROUP * (BLOCK_GROUP * DIGITS + 4 + 4 * SUMS * OFFSETS));
  }

  ADAPT4J_INLINE static RoundedToken at(const uint8_t* from, int64_t columns) {
    const auto* scales = reinterpret_cast<const float*>(from + columns * DIGITS);
    const float* rest = scales + columns / BLOCK_GROUP;
    return {reinterpret_cast<const int8_t*>(from), scales,
            reinterpret_cast<const int32_t*>(rest), rest};
  }

  ADAPT4J_INLINE const int32_t* offsetsOf(int64_t group, int part) const {
    return offsets + (group * SUMS + part) * OFFSETS;
  }

  // Puts the codes of a group into their places.
  ADAPT4J_INLINE static void put(const int32_t* rounded, int8_t* codes) {
    typedef uint8_t Sixteen __attribute__((vector_size(16)));
    uint8_t bytes[BLOCK_GROUP];
    for (int i = 0; i < BLOCK_GROUP; i++) {
      bytes[i] = static_cast<uint8_t>(rounded[i]);
    }
    for (int k = 0; !IN_ORDER && k < BLOCK_GROUP; k += 16) {
      Sixteen some;
      std::memcpy(&some, bytes + k, sizeof some);
      some = __builtin_shufflevector(some, some, 0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
      std::memcpy(bytes + k, &some, sizeof some);
    }
    std::memcpy(codes, bytes, sizeof bytes);
  }

  ADAPT4J_INLINE static void round(const float* x, int64_t columns, uint8_t* out) {
    const int64_t groups = columns / BLOCK_GROUP;
    auto* codes = reinterpret_cast<int8_t*>(out);
    auto* scales = reinterpret_cast<float*>(out + columns * DIGITS);
    uint8_t* rest = out + columns * DIGITS + groups * 4;
    for (int64_t g = 0; g < groups; g++) {
      int32_t rounded[BLOCK_GROUP], highest[BLOCK_GROUP];
      scales[g] = DIGITS == 1 ? roundGroup(x + g * BLOCK_GROUP, rounded)
                              : fixGroup(x + g * BLOCK_GROUP, rounded);
      std::memcpy(highest, rounded, sizeof highest);
      for (int d = 0; d < DIGITS; d++, codes += BLOCK_GROUP) {
        put(highest, codes);
        for (int i = 0; d < DIGITS - 1 && i < BLOCK_GROUP; i++) {
          highest[i] = (highest[i] - static_cast<int8_t>(highest[i])) >> 8;
        }
      }
      for (int part = 0; part < SUMS; part++) {
        int32_t sum = 0, high = 0;
        for (int i = part * BLOCK_GROUP / SUMS; i < (part + 1) * BLOCK_GROUP / SUMS; i++) {
          sum += rounded[i];
          high += highest[i];
        }
        if (MINIMUM) {
          const float entries = scales[g] * sum;
          std::memcpy(rest + (g * SUMS + part) * 4, &entries, 4);
        } else {
          const int32_t taken[2] = {-OFFSET * (DIGITS == 1 ? sum : sum - (high << 16)), -OFFSET * high};
          std::memcpy(rest + (g * SUMS + part) * 4 * OFFSETS, taken, 4 * OFFSETS);
        }
      }
    }
  }
};

}  // namespace adapt4j
