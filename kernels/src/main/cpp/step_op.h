#pragma once

// The operators of a decoding step beside products.

#include "step_base.h"

namespace adapt4j {

// Work on each token by itself.
class TokenOp : public StepOp {
 public:
  int64_t pieces(const Step& step) const override {
    return ofOutputs ? step.outputs : static_cast<int64_t>(step.tokens) * rowsOfToken;
  }

  // Whether it works on the tokens whose logits are wanted alone.
  bool ofOutputs = false;

  // Rows that each token has in its buffers.
  int rowsOfToken = 1;
};

class EmbedOp : public TokenOp {
 public:
  // Ids from known on are looked up as 0.
  EmbedOp(Buffer to, const void* rows, int type, float factor, const void* positions,
          int64_t known = INT64_MAX)
      : to_(to), rows_(rows), type_(type), factor_(factor), positions_(positions), known_(known) {}

  const char* name() const override { return "embed"; }

  void run(const Step& step, int64_t piece, Worker&) const override {
    float* y = to_.row(piece);
    const int64_t id = step.ids[piece] < known_ ? step.ids[piece] : 0;
    for (int64_t i = 0; i < to_.width; i++) {
      y[i] = factor_ * lanes::valueAt(rows_, type_, id * to_.width + i);
      if (positions_ != nullptr) {
        y[i] += lanes::valueAt(positions_, type_, step.positions[piece] * to_.width + i);
      }
    }
  }

 private:
  Buffer to_;
  const void* rows_;
  int type_;
  float factor_;
  const void* positions_;
  int64_t known_;
};

// Norms of segments of equal width, such as heads, which go to as many columns further on.
class NormOp : public TokenOp {
 public:
  NormOp(const PlainKernels& kernels, const NormRule& rule, Buffer from, Buffer to, int64_t start,
         int64_t width, int64_t stride, int segments, int64_t further = 0)
      : kernels_(kernels), rule_(rule), from_(from), to_(to), start_(start), width_(width),
        stride_(stride), segments_(segments), further_(further) {}

  const char* name() const override { return "norm"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    for (int s = 0; s < segments_; s++) {
      const int64_t at = start_ + s * stride_;
      kernels_.elements->norm(rule_, from_.row(piece) + at, width_,
                              to_.row(piece) + at + further_);
    }
  }

 private:
  const PlainKernels& kernels_;
  NormRule rule_;
  Buffer from_, to_;
  int64_t start_, width_, stride_;
  int segments_;
  int64_t further_;
};

class ActivateOp : public TokenOp {
 public:
  // y [width] = gain * f(x), times what stands beside x where that is gated.
  ActivateOp(const PlainKernels& kernels, int kind, Buffer from, Buffer to, float gain, bool gated)
      : kernels_(kernels), kind_(kind), from_(from), to_(to), gain_(gain), gated_(gated) {}

  const char* name() const override { return "activate"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* x = from_.row(piece);
    kernels_.elements->activate(kind_, x, gated_ ? x + to_.width : nullptr, gain_, to_.width,
                                to_.row(piece));
  }

 private:
  const PlainKernels& kernels_;
  int kind_;
  Buffer from_, to_;
  float gain_;
  bool gated_;
};

// y [width] = (up + 1) gate sigmoid(alpha gate) of neighbors gate and up, cut at a limit.
class ClampedOp : public TokenOp {
 public:
  ClampedOp(const PlainKernels& kernels, Buffer from, Buffer to, float alpha, float limit)
      : kernels_(kernels), from_(from), to_(to), alpha_(alpha), limit_(limit) {}

  const char* name() const override { return "activate"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    kernels_.elements->clampedGated(from_.row(piece), alpha_, limit_, to_.width, to_.row(piece));
  }

 private:
  const PlainKernels& kernels_;
  Buffer from_, to_;
  float alpha_, limit_;
};

// y = xIELU(x).
class LearnedOp : public TokenOp {
 public:
  LearnedOp(const PlainKernels& kernels, Buffer from, Buffer to, float above, float steep)
      : kernels_(kernels), from_(from), to_(to), above_(above), steep_(steep) {}

  const char* name() const override { return "activate"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    kernels_.elements->learned(from_.row(piece), above_, steep_, to_.width, to_.row(piece));
  }

 private:
  const PlainKernels& kernels_;
  Buffer from_, to_;
  float above_, steep_;
};

// y = f(gate) * y in segments, such as heads.
class GateOp : public TokenOp {
 public:
  GateOp(const PlainKernels& kernels, int kind, Buffer gates, int64_t start, int64_t stride,
         Buffer to, int64_t width)
      : kernels_(kernels), kind_(kind), gates_(gates), start_(start), stride_(stride), to_(to),
        width_(width) {}

  const char* name() const override { return "gate"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* gate = gates_.row(piece) + start_;
    float* y = to_.row(piece);
    for (int64_t i = 0; i < to_.width; i += width_, gate += stride_) {
      kernels_.elements->activate(kind_, gate, y + i, 1, width_, y + i);
    }
  }

 private:
  const PlainKernels& kernels_;
  int kind_;
  Buffer gates_;
  int64_t start_, stride_;
  Buffer to_;
  int64_t width_;
};

// y = f(gate) * x, of which the columns from start on are taken.
class GatedPartOp : public TokenOp {
 public:
  GatedPartOp(const PlainKernels& kernels, int kind, Buffer gates, Buffer from, int64_t start,
              Buffer to)
      : kernels_(kernels), kind_(kind), gates_(gates), from_(from), start_(start), to_(to) {}

  const char* name() const override { return "gate"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    kernels_.elements->activate(kind_, gates_.row(piece), from_.row(piece) + start_, 1, to_.width,
                                to_.row(piece));
  }

 private:
  const PlainKernels& kernels_;
  int kind_;
  Buffer gates_, from_;
  int64_t start_;
  Buffer to_;
};

// y = factor * x in some columns.
class ScaleOp : public TokenOp {
 public:
  ScaleOp(Buffer from, Buffer to, int64_t start, int64_t width, float factor)
      : from_(from), to_(to), start_(start), width_(width), factor_(factor) {}

  const char* name() const override { return "scale"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* x = from_.row(piece) + start_;
    float* y = to_.row(piece) + start_;
    for (int64_t i = 0; i < width_; i++) {
      y[i] = factor_ * x[i];
    }
  }

 private:
  Buffer from_, to_;
  int64_t start_, width_;
  float factor_;
};

// y += factor * x, times the sigmoid of one number a token where there is such a gate.
class AddOp : public TokenOp {
 public:
  AddOp(const PlainKernels& kernels, Buffer from, Buffer to, float factor, const float* gates)
      : kernels_(kernels), from_(from), to_(to), factor_(factor), gates_(gates) {}

  const char* name() const override { return "add"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    float* y = to_.row(piece);
    const float factor = gates_ == nullptr ? factor_ : factor_ / (1 + std::exp(-gates_[piece]));
    kernels_.elements->addScaled(y, from_.row(piece), factor, to_.width, y);
  }

 private:
  const PlainKernels& kernels_;
  Buffer from_, to_;
  float factor_;
  const float* gates_;
};

// The hidden states of the tokens whose logits are wanted, one after the other.
class GatherOp : public TokenOp {
 public:
  GatherOp(Buffer from, Buffer to) : from_(from), to_(to) { ofOutputs = true; }

  const char* name() const override { return "gather"; }

  void run(const Step& step, int64_t piece, Worker&) const override {
    std::memcpy(to_.row(piece), from_.row(step.outputOf[piece]), to_.width * 4);
  }

 private:
  Buffer from_, to_;
};

// The id of the largest logit, the lowest of equal ones; -1 where one is not finite.
class LikeliestOp : public TokenOp {
 public:
  LikeliestOp(Buffer from, int* ids) : from_(from), ids_(ids) { ofOutputs = true; }

  const char* name() const override { return "likeliest"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* logits = from_.row(piece);
    float most = -INFINITY;
    int id = -1;
    bool known = true;
    for (int64_t i = 0; i < from_.width; i++) {
      known &= logits[i] < INFINITY;  // false for NaN too
      if (logits[i] > most) {
        most = logits[i];
        id = static_cast<int>(i);
      }
    }
    ids_[piece] = known ? id : -1;
  }

 private:
  Buffer from_;
  int* ids_;
};

}  // namespace adapt4j
