#pragma once

// A step as operators read it, made of what a program is told of its tokens.

#include <algorithm>

#include "step_base.h"

namespace adapt4j {

class StepDescription {
 public:
  // Of each token: id, slot, place, first, position, adapter; which ones' logits are wanted; tables
  // [tables, 2, tokens, half] with cosines and sines. Lasts until the next.
  Step describe(int tokens, const int* of, int outputs, const int* outputOf, int tables,
                const int* halves, const float* turns) {
    Step step{};
    step.tokens = tokens;
    step.ids = of;
    step.slots = of + tokens;
    step.places = of + 2 * tokens;
    step.firsts = of + 3 * tokens;
    step.positions = of + 4 * tokens;
    step.adapters = of + 5 * tokens;
    step.outputs = outputs;
    step.outputOf = outputOf;
    group(tokens, step.adapters, order_, groups_);
    step.order = order_.data();
    step.group = groups_.data();
    step.groups = static_cast<int>(groups_.size());
    group(tokens, step.slots, sequenceOrder_, sequences_);
    step.sequenceOrder = sequenceOrder_.data();
    step.sequence = sequences_.data();
    step.sequences = static_cast<int>(sequences_.size());
    cos_.clear();
    sin_.clear();
    for (int i = 0; i < tables; i++) {
      cos_.push_back(turns);
      sin_.push_back(turns + static_cast<int64_t>(tokens) * halves[i]);
      turns += 2L * tokens * halves[i];
    }
    step.cos = cos_.data();
    step.sin = sin_.data();
    for (int t = 0; t < tokens; t++) {
      const int64_t seen = step.places[t] - step.firsts[t] + 1;
      step.longest = seen > step.longest ? seen : step.longest;
    }
    return step;
  }

  // The tokens of a step whose logits are wanted, as a step of their own.
  Step describeOutputs(const Step& all, const int* of, int tables, const int* halves) {
    of_.clear();
    turns_.clear();
    outputOf_.clear();
    for (int kind = 0; kind < 6; kind++) {
      for (int i = 0; i < all.outputs; i++) {
        of_.push_back(of[kind * all.tokens + all.outputOf[i]]);
      }
    }
    for (int table = 0; table < tables; table++) {
      for (const float* values : {all.cos[table], all.sin[table]}) {
        for (int i = 0; i < all.outputs; i++) {
          const float* row = values + static_cast<int64_t>(all.outputOf[i]) * halves[table];
          turns_.insert(turns_.end(), row, row + halves[table]);
        }
      }
    }
    for (int i = 0; i < all.outputs; i++) {
      outputOf_.push_back(i);
    }
    return describe(all.outputs, of_.data(), all.outputs, outputOf_.data(), tables, halves,
                    turns_.data());
  }

 private:
  // Brings tokens of the same number together, in their order.
  static void group(int tokens, const int* numbers, std::vector<int>& order,
                    std::vector<TokenGroup>& groups) {
    order.resize(tokens);
    for (int t = 0; t < tokens; t++) {
      order[t] = t;
    }
    std::stable_sort(order.begin(), order.end(),
                     [numbers](int a, int b) { return numbers[a] < numbers[b]; });
    groups.clear();
    for (int i = 0; i < tokens; i++) {
      const int number = numbers[order[i]];
      if (groups.empty() || groups.back().number != number) {
        groups.push_back(TokenGroup{number, i, i});
      }
      groups.back().end = i + 1;
    }
  }

  std::vector<int> order_, sequenceOrder_;
  std::vector<TokenGroup> groups_, sequences_;
  std::vector<const float*> cos_, sin_;

  // Of outputs alone.
  std::vector<int> of_, outputOf_;
  std::vector<float> turns_;
};

}  // namespace adapt4j
