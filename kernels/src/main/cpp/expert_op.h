#pragma once

// Mixtures of experts in a decoding step: only the weights of experts that a token has chosen are
// read.

#include <algorithm>

#include "product_op.h"
#include "step_op.h"

namespace adapt4j {

// How experts are chosen and weighted.
struct RouteRule {
  int chosen;               // of each token
  bool normalized;          // whether the weights of a token are divided by their sum
  bool sigmoid;             // whether each score is weighted by itself instead of by the softmax
  float epsilon;            // added to that sum
  float scale;              // multiplies weights
  int groups, groupsKept;   // only experts of the best groups are chosen: by their best experts,
                            // two with sigmoid, one with softmax
  const void* correction;   // added to what experts are chosen by, or null
  int correctionType;
  const void* gains;        // multiplies the weights of each expert, or null
  int gainType;
  float tolerance;          // distance from the best score, relative to its size, up to which scores
                            // take part in a weight, as experts are chosen one after another;
                            // negative where they are chosen at once
};

// Where the tokens of a step go. A slot is one of the experts of a token: token * chosen + index.
struct Routing {
  int chosen;
  std::vector<std::vector<int>> slots;  // of each expert, in the order of tokens
  std::vector<int> active;              // experts that have slots
  std::vector<float> weights;           // of each slot
};

// Chooses the experts of all tokens. A single piece: scores are few beside weights.
class RouteOp : public StepOp {
 public:
  RouteOp(const RouteRule& rule, Buffer scores, int maxTokens)
      : rule_(rule), scores_(scores), own_(scores.width), choice_(scores.width),
        taken_(scores.width) {
    routing_.chosen = rule.chosen;
    routing_.slots.resize(scores.width);
    routing_.weights.resize(static_cast<size_t>(maxTokens) * rule.chosen);
  }

  // As of the step that runs; lives as long as this.
  const Routing& routing() const { return routing_; }

  const char* name() const override { return "route"; }

  int64_t pieces(const Step&) const override { return 1; }

  void run(const Step& step, int64_t, Worker&) const override {
    for (std::vector<int>& slots : routing_.slots) {
      slots.clear();
    }
    routing_.active.clear();
    for (int t = 0; t < step.tokens; t++) {
      route(t);
    }
    for (size_t expert = 0; expert < routing_.slots.size(); expert++) {
      if (!routing_.slots[expert].empty()) {
        routing_.active.push_back(static_cast<int>(expert));
      }
    }
  }

 private:
  void route(int token) const {
    std::fill(taken_.begin(), taken_.end(), false);
    float* weights = routing_.weights.data() + static_cast<int64_t>(token) * rule_.chosen;
    if (rule_.tolerance >= 0) {
      routeOneByOne(token, weights);
      return;
    }
    weigh(scores_.row(token));
    choose(scores_.row(token));
    float sum = 0;
    for (int i = 0; i < rule_.chosen; i++) {
      const int64_t expert = takeLargest(choice_, taken_);
      weights[i] = own_[expert];
      sum += weights[i];
      if (rule_.gains != nullptr) {
        weights[i] *= lanes::valueAt(rule_.gains, rule_.gainType, expert);
      }
      routing_.slots[expert].push_back(token * rule_.chosen + i);
    }
    const float factor = rule_.normalized
                             ? rule_.scale / ((sum > 1e-12f ? sum : 1e-12f) + rule_.epsilon)
                             : rule_.scale;
    for (int i = 0; i < rule_.chosen; i++) {
      weights[i] *= factor;
    }
  }

  // Weights each expert by a softmax of the scores near its own of those that are left (SparseMixer).
  void routeOneByOne(int token, float* weights) const {
    const float* scores = scores_.row(token);
    choice_.assign(scores, scores + scores_.width);
    for (int i = 0; i < rule_.chosen; i++) {
      const std::vector<bool> earlier = taken_;
      const int64_t expert = takeLargest(choice_, taken_);
      const float best = scores[expert];
      float sum = 0;
      for (int64_t j = 0; j < scores_.width; j++) {
        const float size = std::fabs(scores[j]) > best ? std::fabs(scores[j]) : best;
        if (!earlier[j] && !((best - scores[j]) / size > rule_.tolerance)) {
          sum += std::exp(scores[j] - best);
        }
      }
      weights[i] = 1 / sum;
      routing_.slots[expert].push_back(token * rule_.chosen + i);
    }
  }

  // What experts would be weighted with if chosen.
  void weigh(const float* scores) const {
    const int64_t experts = scores_.width;
    if (rule_.sigmoid) {
      for (int64_t i = 0; i < experts; i++) {
        own_[i] = 1 / (1 + std::exp(-scores[i]));
      }
      return;
    }
    float highest = scores[0], sum = 0;
    for (int64_t i = 1; i < experts; i++) {
      highest = scores[i] > highest ? scores[i] : highest;
    }
    for (int64_t i = 0; i < experts; i++) {
      own_[i] = std::exp(scores[i] - highest);
      sum += own_[i];
    }
    for (int64_t i = 0; i < experts; i++) {
      own_[i] /= sum;
    }
  }

  // What they are chosen by.
  void choose(const float* scores) const {
    const int64_t experts = scores_.width;
    // The largest scores have the largest weights, but are not rounded to the same ones.
    const bool byScores = !rule_.sigmoid && rule_.correction == nullptr && rule_.groups <= 1;
    for (int64_t i = 0; i < experts; i++) {
      choice_[i] = byScores ? scores[i] : own_[i];
      if (rule_.correction != nullptr) {
        choice_[i] += lanes::valueAt(rule_.correction, rule_.correctionType, i);
      }
    }
    if (rule_.groups <= 1) {
      return;
    }
    const int64_t size = experts / rule_.groups;
    std::vector<float> best(rule_.groups);
    for (int g = 0; g < rule_.groups; g++) {
      float first = -INFINITY, second = -INFINITY;
      for (int64_t i = g * size; i < (g + 1) * size; i++) {
        const float value = choice_[i];
        second = value > first ? first : value > second ? value : second;
        first = value > first ? value : first;
      }
      best[g] = rule_.sigmoid ? first + second : first;
    }
    std::vector<bool> kept(rule_.groups);
    for (int i = 0; i < rule_.groupsKept; i++) {
      takeLargest(best, kept);
    }
    for (int64_t i = 0; i < experts; i++) {
      choice_[i] = kept[i / size] ? choice_[i] : -INFINITY;
    }
  }

  // Takes the first of the largest that are left; where NaN is among them, any. Each at most once.
  static int64_t takeLargest(const std::vector<float>& values, std::vector<bool>& taken) {
    int64_t found = -1;
    for (size_t i = 0; i < values.size(); i++) {
      if (!taken[i] && (found < 0 || values[i] > values[found])) {
        found = static_cast<int64_t>(i);
      }
    }
    taken[found] = true;
    return found;
  }

  RouteRule rule_;
  Buffer scores_;
  // Written by the only thread that runs the piece.
  mutable Routing routing_;
  mutable std::vector<float> own_, choice_;
  mutable std::vector<bool> taken_;
};

// A product of each expert with the tokens that have chosen it. Pieces are those of the experts
// that any token has chosen, one expert after the other.
class ExpertsOp : public StepOp {
 public:
  ExpertsOp(const Routing& routing, int share) : routing_(routing), share_(share) {
    products_.resize(routing.slots.size());
  }

  const char* name() const override { return "experts"; }

  void addTo(int expert, ProductOp* product) {
    product->restrictTo(&routing_.slots[expert], share_);
    products_[expert].emplace_back(product);
  }

  int64_t pieces(const Step& step) const override {
    int64_t count = 0;
    for (int expert : routing_.active) {
      count += piecesOf(expert, step);
    }
    return count;
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    for (int expert : routing_.active) {
      for (const auto& product : products_[expert]) {
        const int64_t own = product->pieces(step);
        if (piece < own) {
          product->run(step, piece, worker);
          return;
        }
        piece -= own;
      }
    }
  }

  int64_t tokenBytes(int tokens) const override {
    int64_t most = 0;
    for (const auto& products : products_) {
      for (const auto& product : products) {
        const int64_t bytes = product->tokenBytes(tokens);
        most = bytes > most ? bytes : most;
      }
    }
    return most;
  }

  // Asked before a step by one thread: there are many experts, and most steps are like the last.
  int64_t sumBytes(const Step& step) const override {
    if (step.tokens != askedFor_) {
      askedFor_ = step.tokens;
      sumBytes_ = 0;
      for (const auto& products : products_) {
        for (const auto& product : products) {
          const int64_t bytes = product->sumBytes(step);
          sumBytes_ = bytes > sumBytes_ ? bytes : sumBytes_;
        }
      }
    }
    return sumBytes_;
  }

 private:
  int64_t piecesOf(int expert, const Step& step) const {
    int64_t count = 0;
    for (const auto& product : products_[expert]) {
      count += product->pieces(step);
    }
    return count;
  }

  const Routing& routing_;
  int share_;
  std::vector<std::vector<std::unique_ptr<ProductOp>>> products_;
  mutable int askedFor_ = 0;
  mutable int64_t sumBytes_ = 0;
};

// y = x for the slots of experts that return their input: those from a first one on.
class ReturnInputOp : public StepOp {
 public:
  ReturnInputOp(const Routing& routing, int first, Buffer from, Buffer to)
      : routing_(routing), first_(first), from_(from), to_(to) {}

  const char* name() const override { return "return input"; }

  int64_t pieces(const Step&) const override {
    const std::vector<int>& active = routing_.active;
    return active.end() - std::lower_bound(active.begin(), active.end(), first_);
  }

  void run(const Step&, int64_t piece, Worker&) const override {
    for (int slot : routing_.slots[*(routing_.active.rbegin() + piece)]) {
      std::memcpy(to_.row(slot), from_.row(slot / routing_.chosen), to_.width * sizeof(float));
    }
  }

 private:
  const Routing& routing_;
  int first_;
  Buffer from_, to_;
};

// What the experts of each token returned, times their weights: y = scale * sum, or that added.
class CombineOp : public TokenOp {
 public:
  CombineOp(const PlainKernels& kernels, const Routing& routing, Buffer from, Buffer to,
            float scale, bool added)
      : kernels_(kernels), routing_(routing), from_(from), to_(to), scale_(scale), added_(added) {}

  const char* name() const override { return "combine"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    float* y = to_.row(piece);
    if (!added_) {
      std::memset(y, 0, to_.width * sizeof(float));
    }
    for (int64_t slot = piece * routing_.chosen; slot < (piece + 1) * routing_.chosen; slot++) {
      kernels_.elements->addScaled(y, from_.row(slot), scale_ * routing_.weights[slot], to_.width,
                                   y);
    }
  }

 private:
  const PlainKernels& kernels_;
  const Routing& routing_;
  Buffer from_, to_;
  float scale_;
  bool added_;
};

}  // namespace adapt4j
