#pragma once

// Multi-head latent attention in a decoding step (DeepSeek-AI 2024, section 2.1.2): queries take up the
// projection of keys, and what is attended to is projected to values after.

#include <algorithm>

#include "step_op.h"

namespace adapt4j {

// The weight has for each head the rows of its keys, then those of its values.
struct LatentHeads {
  const void* weight;
  int type;
  int heads;
  int64_t rank, plain, rotated, value;
  int64_t indexed = 0;  // columns of keys by which tokens are chosen, before those of attention

  int64_t width() const { return indexed + rotated + rank; }

  // Columns before those that are compared with latent vectors.
  int64_t before() const { return indexed + rotated; }

  PlainRows keyRows(int64_t head) const { return rows(head * (plain + value), plain); }

  PlainRows valueRows(int64_t head) const {
    return rows(head * (plain + value) + plain, value);
  }

 private:
  PlainRows rows(int64_t first, int64_t count) const {
    return {static_cast<const uint8_t*>(weight) + first * rank * bytesOf(type), type, rank, count};
  }
};

// A piece is a head of a token.
class LatentOp : public StepOp {
 public:
  LatentOp(const PlainKernels& kernels, const LatentHeads& heads, Buffer from, Buffer to)
      : kernels_(kernels), heads_(heads), from_(from), to_(to) {}

  int64_t pieces(const Step& step) const override {
    return static_cast<int64_t>(step.tokens) * heads_.heads;
  }

 protected:
  const PlainKernels& kernels_;
  LatentHeads heads_;
  Buffer from_, to_;
};

// Queries and the key as the cache has keys: that by which the token is chosen, what is to be turned,
// then what is compared with latent vectors. Queries have zeros for the first.
class AbsorbOp : public LatentOp {
 public:
  // latent: the latent vector, then what is to be turned of the key. index: keys by which tokens are
  // chosen, read where heads have columns for them.
  AbsorbOp(const PlainKernels& kernels, const LatentHeads& heads, Buffer queries, Buffer latent,
           Buffer index, Buffer to)
      : LatentOp(kernels, heads, queries, to), latent_(latent), index_(index) {}

  const char* name() const override { return "absorb"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const int64_t t = piece / heads_.heads, head = piece % heads_.heads;
    const float* query = from_.row(t) + head * (heads_.plain + heads_.rotated);
    float* to = to_.row(t) + head * heads_.width();
    std::fill_n(to, heads_.indexed, 0.0f);
    std::memcpy(to + heads_.indexed, query + heads_.plain, heads_.rotated * sizeof(float));
    kernels_.mix(heads_.keyRows(head), query, heads_.plain, 1, false, to + heads_.before());
    if (head == 0) {
      const float* latent = latent_.row(t);
      float* key = to_.row(t) + heads_.heads * heads_.width();
      if (heads_.indexed > 0) {
        std::memcpy(key, index_.row(t), heads_.indexed * sizeof(float));
      }
      std::memcpy(key + heads_.indexed, latent + heads_.rank, heads_.rotated * sizeof(float));
      std::memcpy(key + heads_.before(), latent, heads_.rank * sizeof(float));
    }
  }

 private:
  Buffer latent_, index_;
};

// The values of each head, of the mixture of latent vectors that it attended to.
class RestoreOp : public LatentOp {
 public:
  RestoreOp(const PlainKernels& kernels, const LatentHeads& heads, Buffer mixed, Buffer to)
      : LatentOp(kernels, heads, mixed, to), tokenType_(kernels.tokenType(heads.type)) {}

  const char* name() const override { return "restore"; }

  int64_t tokenBytes(int) const override { return padded(heads_.rank) * sizeof(float); }

  void run(const Step&, int64_t piece, Worker& worker) const override {
    const int64_t t = piece / heads_.heads, head = piece % heads_.heads;
    kernels_.prepare(from_.row(t) + head * heads_.width() + heads_.before(), heads_.rank, tokenType_,
                     worker.tokens);
    kernels_.multiply(heads_.valueRows(head), worker.tokens, 1, to_.row(t) + head * heads_.value,
                      heads_.value);
    worker.preparedFor = nullptr;
  }

 private:
  int tokenType_;
};

}  // namespace adapt4j
