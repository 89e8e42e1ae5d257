#pragma once

// Products of plain weights (fp32, fp16, bf16) with a few tokens, and the other loops of a decoding
// step, in a variant for each instruction set.

#include "kernels.h"
#include "lanes.h"

namespace adapt4j {

// Most tokens that a pass over the weights multiplies.
constexpr int TOKENS_AT_ONCE = 8;

// Prepared tokens are filled up with zeros to a multiple of this.
constexpr int64_t TOKEN_STEP = 64;

inline int64_t padded(int64_t columns) {
  return (columns + TOKEN_STEP - 1) / TOKEN_STEP * TOKEN_STEP;
}

// Rows of one weight, or keys of one head.
struct PlainRows {
  const void* data;
  int type;
  int64_t columns;
  int64_t count;

  const void* row(int64_t index) const {
    return static_cast<const uint8_t*>(data) + index * columns * bytesOf(type);
  }
};

// Most tokens of a tile, and rows that are packed together.
constexpr int TILE_TOKENS = 24;
constexpr int TILE_ROWS = 16;

// Products of up to 16 rows with tiles of tokens, which are a multiple of 4.
struct ManyTokens {
  // Packs rows as [16 lanes, chunks, 16 rows] dwords; a chunk is 64 bytes of a token.
  void (*pack)(const PlainRows& rows, int64_t chunks, uint32_t* out);

  // Puts four tokens, each so many dwords after the one before, into a tile of so many.
  void (*arrange)(const uint32_t* tokens, int64_t stride, int64_t chunks, uint32_t* tile,
                  int64_t width);

  // out[t * 16 + r] = rows[r] . tokens[t]; tile [16 lanes, chunks, tokens] dwords; parts has room
  // for four times as much as out.
  void (*multiply)(const uint32_t* packed, int64_t chunks, const uint32_t* tile, int tokens,
                   float* parts, float* out);
};

struct PlainKernels {
  // The type in which products with weights of a type take their tokens.
  int (*tokenType)(int weightType);

  // Rounds a token to that type and fills it up with zeros.
  void (*prepare)(const float* x, int64_t columns, int tokenType, void* out);

  // sums[t * stride + r] = rows[r] . tokens[t] for up to TOKENS_AT_ONCE prepared tokens.
  void (*multiply)(const PlainRows& rows, const void* tokens, int count, float* sums,
                   int64_t stride);

  // out[h * width + i] = sum over j of weights[h * stride + j] * rows[j][i]; width = rows.columns.
  // The sum goes on from what is there where it is added: to the same bits as all rows in one call.
  void (*mix)(const PlainRows& rows, const float* weights, int64_t stride, int heads, bool added,
              float* out);

  const ElementKernels* elements;
};

namespace scalar {

inline int tokenType(int) { return F32; }

inline void prepareToken(const float* x, int64_t columns, int, void* out) {
  std::memcpy(out, x, columns * 4);
  std::memset(static_cast<float*>(out) + columns, 0, (padded(columns) - columns) * 4);
}

inline void multiplyPlain(const PlainRows& rows, const void* tokens, int count, float* sums,
                          int64_t stride) {
  const auto* x = static_cast<const float*>(tokens);
  const int64_t width = padded(rows.columns);
  for (int64_t r = 0; r < rows.count; r++) {
    const void* row = rows.row(r);
    for (int t = 0; t < count; t++) {
      sums[t * stride + r] = lanes::dot(row, rows.type, x + t * width, rows.columns);
    }
  }
}

inline void mix(const PlainRows& rows, const float* weights, int64_t stride, int heads, bool added,
                float* out) {
  for (int h = 0; h < heads; h++) {
    lanes::mix(rows.data, rows.type, rows.columns, rows.count, weights + h * stride, added,
               out + h * rows.columns);
  }
}

constexpr ElementKernels ELEMENTS{lanes::norm,   lanes::activate,    lanes::softmax, lanes::addScaled,
                                  lanes::rotate, lanes::rotatePairs, lanes::clampedGated,
                                  lanes::learned};

constexpr PlainKernels PLAIN{tokenType, prepareToken, multiplyPlain, mix, &ELEMENTS};

}  // namespace scalar
}  // namespace adapt4j
