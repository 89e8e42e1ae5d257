#pragma once

// The parts of a program of steps that work on what layers read besides the residual stream.

#include "step_program.h"

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

 private:
  StepProgram& program_;
};

}  // namespace adapt4j
