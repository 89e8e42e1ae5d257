#pragma once

// The parts of a program of steps that work on several residual streams, and on what layers read
// besides.

#include "step_program.h"
#include "stream_op.h"

namespace adapt4j {

// Outlived by what it adds to a program.
class StreamProgram {
 public:
  explicit StreamProgram(StepProgram& program) : program_(program) {}

  // Looks tokens up in a table of so many rows; the others have its first.
  void embed(int to, long long rows, int type, long long count, float factor) {
    program_.add(new EmbedOp(program_.at(to), reinterpret_cast<void*>(rows), type, factor, nullptr,
                             count));
  }

  // y = f(gates) * x, of which the columns from start on are taken.
  void gate(int kind, int gates, int from, long long start, int to) {
    program_.add(new GatedPartOp(program_.kernels(), kind, program_.at(gates), program_.at(from),
                                 start, program_.at(to)));
  }

  // What follows is done for the tokens whose logits are wanted alone. Copies their rows of buffers.
  void wanted(int count, const int* from, const int* to) {
    for (int i = 0; i < count; i++) {
      program_.add(new GatherOp(program_.at(from[i]), program_.at(to[i])));
    }
    program_.split();
  }

  // Each stream plus all of them, times S coefficients for each.
  void mix(int streams, const int* from, int coefficients, const int* to) {
    program_.add(new MixStreamsOp(program_.kernels(), all(streams, from),
                                  program_.at(coefficients), all(streams, to)));
  }

  // Each stream plus what the layer changed in the active one, times 1 + its coefficient.
  void correct(int streams, const int* from, int worked, int coefficients, int active,
               const int* to) {
    program_.add(new CorrectStreamsOp(program_.kernels(), all(streams, from), program_.at(worked),
                                      program_.at(coefficients), active, all(streams, to)));
  }

  // y, made as long as another vector is. Its own mean square counts as epsilon at least.
  void match(int other, float epsilon, int to) {
    program_.add(new MatchOp(program_.kernels(), program_.at(other), epsilon, program_.at(to)));
  }

  // How far the first columns are above a quantile of theirs, which is so many deviations from the
  // mean; 0 for those below.
  void above(int x, long long width, float quantile) {
    program_.add(new AboveOp(program_.kernels(), program_.at(x), width, quantile));
  }

  // y = x times a factor an entry.
  void times(int from, long long factors, int type, int to) {
    std::vector<float> values(program_.at(to).width);
    for (size_t i = 0; i < values.size(); i++) {
      values[i] = lanes::valueAt(reinterpret_cast<void*>(factors), type, i);
    }
    program_.add(new TimesOp(program_.at(from), std::move(values), program_.at(to)));
  }

 private:
  std::vector<Buffer> all(int count, const int* buffers) const {
    std::vector<Buffer> found;
    for (int i = 0; i < count; i++) {
      found.push_back(program_.at(buffers[i]));
    }
    return found;
  }

  StepProgram& program_;
};

}  // namespace adapt4j
