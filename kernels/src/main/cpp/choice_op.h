#pragma once

// The choice of the places that attention reads (DeepSeek-AI 2025, DeepSeek-V3.2, section 2.1).

#include <algorithm>
#include <cmath>
#include <functional>

#include "attention_op.h"

namespace adapt4j {

// Scores each place that a token sees: the weighted sum over heads of products above zero of its
// queries and the first columns of the place's key. A piece is some places of a token.
class ScoreOp : public StepOp {
 public:
  // queries [heads, dim] and weights [heads] of each token.
  ScoreOp(const PlainKernels& kernels, const HeadLayout& layout, Buffer queries, Buffer weights,
          PlaceChoice& choice)
      : kernels_(kernels), layout_(layout), queries_(queries), weights_(weights), choice_(choice),
        dim_(queries.width / weights.width), tokenType_(kernels.tokenType(layout.type)) {}

  const char* name() const override { return "score"; }

  int64_t pieces(const Step& step) const override { return step.tokens * blocks(step); }

  int64_t tokenBytes(int) const override { return weights_.width * padded(dim_) * sizeof(float); }

  // Asked before a step by one thread.
  int64_t sumBytes(const Step& step) const override {
    const size_t count = step.longest > choice_.chosen ? step.tokens * step.longest : 0;
    if (choice_.scores.size() < count) {
      choice_.scores.resize(count);
    }
    return 0;
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const int64_t t = piece / blocks(step), first = step.firsts[t], last = step.places[t];
    const int64_t start = first + piece % blocks(step) * PLACES;
    const int64_t end = start + PLACES < last + 1 ? start + PLACES : last + 1;
    if (last - first + 1 <= choice_.chosen || start >= end) {
      return;
    }
    const int64_t heads = weights_.width, bytes = padded(dim_) * bytesOf(tokenType_);
    for (int64_t h = 0; h < heads; h++) {
      kernels_.prepare(queries_.row(t) + h * dim_, dim_, tokenType_, worker.tokens + h * bytes);
    }
    worker.preparedFor = nullptr;
    const RowCache& cache = (*layout_.rows)[step.slots[t]];
    float* scores = choice_.scores.data() + t * step.longest;
    for (int64_t place = start; place < end; place++) {
      const CachePart& part = cache.parts[cache.partOf(place)];
      const PlainRows key{layout_.key(part, 0, place), layout_.type, dim_, 1};
      scores[place - first] = score(key, weights_.row(t), worker.tokens, bytes);
    }
  }

 private:
  static constexpr int64_t PLACES = 256;

  static int64_t blocks(const Step& step) { return (step.longest + PLACES - 1) / PLACES; }

  float score(const PlainRows& key, const float* weights, const uint8_t* tokens,
              int64_t bytes) const {
    float products[TOKENS_AT_ONCE];
    float sum = 0;
    for (int64_t h = 0; h < weights_.width; h += TOKENS_AT_ONCE) {
      const int64_t left = weights_.width - h;
      const int count = left < TOKENS_AT_ONCE ? static_cast<int>(left) : TOKENS_AT_ONCE;
      kernels_.multiply(key, tokens + h * bytes, count, products, 1);
      for (int i = 0; i < count; i++) {
        sum += products[i] > 0 ? products[i] * weights[h + i] : 0;
      }
    }
    return std::isnan(sum) ? -INFINITY : sum;
  }

  const PlainKernels& kernels_;
  HeadLayout layout_;
  Buffer queries_, weights_;
  PlaceChoice& choice_;
  int64_t dim_;
  int tokenType_;
};

// Chooses the places with the highest scores, the first ones of equal scores.
class ChooseOp : public StepOp {
 public:
  explicit ChooseOp(PlaceChoice& choice) : choice_(choice) {}

  const char* name() const override { return "choose"; }

  int64_t pieces(const Step& step) const override { return step.tokens; }

  void run(const Step& step, int64_t t, Worker&) const override {
    const int64_t first = step.firsts[t], seen = step.places[t] - first + 1;
    if (seen <= choice_.chosen) {
      return;
    }
    const float* scores = choice_.scores.data() + t * step.longest;
    std::vector<float> sorted(scores, scores + seen);
    const auto last = sorted.begin() + choice_.chosen - 1;
    std::nth_element(sorted.begin(), last, sorted.end(), std::greater<float>());
    const float least = *last;
    int64_t equal = choice_.chosen - std::count_if(sorted.begin(), last, [least](float score) {
                      return score > least;
                    });
    std::vector<PlaceRange>& ranges = choice_.ranges[t];
    ranges.clear();
    for (int64_t i = 0; i < seen; i++) {
      if (scores[i] < least || (scores[i] == least && equal-- <= 0)) {
        continue;
      }
      if (!ranges.empty() && ranges.back().end == first + i) {
        ranges.back().end++;
      } else {
        ranges.push_back(PlaceRange{first + i, first + i + 1});
      }
    }
  }

 private:
  PlaceChoice& choice_;
};

}  // namespace adapt4j
