#pragma once

// What an operator of a decoding step is. Each is cut into pieces that threads take as they come.

#include <memory>
#include <vector>

#include "block_rounded.h"
#include "block_weight.h"
#include "four_bit_weight.h"
#include "int8_weight.h"
#include "plain_avx2.h"
#include "plain_avx512.h"
#include "plain_neon.h"
#include "plain_product.h"

namespace adapt4j {

inline const PlainKernels& plainKernelsOf(int variant) {
#if defined(__x86_64__)
  static const PlainKernels* const ALL[] = {&scalar::PLAIN, &avx2::PLAIN, &avx512::PLAIN,
                                            &avx512bf16::PLAIN, &avx512bf16::PLAIN};
  return *ALL[variant];
#elif defined(__aarch64__)
  return variant == SCALAR ? scalar::PLAIN : neon::PLAIN;
#else
  return scalar::PLAIN;
#endif
}

// fp32 entries of some tokens, one row a token.
struct Buffer {
  float* data = nullptr;
  int64_t width = 0;

  float* row(int64_t token) const { return data + token * width; }
};

// Tokens of the same adapter, -1 where none is named, or of the same row of the cache: a range of an
// order of all tokens.
struct TokenGroup {
  int number;
  int start;
  int end;
};

// The tokens of a step and what is known of each.
struct Step {
  int tokens;
  const int* ids;
  const int* slots;      // row of the cache
  const int* places;     // where in its row the token's key goes
  const int* firsts;     // the first place that it sees
  const int* positions;  // for learned positions
  const float* const* cos;  // by rotary table: [tokens, half]
  const float* const* sin;
  int outputs;           // tokens whose logits are wanted
  const int* outputOf;   // which they are
  int64_t longest;       // most places that a token sees
  const int* order;      // tokens by their adapters
  const TokenGroup* group;
  int groups;
  const int* sequenceOrder;  // tokens by their rows, those of a row in their order
  const TokenGroup* sequence;
  int sequences;
  const int* adapters;       // of each token, -1 where none is named
};

// What a thread keeps while it works on one operator.
struct Worker {
  uint8_t* tokens;  // prepared
  float* sums;
  const void* preparedFor = nullptr;
};

// Some eight pieces a thread, so that one that is held up takes fewer.
inline int64_t pieceRows(int64_t rows, int threads) {
  const int64_t size = (rows / (threads * 8L) + 15) / 16 * 16;
  return size < 16 ? 16 : size > 512 ? 512 : size;
}

class StepOp {
 public:
  virtual ~StepOp() = default;

  virtual const char* name() const = 0;

  virtual int64_t pieces(const Step& step) const = 0;

  virtual void run(const Step& step, int64_t piece, Worker& worker) const = 0;

  // Bytes of prepared tokens and of sums that a worker needs for it.
  virtual int64_t tokenBytes(int) const { return 0; }
  virtual int64_t sumBytes(const Step&) const { return 0; }
};

}  // namespace adapt4j
