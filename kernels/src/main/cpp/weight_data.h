#pragma once

// A 4-bit weight as bitsandbytes stores it.

#include <cstdint>
#include <cstring>
#include <vector>

namespace adapt4j {

// SCALED8: whole numbers in 8 bits, with a scale in fp32 behind each row of them.
enum Type { F32, F16, BF16, SCALED8 };

inline int64_t bytesOf(int type) { return type == F32 ? 4 : type == SCALED8 ? 1 : 2; }

inline int64_t rowBytes(int type, int64_t columns) {
  return columns * bytesOf(type) + (type == SCALED8 ? static_cast<int64_t>(sizeof(float)) : 0);
}

// Codes stand along the flattened tensor, two a byte, the first in the high half. A group is 64
// weights from a multiple of 64 on, which lie in one block since blocks are powers of two from 64 on.
constexpr int64_t GROUP = 64;
constexpr int64_t GROUP_BYTES = GROUP / 2;

struct WeightData {
  const uint8_t* packed;
  int64_t rows;
  int64_t columns;
  int groupsPerBlock;
  float numbers[16];

  // Plain scales, or codes of nested ones: scale = codeNumbers[code] * absmax[block of it] + offset.
  std::vector<float> plain;
  std::vector<uint8_t> codes;
  float codeNumbers[256];
  std::vector<float> absmax;
  int64_t nestedBlock;
  float offset;

  int64_t count() const { return rows * columns; }

  float scaleOfBlock(int64_t block) const {
    return plain.empty() ? codeNumbers[codes[block]] * absmax[block / nestedBlock] + offset
                         : plain[block];
  }

  float scaleOfGroup(int64_t group) const { return scaleOfBlock(group / groupsPerBlock); }

  int code(int64_t index) const {
    int pair = packed[index / 2];
    return index % 2 == 0 ? pair >> 4 : pair & 0xF;
  }
};

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// To nearest, of two as near to the even one; finite numbers.
inline uint16_t toBrain(float value) {
  uint32_t bits = bitsOf(value);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

inline float ofBrain(uint16_t bits) { return floatOf(static_cast<uint32_t>(bits) << 16); }

inline uint16_t toHalf(float value) {
  uint32_t bits = bitsOf(value);
  uint32_t magnitude = bits & 0x7FFFFFFF;
  uint32_t half;
  if (magnitude >= 0x477FF000) {  // 65520, where rounding reaches infinity
    half = 0x7C00;
  } else if (magnitude < 0x38800000) {  // 2^-14: subnormal below, multiples of 2^-24
    // Adding 1/2 leaves multiples of 2^-24 in the mantissa, rounded to even.
    half = bitsOf(floatOf(magnitude) + 0.5f) - 0x3F000000;
  } else {
    half = ((magnitude + 0xFFF + (magnitude >> 13 & 1)) >> 13) - (112 << 10);
  }
  return static_cast<uint16_t>(half | (bits >> 16 & 0x8000));
}

inline void store(float value, int type, void* target, int64_t index) {
  if (type == F32) {
    static_cast<float*>(target)[index] = value;
  } else {
    static_cast<uint16_t*>(target)[index] = type == BF16 ? toBrain(value) : toHalf(value);
  }
}

}  // namespace adapt4j
