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
    return static_cast<const uint8_t*>(data) + index * rowBytes(type, columns);
  }

  // What a row of SCALED8 is multiplied by; products leave it out.
  float scale(int64_t index) const {
    float scale;
    std::memcpy(&scale, static_cast<const uint8_t*>(row(index)) + columns, sizeof scale);
    return scale;
  }
};

// Rows that all tokens of a step pass by before the next ones are read.
constexpr int STRIP_ROWS = 16;

// Rows and tokens whose sums are made together where there are many tokens.
constexpr int TILE = 4;

// Most bytes of prepared tokens that strips pass by at once: they stay in a cache meanwhile.
constexpr int64_t MANY_BYTES = 1 << 20;

// Where products with many tokens go: y[t * stride + r], overwritten or added to.
struct TileTarget {
  float* y;
  int64_t stride;
  const float* bias;  // one a row, or null
  bool added;

  TileTarget from(int64_t token, int64_t row) const {
    return {y + token * stride + row, stride, bias == nullptr ? nullptr : bias + row, added};
  }
};

struct PlainKernels {
  // The type in which products with weights of a type take their tokens.
  int (*tokenType)(int weightType);

  // Rounds a token to that type and fills it up with zeros.
  void (*prepare)(const float* x, int64_t columns, int tokenType, void* out);

  // sums[t * stride + r] = rows[r] . tokens[t] for up to TOKENS_AT_ONCE prepared tokens.
  void (*multiply)(const PlainRows& rows, const void* tokens, int count, float* sums,
                   int64_t stride);

  // The same for up to STRIP_ROWS rows and any number of tokens, to the same bits; null where the
  // variant has none. Meanwhile the rows behind these are fetched. wide has room for a strip in fp32.
  void (*multiplyMany)(const PlainRows& rows, const void* tokens, int count, float* wide,
                       const TileTarget& to);

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
                                  lanes::learned, lanes::match, lanes::above};

constexpr PlainKernels PLAIN{tokenType, prepareToken, multiplyPlain, nullptr, mix, &ELEMENTS};

}  // namespace scalar
}  // namespace adapt4j
