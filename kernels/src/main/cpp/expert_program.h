#pragma once

// The parts of a program of steps that are mixtures of experts.

#include "step_program.h"

namespace adapt4j {

// A mixture of experts, added to a program. Outlived by what it adds.
class ExpertProgram {
 public:
  explicit ExpertProgram(StepProgram& program) : program_(program) {}

  // Chooses experts by the scores in a buffer, of which there is one each.
  void route(int scores, int chosen, bool normalized, bool sigmoid, float epsilon, float scale,
             int groups, int groupsKept, long long correction, int correctionType, long long gains,
             int gainType) {
    route(scores, RouteRule{chosen, normalized, sigmoid, epsilon, scale, groups, groupsKept,
                            pointer(correction), correctionType, pointer(gains), gainType, -1});
  }

  // Chooses experts one after another.
  void routeOneByOne(int scores, int chosen, float tolerance) {
    route(scores, RouteRule{chosen, false, false, 0, 1, 1, 1, nullptr, 0, nullptr, 0, tolerance});
  }

  // The products that follow are one of each expert: each with a call of expert before it. They go
  // to a buffer that has a row for each expert of a token, and come from such a one too where
  // ofSlots.
  void begin(bool ofSlots) {
    const int share = ofSlots ? 1 : routing_->chosen;
    experts_ = new ExpertsOp(*routing_, share);
    program_.keep(updates_ = new ExpertUpdates(*routing_, share));
  }

  void expert(int index) { program_.productsOf(experts_, index); }

  void end() {
    program_.productsOf(nullptr, 0);
    program_.add(experts_);
  }

  // Adds an update B A of an adapter to the product of an expert, of those that begin and end are
  // around. Where it is on, tokens that name no adapter have it too. A x goes to so many entries of
  // the inner buffer.
  void lowRankTerm(int expert, int adapter, bool on, long long a, long long b, int type,
                   long long rank, long long start) {
    LowRankTerms& updates = updates_->experts[expert];
    updates.terms.push_back(LowRankTerm{adapter, on, pointer(a), pointer(b), type, rank, start});
    updates.widest = rank > updates.widest ? rank : updates.widest;
  }

  // Adds the updates to the results of these products: y += scale * B A x. The inner buffer has a
  // row for each expert of a token.
  void lowRank(int from, int inner, int to, long long rows, long long columns, float scale) {
    const Buffer between = program_.at(inner);
    program_.add(new ExpertLowRankDownOp(program_.kernels(), *updates_, program_.at(from), between,
                                         columns));
    program_.add(new ExpertLowRankUpOp(program_.kernels(), *updates_, between, program_.at(to), rows,
                                       scale, program_.threads()));
  }

  // Puts the inputs of experts from one on where their results are expected.
  void returnInput(int first, int from, int to) {
    program_.add(new ReturnInputOp(*routing_, first, program_.at(from), program_.at(to)));
  }

  // What experts returned, times their weights.
  void combine(int from, int to, float scale, bool added) {
    program_.add(new CombineOp(program_.kernels(), *routing_, program_.at(from), program_.at(to),
                               scale, added));
  }

 private:
  void route(int scores, const RouteRule& rule) {
    auto* op = new RouteOp(rule, program_.at(scores), program_.maxTokens());
    routing_ = &op->routing();
    program_.add(op);
  }

  static void* pointer(long long address) { return reinterpret_cast<void*>(address); }

  StepProgram& program_;
  const Routing* routing_ = nullptr;
  ExpertsOp* experts_ = nullptr;
  ExpertUpdates* updates_ = nullptr;
};

}  // namespace adapt4j
