#pragma once

// NEON, which all 64-bit ARM processors have, and the products in 8 bits that later ones add to it.

#include "kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#if defined(__clang__)
#define ADAPT4J_DOT __attribute__((target("dotprod")))
#define ADAPT4J_I8MM __attribute__((target("dotprod,i8mm")))
#else
#define ADAPT4J_DOT __attribute__((target("arch=armv8.2-a+dotprod")))
#define ADAPT4J_I8MM __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#endif

namespace adapt4j {
namespace neon {

// The tables hold the bytes of 16 scaled numbers, one table for each byte of a number.
ADAPT4J_INLINE uint8x16x4_t tables32(const float* numbers, float scale) {
  float scaled[16];
  for (int i = 0; i < 16; i++) {
    scaled[i] = numbers[i] * scale;
  }
  return vld4q_u8(reinterpret_cast<const uint8_t*>(scaled));
}

ADAPT4J_INLINE uint8x16x2_t tables16(const float* numbers, float scale, int type) {
  uint16_t scaled[16];
  for (int i = 0; i < 16; i++) {
    store(numbers[i] * scale, type, scaled, i);
  }
  return vld2q_u8(reinterpret_cast<const uint8_t*>(scaled));
}

// Quarter i of the codes of a group, in order.
ADAPT4J_INLINE uint8x16_t codesOf(const uint8_t* packed, int i) {
  const uint8x16_t bytes = vld1q_u8(packed + i / 2 * 16);
  const uint8x16_t first = vshrq_n_u8(bytes, 4), second = vandq_u8(bytes, vdupq_n_u8(15));
  return i % 2 == 0 ? vzip1q_u8(first, second) : vzip2q_u8(first, second);
}

inline void dequantize(const float* numbers, const uint8_t* packed, const float* scales,
                       int64_t groups, int type, bool, void* out) {
  auto* to = static_cast<uint8_t*>(out);
  for (int64_t g = 0; g < groups; g++) {
    if (type == F32) {
      const uint8x16x4_t tables = tables32(numbers, scales[g]);
      for (int i = 0; i < 4; i++, to += 64) {
        const uint8x16_t codes = codesOf(packed + g * GROUP_BYTES, i);
        uint8x16x4_t bytes;
        for (int k = 0; k < 4; k++) {
          bytes.val[k] = vqtbl1q_u8(tables.val[k], codes);
        }
        vst4q_u8(to, bytes);
      }
    } else {
      const uint8x16x2_t tables = tables16(numbers, scales[g], type);
      for (int i = 0; i < 4; i++, to += 32) {
        const uint8x16_t codes = codesOf(packed + g * GROUP_BYTES, i);
        uint8x16x2_t bytes;
        bytes.val[0] = vqtbl1q_u8(tables.val[0], codes);
        bytes.val[1] = vqtbl1q_u8(tables.val[1], codes);
        vst2q_u8(to, bytes);
      }
    }
  }
}

// The numbers of 16 codes.
ADAPT4J_INLINE void exactNumbers(const uint8x16x4_t& tables, uint8x16_t codes,
                                 float32x4_t* values) {
  uint8x16_t bytes[4];
  for (int k = 0; k < 4; k++) {
    bytes[k] = vqtbl1q_u8(tables.val[k], codes);
  }
  const uint16x8_t low[2] = {vreinterpretq_u16_u8(vzip1q_u8(bytes[0], bytes[1])),
                             vreinterpretq_u16_u8(vzip2q_u8(bytes[0], bytes[1]))};
  const uint16x8_t high[2] = {vreinterpretq_u16_u8(vzip1q_u8(bytes[2], bytes[3])),
                              vreinterpretq_u16_u8(vzip2q_u8(bytes[2], bytes[3]))};
  for (int i = 0; i < 2; i++) {
    values[2 * i] = vreinterpretq_f32_u16(vzip1q_u16(low[i], high[i]));
    values[2 * i + 1] = vreinterpretq_f32_u16(vzip2q_u16(low[i], high[i]));
  }
}

ADAPT4J_INLINE float32x4_t ofBrain(uint16x4_t bits) {
  return vreinterpretq_f32_u32(vshll_n_u16(bits, 16));
}

// The same of numbers rounded to bfloat16.
ADAPT4J_INLINE void brainNumbers(const uint8x16x2_t& tables, uint8x16_t codes,
                                 float32x4_t* values) {
  const uint8x16_t low = vqtbl1q_u8(tables.val[0], codes);
  const uint8x16_t high = vqtbl1q_u8(tables.val[1], codes);
  const uint16x8_t words[2] = {vreinterpretq_u16_u8(vzip1q_u8(low, high)),
                               vreinterpretq_u16_u8(vzip2q_u8(low, high))};
  for (int i = 0; i < 2; i++) {
    values[2 * i] = ofBrain(vget_low_u16(words[i]));
    values[2 * i + 1] = ofBrain(vget_high_u16(words[i]));
  }
}

// Exact numbers for tokens in fp32; numbers rounded to bfloat16 for tokens in bfloat16.
template <int TOKENS, bool BRAIN>
inline void multiplyRow(const WeightData& weight, const float* x, float* scales, int64_t row,
                        const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  const uint8_t* packed = weight.packed + row * groups * GROUP_BYTES;
  decodeScales(weight, row * groups, groups, scales);
  const uint8x16x4_t exact = tables32(weight.numbers, 1);
  const uint8x16x2_t brain = tables16(weight.numbers, 1, BF16);
  float32x4_t total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    total[t] = vdupq_n_f32(0);
  }
  for (int64_t g = 0; g < groups; g++) {
    float32x4_t parts[TOKENS][2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      float32x4_t values[4];
      const uint8x16_t codes = codesOf(packed + g * GROUP_BYTES, i);
      BRAIN ? brainNumbers(brain, codes, values) : exactNumbers(exact, codes, values);
      for (int t = 0; t < TOKENS; t++) {
        const float* token = x + t * weight.columns + g * GROUP + i * 16;
        for (int k = 0; k < 4; k++) {
          const float32x4_t entries = vld1q_f32(token + 4 * k);
          float32x4_t& part = parts[t][k % 2];
          part = i == 0 && k < 2 ? vmulq_f32(values[k], entries)
                                 : vfmaq_f32(part, values[k], entries);
        }
      }
    }
    for (int t = 0; t < TOKENS; t++) {
      total[t] = vfmaq_n_f32(total[t], vaddq_f32(parts[t][0], parts[t][1]), scales[g]);
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    products.put(t, row, vaddvq_f32(total[t]));
  }
}

template <int TOKENS>
inline void multiplyTokens(const WeightData& weight, const void* x, int xType, float* scales,
                           int64_t start, int64_t end, const Products& products) {
  const auto* tokens = static_cast<const float*>(x);
  for (int64_t row = start; row < end; row++) {
    if (xType == BF16) {
      multiplyRow<TOKENS, true>(weight, tokens, scales, row, products);
    } else {
      multiplyRow<TOKENS, false>(weight, tokens, scales, row, products);
    }
  }
}

inline void multiply(const WeightData& weight, const void* x, int xType, int tokens, float* scales,
                     int64_t start, int64_t end, const Products& products) {
  using Multiply =
      void (*)(const WeightData&, const void*, int, float*, int64_t, int64_t, const Products&);
  static constexpr Multiply BY_TOKENS[] = {multiplyTokens<1>, multiplyTokens<2>, multiplyTokens<3>,
                                           multiplyTokens<4>, multiplyTokens<5>, multiplyTokens<6>,
                                           multiplyTokens<7>, multiplyTokens<8>};
  BY_TOKENS[tokens - 1](weight, x, xType, scales, start, end, products);
}

constexpr Kernels KERNELS{scalar::scales,  dequantize, scalar::preparedBytes,
                          scalar::prepare, multiply,   scalar::quantize};

// 4 entries of a token, 4 times.
ADAPT4J_INLINE int8x16_t fourTimes(const int8_t* entries) {
  return vreinterpretq_s8_s32(vld1q_dup_s32(reinterpret_cast<const int32_t*>(entries)));
}

ADAPT4J_INLINE float32x4_t fourHalves(const uint8_t* from) {
  return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(from)));
}

// Sums of 4 rows that stand side by side with a token: 4 inputs of each row at a time.
struct FourRows {
  int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);

  ADAPT4J_INLINE void add(int8x16_t rows, int8x16_t entries) {
    low = vpadalq_s16(low, vmull_s8(vget_low_s8(rows), vget_low_s8(entries)));
    high = vpadalq_s16(high, vmull_high_s8(rows, entries));
  }

  ADAPT4J_INLINE int32x4_t sums() const { return vpaddq_s32(low, high); }
};

// Sums of QUADS times 4 rows with TOKENS tokens: 8 inputs at a time.
template <int TOKENS, int QUADS>
struct QuadSums {
  FourRows parts[TOKENS][QUADS];

  ADAPT4J_INLINE void add(const int8x16_t* first, const int8x16_t* second,
                          const int8_t* const* entries) {
    for (int t = 0; t < TOKENS; t++) {
      const int8x16_t four = fourTimes(entries[t]), next = fourTimes(entries[t] + 4);
      for (int q = 0; q < QUADS; q++) {
        parts[t][q].add(first[q], four);
        parts[t][q].add(second[q], next);
      }
    }
  }

  ADAPT4J_INLINE int32x4_t of(int t, int q) const { return parts[t][q].sums(); }
};

}  // namespace neon

namespace neondot {

template <int TOKENS, int QUADS>
struct QuadSums {
  int32x4_t parts[TOKENS][QUADS] = {};

  ADAPT4J_DOT ADAPT4J_INLINE void add(const int8x16_t* first, const int8x16_t* second,
                                      const int8_t* const* entries) {
    for (int t = 0; t < TOKENS; t++) {
      const int8x16_t four = neon::fourTimes(entries[t]), next = neon::fourTimes(entries[t] + 4);
      for (int q = 0; q < QUADS; q++) {
        parts[t][q] = vdotq_s32(vdotq_s32(parts[t][q], first[q], four), second[q], next);
      }
    }
  }

  ADAPT4J_INLINE int32x4_t of(int t, int q) const { return parts[t][q]; }
};

}  // namespace neondot

// Matrix products of 2 rows and 2 tokens, 8 inputs each: the sums are [row][token].
namespace neonmm {

template <int TOKENS, int QUADS>
struct QuadSums {
  static constexpr int PAIRS = (TOKENS + 1) / 2;

  int32x4_t parts[PAIRS][QUADS][2] = {};

  ADAPT4J_I8MM ADAPT4J_INLINE void add(const int8x16_t* first, const int8x16_t* second,
                                       const int8_t* const* entries) {
    int8x16_t pairs[PAIRS];
    for (int p = 0; p < PAIRS; p++) {
      const int last = 2 * p + 1 < TOKENS ? 2 * p + 1 : 2 * p;
      pairs[p] = vcombine_s8(vld1_s8(entries[2 * p]), vld1_s8(entries[last]));
    }
    for (int q = 0; q < QUADS; q++) {
      const int32x4_t a = vreinterpretq_s32_s8(first[q]), b = vreinterpretq_s32_s8(second[q]);
      const int8x16_t rows[2] = {vreinterpretq_s8_s32(vzip1q_s32(a, b)),
                                 vreinterpretq_s8_s32(vzip2q_s32(a, b))};
      for (int p = 0; p < PAIRS; p++) {
        for (int i = 0; i < 2; i++) {
          parts[p][q][i] = vmmlaq_s32(parts[p][q][i], rows[i], pairs[p]);
        }
      }
    }
  }

  ADAPT4J_INLINE int32x4_t of(int t, int q) const {
    const int32x4_t* both = parts[t / 2][q];
    return t % 2 == 0 ? vuzp1q_s32(both[0], both[1]) : vuzp2q_s32(both[0], both[1]);
  }
};

template <int QUADS>
struct QuadSums<1, QUADS> : neondot::QuadSums<1, QUADS> {};

}  // namespace neonmm
}  // namespace adapt4j

#endif
