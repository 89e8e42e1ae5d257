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

// Sums of products in 8 bits. Of a row: 16 at a time, spread over the lanes.
ADAPT4J_INLINE int32x4_t addRow(int32x4_t sums, int8x16_t a, int8x16_t b) {
  return vpadalq_s16(vpadalq_s16(sums, vmull_s8(vget_low_s8(a), vget_low_s8(b))),
                     vmull_high_s8(a, b));
}

// Of 4 rows that stand side by side: 4 of each at a time.
struct FourRows {
  int32x4_t low, high;

  ADAPT4J_INLINE static FourRows zero() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }

  ADAPT4J_INLINE void add(int8x16_t rows, int8x16_t entries) {
    low = vpadalq_s16(low, vmull_s8(vget_low_s8(rows), vget_low_s8(entries)));
    high = vpadalq_s16(high, vmull_high_s8(rows, entries));
  }

  ADAPT4J_INLINE int32x4_t sums() const { return vpaddq_s32(low, high); }
};

// 4 entries of a token, 4 times.
ADAPT4J_INLINE int8x16_t fourTimes(const int8_t* entries) {
  return vreinterpretq_s8_s32(vld1q_dup_s32(reinterpret_cast<const int32_t*>(entries)));
}

ADAPT4J_INLINE float32x4_t fourHalves(const uint8_t* from) {
  return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(from)));
}

}  // namespace neon

namespace neondot {

ADAPT4J_DOT ADAPT4J_INLINE int32x4_t addRow(int32x4_t sums, int8x16_t a, int8x16_t b) {
  return vdotq_s32(sums, a, b);
}

struct FourRows {
  int32x4_t all;

  ADAPT4J_INLINE static FourRows zero() { return {vdupq_n_s32(0)}; }

  ADAPT4J_DOT ADAPT4J_INLINE void add(int8x16_t rows, int8x16_t entries) {
    all = vdotq_s32(all, rows, entries);
  }

  ADAPT4J_INLINE int32x4_t sums() const { return all; }
};

}  // namespace neondot
}  // namespace adapt4j

#endif
