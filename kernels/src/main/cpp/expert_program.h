#pragma once

// The parts of a program of steps that are mixtures of experts.

#include "step_program.h"

namespace adapt4j {

// A mixture of experts, added to a program. Outlived by what it adds.
class ExpertProgram {
 public:
  explicit ExpertProgram(StepProgram& program) : program_(program) {}

  // Chooses experts by the scores in a buffer, of which there is one each.
  void route(int scores, int chosen, bool normalized, bool sigmoid, float scale, int groups,
             int groupsKept, long long correction, int correctionType) {
    const RouteRule rule{chosen, normalized, sigmoid, scale,
                         groups, groupsKept, pointer(correction), correctionType};
    auto* op = new RouteOp(rule, program_.at(scores), program_.maxTokens());
    routing_ = &op->routing();
    program_.add(op);
  }

  // The products that follow are one of each expert: each with a call of expert before it. They go
  // to a buffer that has a row for each expert of a token, and come from such a one too where
  // ofSlots.
  void begin(bool ofSlots) { experts_ = new ExpertsOp(*routing_, ofSlots ? 1 : routing_->chosen); }

  void expert(int index) { program_.productsOf(experts_, index); }

  void end() {
    program_.productsOf(nullptr, 0);
    program_.add(experts_);
  }

  // What experts returned, times their weights.
  void combine(int from, int to, float scale, bool added) {
    program_.add(new CombineOp(program_.kernels(), *routing_, program_.at(from), program_.at(to),
                               scale, added));
  }

 private:
  static void* pointer(long long address) { return reinterpret_cast<void*>(address); }

  StepProgram& program_;
  const Routing* routing_ = nullptr;
  ExpertsOp* experts_ = nullptr;
};

}  // namespace adapt4j
