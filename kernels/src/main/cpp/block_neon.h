#pragma once

// Products with strips of blocks in NEON, 8 rows at a time.

#include "block_kernels.h"
#include "neon.h"

#if defined(__aarch64__)

namespace adapt4j {
namespace neon {

typedef int32_t FourWords __attribute__((vector_size(16), aligned(4)));

// The scales of 4 rows.
template <int ID>
ADAPT4J_INLINE float32x4_t fourScales(const uint8_t* from) {
  return ID == NVFP4   ? vdupq_n_f32(1)
         : ID == MXFP4 ? ofBrain(vreinterpret_u16_u8(vld1_u8(from)))
                       : fourHalves(from);
}

template <bool SIGNED>
ADAPT4J_INLINE float32x4_t fourBytes(const uint8_t* from) {
  uint32_t word;
  std::memcpy(&word, from, 4);
  const uint8x8_t bytes = vcreate_u8(word);
  return SIGNED ? vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(bytes)))))
                : vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}

// The scales of a group of 4 rows.
template <int ID>
ADAPT4J_INLINE float32x4_t fourOfGroup(const uint8_t* from) {
  if (ID != NVFP4) {
    return fourBytes<hasSignedScales(ID)>(from);
  }
  uint32_t word;
  std::memcpy(&word, from, 4);
  const uint32x4_t bytes = vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(word))));
  return vmulq_n_f32(vreinterpretq_f32_u32(vshlq_n_u32(bytes, 20)), SMALL_UNIT);
}

// What multiplies the codes of a group, or of a half of one.
template <int ID>
ADAPT4J_INLINE float32x4_t factorOf(float32x4_t scale, const uint8_t* scales) {
  return layoutOf(ID).groupHead == 0 ? scale : vmulq_f32(scale, fourOfGroup<ID>(scales));
}

// What is taken off for each unit of a token. Files of types with 32 inputs a block store what is
// added.
template <int ID>
ADAPT4J_INLINE float32x4_t takenOff(float32x4_t minimum, const uint8_t* minima) {
  return layoutOf(ID).groupHead == 0 ? vnegq_f32(minimum)
                                     : vmulq_f32(minimum, fourBytes<false>(minima));
}

ADAPT4J_INLINE FourWords wordsAt(const uint8_t* from) {
  FourWords words;
  std::memcpy(&words, from, sizeof words);
  return words;
}

// The codes of an input of a group, less their offset, of 4 rows.
template <int ID>
ADAPT4J_INLINE float32x4_t codesOfInput(const uint8_t* codes, int c, const Table<ID>& table) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  if (ID == Q8_0) {
    return vcvtq_f32_s32((int32x4_t)(wordsAt(codes + c / 4 * 64) << (24 - c % 4 * 8) >> 24));
  }
  FourWords code = hasThreeBits(ID)   ? blocks::threeBitsOf<FourWords>(codes, c)
                   : LAYOUT.low == 0 ? wordsAt(codes + c / 16 * 64) >> pairAt(c) & 3
                                     : wordsAt(codes + c / 8 * 64) >> (c % 8 * 4) & 15;
  if (isFourBit(ID)) {
    // Four bytes from 4 times the code on.
    const auto places = (uint8x16_t)(code * 0x04040404 + 0x03020100);
    return vreinterpretq_f32_u8(
        vqtbl4q_u8(vld1q_u8_x4(reinterpret_cast<const uint8_t*>(table.numbers)), places));
  }
  if (hasTable(ID)) {
    const int8x16_t bytes = vqtbl1q_s8(vld1q_s8(table.bytes), (uint8x16_t)code);
    return vcvtq_f32_s32((int32x4_t)((FourWords)bytes << 24 >> 24));
  }
  if (LAYOUT.high == 64) {
    code |= (wordsAt(codes + LAYOUT.low) >> fifthAt(c) & 1) << 4;
  } else if (LAYOUT.high == 128 && LAYOUT.low != 0) {
    code |= (wordsAt(codes + LAYOUT.low + c / 16 * 64) >> pairAt(c) & 3) << 4;
  }
  return vcvtq_f32_s32((int32x4_t)(code - LAYOUT.offset));
}

template <int ID, int TOKENS>
inline void multiplyHalf(const uint8_t* strip, int half, int64_t columns, const float* tokens,
                         float* sums, int64_t stride) {
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int SPAN = spanOf(ID), PARTS = partsOf(ID);
  constexpr int QUADS = 2, CHAINS = 2;  // sums that do not wait for another
  const int64_t width = BlockToken::entries(columns);
  const Table<ID> table = tableOf<ID>(strip);
  float32x4_t total[TOKENS][QUADS];
  for (int t = 0; t < TOKENS; t++) {
    for (int q = 0; q < QUADS; q++) {
      total[t][q] = vdupq_n_f32(0);
    }
  }
  const float* x = tokens;
  const float* xSums = tokens + BlockToken::sumsAt(PARTS, columns);
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    float32x4_t scale[QUADS], minimum[QUADS];
    for (int q = 0; q < QUADS; q++) {
      const int at = (half * QUADS + q) * 8;
      scale[q] = fourScales<ID>(tile + at);
      if (hasOwnTable(ID)) {
        scale[q] = vmulq_n_f32(scale[q], table.unit);
      }
      minimum[q] = LAYOUT.minimum ? fourHalves(tile + 32 + at) : vdupq_n_f32(0);
    }
    for (int64_t g = 0; g < LAYOUT.groups(); g++) {
      const uint8_t* group = tile + LAYOUT.head + g * LAYOUT.groupBytes() + half * 8;
      const uint8_t* codes = tile + LAYOUT.head + g * LAYOUT.groupBytes() + LAYOUT.groupHead +
                             half * 32;
#pragma GCC unroll 2
      for (int part = 0; part < PARTS; part++) {
        float32x4_t parts[TOKENS][QUADS][CHAINS];
#pragma GCC unroll 32
        for (int c = part * SPAN; c < (part + 1) * SPAN; c++) {
          for (int q = 0; q < QUADS; q++) {
            const float32x4_t values = codesOfInput<ID>(codes + q * 16, c, table);
            for (int t = 0; t < TOKENS; t++) {
              float32x4_t& sum = parts[t][q][c % CHAINS];
              sum = c % SPAN < CHAINS ? vmulq_n_f32(values, x[t * width + c])
                                      : vfmaq_n_f32(sum, values, x[t * width + c]);
            }
          }
        }
        for (int q = 0; q < QUADS; q++) {
          const float32x4_t factor = factorOf<ID>(scale[q], group + part * 16 + q * 4);
          for (int t = 0; t < TOKENS; t++) {
            const float32x4_t sum = vaddq_f32(parts[t][q][0], parts[t][q][1]);
            total[t][q] = vfmaq_f32(total[t][q], sum, factor);
          }
        }
      }
      for (int part = 0; LAYOUT.minimum && part < PARTS; part++) {
        for (int q = 0; q < QUADS; q++) {
          const float32x4_t off = takenOff<ID>(minimum[q], group + (PARTS + part) * 16 + q * 4);
          for (int t = 0; t < TOKENS; t++) {
            total[t][q] = vfmsq_n_f32(total[t][q], off, xSums[t * width + part]);
          }
        }
      }
      x += BLOCK_GROUP;
      xSums += PARTS;
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    for (int q = 0; q < QUADS; q++) {
      vst1q_f32(sums + t * stride + (half * QUADS + q) * 4, total[t][q]);
    }
  }
}

// Four tokens at a time, whose sums stay in registers.
template <int ID>
inline void multiplyBlocks(const uint8_t* strip, int64_t columns, const uint8_t* tokens, int count,
                           float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int, int64_t, const float*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {multiplyHalf<ID, 1>, multiplyHalf<ID, 2>,
                                           multiplyHalf<ID, 3>, multiplyHalf<ID, 4>};
  for (int t = 0; t < count; t += 4) {
    const int some = count - t < 4 ? count - t : 4;
    for (int half = 0; half < 2; half++) {
      BY_TOKENS[some - 1](strip, half, columns,
                          reinterpret_cast<const float*>(tokens + t * BlockToken::bytes(columns)),
                          sums + t * stride, stride);
    }
  }
}

template <int ID>
constexpr BlockKernels BLOCKS{{BlockToken::bytes, BlockToken::prepare, multiplyBlocks<ID>},
                              scalar::restoreBlocks<ID>};

}  // namespace neon
}  // namespace adapt4j

#endif
