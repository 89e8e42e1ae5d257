#pragma once

// Quantizes, bit-equal to the reference in Java. The loops are plain: compiled anew for each
// instruction set that they are inlined for, they become vectors of it.

#include <atomic>

#include "threads.h"
#include "weight_data.h"

#define ADAPT4J_INLINE inline __attribute__((always_inline))

namespace adapt4j {

// The rank of a value in [-1, 1], of its magnitude in FP4, is how many limits are below it.
constexpr int LIMITS = 15;

constexpr int64_t MOST_IN_BLOCK = 4096;

constexpr uint32_t INFINITE = 0x7F800000;

struct Quantizing {
  const uint8_t* values;
  int type;
  int64_t count;
  int64_t blockSize;
  const float* limits;
  bool fp4;
  uint8_t* packed;
  float* absmax;
  Pieces pieces;
  std::atomic<bool> finite;
};

ADAPT4J_INLINE float ofHalf(uint16_t half) {
  const uint32_t shifted = static_cast<uint32_t>(half & 0x7FFF) << 13;
  // Exact, of subnormal numbers too.
  const uint32_t number = bitsOf(floatOf(shifted) * 0x1p112f);
  const uint32_t magnitude = shifted >= 0x0F800000 ? shifted | INFINITE : number;
  return floatOf(magnitude | static_cast<uint32_t>(half & 0x8000) << 16);
}

ADAPT4J_INLINE void decode(const uint8_t* from, int type, int64_t count, float* values) {
  const auto* half = reinterpret_cast<const uint16_t*>(from);
  if (type == F32) {
    std::memcpy(values, from, count * sizeof(float));
  } else if (type == BF16) {
    for (int64_t i = 0; i < count; i++) {
      values[i] = ofBrain(half[i]);
    }
  } else {
    for (int64_t i = 0; i < count; i++) {
      values[i] = ofHalf(half[i]);
    }
  }
}

// In bits, which are ordered as magnitudes are.
ADAPT4J_INLINE uint32_t largestMagnitude(const float* values, int64_t count) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; i++) {
    const uint32_t magnitude = bitsOf(values[i]) & 0x7FFFFFFF;
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest;
}

// By way of the reciprocal, as bitsandbytes does. Where that is infinite values are divided, and
// zeros stay zeros. Rounding may leave a value beyond 1, which is above all limits as 1 is.
ADAPT4J_INLINE void toUnitRange(float* values, int64_t count, float largest) {
  const float reciprocal = largest == 0 ? 0 : 1 / largest;
  if (bitsOf(reciprocal) == INFINITE) {
    for (int64_t i = 0; i < count; i++) {
      values[i] = values[i] / largest;
    }
  } else {
    for (int64_t i = 0; i < count; i++) {
      values[i] = values[i] * reciprocal;
    }
  }
}

ADAPT4J_INLINE void packGroup(const float* values, const float* limits, bool fp4,
                              uint8_t* packed) {
  const uint32_t kept = fp4 ? 0x7FFFFFFF : 0xFFFFFFFF;
  uint32_t codes[GROUP];
  for (int i = 0; i < GROUP; i++) {
    const float value = floatOf(bitsOf(values[i]) & kept);
    uint32_t rank = 0;
    for (int limit = 0; limit < LIMITS; limit++) {
      rank += value > limits[limit];
    }
    codes[i] = rank;
  }
  if (fp4) {
    for (int i = 0; i < GROUP; i++) {
      // Codes 2 and 3 are the magnitudes above those of 6 and 7.
      const uint32_t sign = values[i] < 0 ? 8 : 0;
      codes[i] = codes[i] ^ (codes[i] & 2) << 1 ^ sign;
    }
  }
  for (int i = 0; i < GROUP_BYTES; i++) {
    packed[i] = static_cast<uint8_t>(codes[2 * i] << 4 | codes[2 * i + 1]);
  }
}

// Returns whether all numbers are finite.
ADAPT4J_INLINE bool quantizeBlock(const Quantizing& job, int64_t block) {
  alignas(64) float values[MOST_IN_BLOCK];
  const int64_t start = block * job.blockSize;
  const int64_t left = job.count - start;
  const int64_t count = left < job.blockSize ? left : job.blockSize;
  decode(job.values + start * bytesOf(job.type), job.type, count, values);
  const uint32_t largest = largestMagnitude(values, count);
  if (largest >= INFINITE) {
    return false;
  }
  job.absmax[block] = floatOf(largest);
  toUnitRange(values, count, floatOf(largest));
  const int64_t whole = count / GROUP * GROUP;
  uint8_t* packed = job.packed + start / 2;
  for (int64_t i = 0; i < whole; i += GROUP) {
    packGroup(values + i, job.limits, job.fp4, packed + i / 2);
  }
  if (whole < count) {
    for (int64_t i = count; i < whole + GROUP; i++) {
      values[i] = 0;
    }
    uint8_t last[GROUP_BYTES];
    packGroup(values + whole, job.limits, job.fp4, last);
    std::memcpy(packed + whole / 2, last, (count - whole + 1) / 2);
  }
  return true;
}

ADAPT4J_INLINE void quantizeBlocks(Quantizing& job) {
  int64_t start, end;
  while (job.pieces.next(&start, &end)) {
    for (int64_t block = start; block < end; block++) {
      if (!quantizeBlock(job, block)) {
        job.finite.store(false, std::memory_order_relaxed);
      }
    }
  }
}

}  // namespace adapt4j
