#pragma once

// Several residual streams of each token: operators that work on all of them.

#include "step_op.h"

namespace adapt4j {

// Each stream plus all of them, those of stream j times the coefficients [S j, S j + S).
class MixStreamsOp : public TokenOp {
 public:
  MixStreamsOp(const PlainKernels& kernels, std::vector<Buffer> from, Buffer coefficients,
               std::vector<Buffer> to)
      : kernels_(kernels), from_(std::move(from)), coefficients_(coefficients),
        to_(std::move(to)) {}

  const char* name() const override { return "mix streams"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* coefficient = coefficients_.row(piece);
    for (size_t j = 0; j < to_.size(); j++) {
      const float* base = from_[j].row(piece);
      float* y = to_[j].row(piece);
      for (const Buffer& x : from_) {
        kernels_.elements->addScaled(base, x.row(piece), *coefficient++, x.width, y);
        base = y;
      }
    }
  }

 private:
  const PlainKernels& kernels_;
  std::vector<Buffer> from_;
  Buffer coefficients_;
  std::vector<Buffer> to_;
};

// Each stream plus what a layer changed in one of them, times 1 + the stream's coefficient.
class CorrectStreamsOp : public TokenOp {
 public:
  CorrectStreamsOp(const PlainKernels& kernels, std::vector<Buffer> from, Buffer worked,
                   Buffer coefficients, int active, std::vector<Buffer> to)
      : kernels_(kernels), from_(std::move(from)), worked_(worked), coefficients_(coefficients),
        active_(active), to_(std::move(to)) {}

  const char* name() const override { return "correct streams"; }

  int64_t sumBytes(const Step&) const override { return worked_.width * sizeof(float); }

  void run(const Step&, int64_t piece, Worker& worker) const override {
    const int64_t width = worked_.width;
    kernels_.elements->addScaled(worked_.row(piece), from_[active_].row(piece), -1, width,
                                 worker.sums);
    for (size_t j = 0; j < to_.size(); j++) {
      kernels_.elements->addScaled(from_[j].row(piece), worker.sums,
                                   1 + coefficients_.row(piece)[j], width, to_[j].row(piece));
    }
  }

 private:
  const PlainKernels& kernels_;
  std::vector<Buffer> from_;
  Buffer worked_, coefficients_;
  int active_;
  std::vector<Buffer> to_;
};

// y becomes as long as another vector is.
class MatchOp : public TokenOp {
 public:
  MatchOp(const PlainKernels& kernels, Buffer other, float epsilon, Buffer to)
      : kernels_(kernels), other_(other), epsilon_(epsilon), to_(to) {}

  const char* name() const override { return "match"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    kernels_.elements->match(other_.row(piece), epsilon_, to_.width, to_.row(piece));
  }

 private:
  const PlainKernels& kernels_;
  Buffer other_;
  float epsilon_;
  Buffer to_;
};

// The first columns become how far they are above a quantile, or 0.
class AboveOp : public TokenOp {
 public:
  AboveOp(const PlainKernels& kernels, Buffer x, int64_t width, float quantile)
      : kernels_(kernels), x_(x), width_(width), quantile_(quantile) {}

  const char* name() const override { return "above quantile"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    kernels_.elements->above(x_.row(piece), quantile_, width_, x_.row(piece));
  }

 private:
  const PlainKernels& kernels_;
  Buffer x_;
  int64_t width_;
  float quantile_;
};

// y = x times a factor an entry.
class TimesOp : public TokenOp {
 public:
  TimesOp(Buffer from, std::vector<float> factors, Buffer to)
      : from_(from), factors_(std::move(factors)), to_(to) {}

  const char* name() const override { return "scale"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* x = from_.row(piece);
    float* y = to_.row(piece);
    for (int64_t i = 0; i < to_.width; i++) {
      y[i] = factors_[i] * x[i];
    }
  }

 private:
  Buffer from_;
  std::vector<float> factors_;
  Buffer to_;
};

}  // namespace adapt4j
