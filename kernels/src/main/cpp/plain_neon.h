#pragma once

// Products of plain weights in NEON.

#include "neon.h"
#include "plain_product.h"

#if defined(__aarch64__)

namespace adapt4j {
namespace neon {

// 8 weights in fp32, of which those past the first left are 0.
template <int TYPE>
ADAPT4J_INLINE void eightWeights(const void* row, int64_t at, int64_t left, float32x4_t* values) {
  uint8_t some[32];
  const auto* from = static_cast<const uint8_t*>(row) + at * bytesOf(TYPE);
  if (left < 8) {
    std::memset(some, 0, sizeof some);
    std::memcpy(some, from, (left < 0 ? 0 : left) * bytesOf(TYPE));
    from = some;
  }
  if (TYPE == F32) {
    values[0] = vreinterpretq_f32_u8(vld1q_u8(from));
    values[1] = vreinterpretq_f32_u8(vld1q_u8(from + 16));
  } else if (TYPE == SCALED8) {
    const int16x8_t wide = vmovl_s8(vreinterpret_s8_u8(vld1_u8(from)));
    values[0] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)));
    values[1] = vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide)));
  } else if (TYPE == F16) {
    values[0] = fourHalves(from);
    values[1] = fourHalves(from + 8);
  } else {
    const uint16x8_t bits = vreinterpretq_u16_u8(vld1q_u8(from));
    values[0] = ofBrain(vget_low_u16(bits));
    values[1] = ofBrain(vget_high_u16(bits));
  }
}

// 4 vectors to the vector of their sums.
ADAPT4J_INLINE float32x4_t sumsOf(const float32x4_t* v) {
  return vpaddq_f32(vpaddq_f32(v[0], v[1]), vpaddq_f32(v[2], v[3]));
}

// sums[t * ROWS + r] of rows and tokens, of which some are there: the others repeat the last one.
// A row and a token share one vector of sums, whatever the numbers of both: to the same bits.
template <int TYPE, int ROWS, int TOKENS>
ADAPT4J_INLINE void sumsOfBlock(const PlainRows& rows, int64_t first, const float* x, int tokens,
                                float* sums) {
  const int64_t width = padded(rows.columns);
  const int64_t present = rows.count - first < ROWS ? rows.count - first : ROWS;
  const void* row[ROWS];
  const float* token[TOKENS];
  float32x4_t parts[TOKENS * ROWS];
  for (int r = 0; r < ROWS; r++) {
    row[r] = rows.row(first + (r < present ? r : present - 1));
  }
  for (int t = 0; t < TOKENS; t++) {
    token[t] = x + (t < tokens ? t : tokens - 1) * width;
    for (int r = 0; r < ROWS; r++) {
      parts[t * ROWS + r] = vdupq_n_f32(0);
    }
  }
  const int64_t ahead = 8 * rows.columns * bytesOf(TYPE);
  for (int64_t i = 0; i < rows.columns; i += 8) {
    float32x4_t values[ROWS][2];
    for (int r = 0; r < ROWS; r++) {
      eightWeights<TYPE>(row[r], i, rows.columns - i, values[r]);
      if (i % (64 / bytesOf(TYPE)) == 0) {
        __builtin_prefetch(static_cast<const char*>(row[r]) + i * bytesOf(TYPE) + ahead);
      }
    }
    for (int k = 0; k < 2; k++) {
      for (int t = 0; t < TOKENS; t++) {
        const float32x4_t entries = vld1q_f32(token[t] + i + 4 * k);
        for (int r = 0; r < ROWS; r++) {
          parts[t * ROWS + r] = vfmaq_f32(parts[t * ROWS + r], values[r][k], entries);
        }
      }
    }
  }
  for (int i = 0; i < TOKENS * ROWS; i += 4) {
    vst1q_f32(sums + i, sumsOf(parts + i));
  }
}

template <int TYPE, int ROWS, int TOKENS>
inline void multiplyTokens(const PlainRows& rows, const float* tokens, int count, float* sums,
                           int64_t stride) {
  for (int64_t first = 0; first < rows.count; first += ROWS) {
    const int64_t present = rows.count - first < ROWS ? rows.count - first : ROWS;
    for (int start = 0; start < count; start += TOKENS) {
      const int some = count - start < TOKENS ? count - start : TOKENS;
      float block[TOKENS * ROWS];
      sumsOfBlock<TYPE, ROWS, TOKENS>(rows, first, tokens + start * padded(rows.columns), some,
                                      block);
      for (int t = 0; t < some; t++) {
        std::memcpy(sums + (start + t) * stride + first, block + t * ROWS, present * 4);
      }
    }
  }
}

template <int TYPE>
inline void multiplyType(const PlainRows& rows, const void* tokens, int count, float* sums,
                         int64_t stride) {
  const auto* x = static_cast<const float*>(tokens);
  if (count == 1) {
    multiplyTokens<TYPE, 8, 1>(rows, x, count, sums, stride);
  } else if (count == 2) {
    multiplyTokens<TYPE, 4, 2>(rows, x, count, sums, stride);
  } else {
    multiplyTokens<TYPE, 4, 4>(rows, x, count, sums, stride);
  }
}

inline void multiplyPlain(const PlainRows& rows, const void* tokens, int count, float* sums,
                          int64_t stride) {
  if (rows.type == F32) {
    multiplyType<F32>(rows, tokens, count, sums, stride);
  } else if (rows.type == F16) {
    multiplyType<F16>(rows, tokens, count, sums, stride);
  } else if (rows.type == SCALED8) {
    multiplyType<SCALED8>(rows, tokens, count, sums, stride);
  } else {
    multiplyType<BF16>(rows, tokens, count, sums, stride);
  }
}

template <int TYPE>
inline void multiplyManyType(const PlainRows& rows, const float* tokens, int count,
                             const TileTarget& to) {
  for (int start = 0; start < count; start += TILE) {
    const int some = count - start < TILE ? count - start : TILE;
    for (int64_t first = 0; first < rows.count; first += TILE) {
      const int64_t present = rows.count - first < TILE ? rows.count - first : TILE;
      float block[TILE * TILE];
      sumsOfBlock<TYPE, TILE, TILE>(rows, first, tokens + start * padded(rows.columns), some,
                                    block);
      const TileTarget tile = to.from(start, first);
      for (int t = 0; t < some; t++) {
        float* y = tile.y + t * tile.stride;
        for (int64_t r = 0; r < present; r++) {
          const float sum = block[t * TILE + r];
          const float value = tile.bias == nullptr ? sum : sum + tile.bias[r];
          y[r] = tile.added ? y[r] + value : value;
        }
      }
    }
  }
}

inline void multiplyMany(const PlainRows& rows, const void* tokens, int count, float*,
                         const TileTarget& to) {
  const auto* x = static_cast<const float*>(tokens);
  if (rows.type == F32) {
    multiplyManyType<F32>(rows, x, count, to);
  } else if (rows.type == F16) {
    multiplyManyType<F16>(rows, x, count, to);
  } else {
    multiplyManyType<BF16>(rows, x, count, to);
  }
}

// Sums of HEADS heads over 32 entries of each row stay in registers.
template <int TYPE, int HEADS>
inline void mixEntries(const PlainRows& rows, int64_t first, const float* weights, int64_t stride,
                       bool added, float* out) {
  float32x4_t sums[HEADS][8];
  const int64_t left = rows.columns - first, width = left < 32 ? left : 32;
  for (int h = 0; h < HEADS; h++) {
    float all[32] = {};
    if (added) {
      std::memcpy(all, out + h * rows.columns + first, width * 4);
    }
    for (int i = 0; i < 8; i++) {
      sums[h][i] = vld1q_f32(all + i * 4);
    }
  }
  for (int64_t j = 0; j < rows.count; j++) {
    const void* row = rows.row(j);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      float32x4_t values[2];
      eightWeights<TYPE>(row, first + i * 8, left - i * 8, values);
      for (int h = 0; h < HEADS; h++) {
        for (int k = 0; k < 2; k++) {
          sums[h][i * 2 + k] =
              vfmaq_n_f32(sums[h][i * 2 + k], values[k], weights[h * stride + j]);
        }
      }
    }
  }
  for (int h = 0; h < HEADS; h++) {
    float all[32];
    for (int i = 0; i < 8; i++) {
      vst1q_f32(all + i * 4, sums[h][i]);
    }
    std::memcpy(out + h * rows.columns + first, all, width * 4);
  }
}

template <int TYPE>
inline void mixType(const PlainRows& rows, const float* weights, int64_t stride, int heads,
                    bool added, float* out) {
  for (int h = 0; h < heads; h += 2) {
    for (int64_t i = 0; i < rows.columns; i += 32) {
      if (h + 1 < heads) {
        mixEntries<TYPE, 2>(rows, i, weights + h * stride, stride, added, out + h * rows.columns);
      } else {
        mixEntries<TYPE, 1>(rows, i, weights + h * stride, stride, added, out + h * rows.columns);
      }
    }
  }
}

inline void mix(const PlainRows& rows, const float* weights, int64_t stride, int heads, bool added,
                float* out) {
  if (rows.type == F32) {
    mixType<F32>(rows, weights, stride, heads, added, out);
  } else if (rows.type == F16) {
    mixType<F16>(rows, weights, stride, heads, added, out);
  } else if (rows.type == SCALED8) {
    mixType<SCALED8>(rows, weights, stride, heads, added, out);
  } else {
    mixType<BF16>(rows, weights, stride, heads, added, out);
  }
}

// The loops over entries are those for any processor: all that run this have NEON.
constexpr PlainKernels PLAIN{scalar::tokenType, scalar::prepareToken, multiplyPlain, multiplyMany,
                             mix,               &scalar::ELEMENTS};

}  // namespace neon
}  // namespace adapt4j

#endif
