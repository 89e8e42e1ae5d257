#pragma once

// The parts of a program of steps that are attention whose keys and values later layers may use.

#include "step_program.h"

namespace adapt4j {

// Attention with queries in one buffer, and keys with their values behind them in another. Outlived
// by what it adds.
class SharingProgram {
 public:
  SharingProgram(StepProgram& program, int heads, int kvHeads, long long dim, int type, int layer)
      : program_(program), heads_(heads), kvHeads_(kvHeads), dim_(dim), type_(type),
        layer_(layer) {}

  // Normalizes values, which stand behind the keys or are the keys, without factors.
  void values(int keys, bool areKeys, float epsilon) {
    const NormRule rule{false, nullptr, nullptr, 0, 0, epsilon};
    const Buffer buffer = program_.at(keys);
    const int64_t width = kvHeads_ * dim_;
    program_.add(new NormOp(program_.kernels(), rule, buffer, buffer, areKeys ? 0 : width, dim_,
                            dim_, kvHeads_, areKeys ? width : 0));
  }

  // Turns keys, and puts them and the values into the layer's cache.
  void append(int keys, int table, long long half) {
    program_.add(new AppendOp(program_.kernels(), program_.at(keys), layout(0),
                              Turning{-1, table, half}));
  }

  // Turns queries, and attends over what is in the layer's cache.
  void attend(int queries, int to, int table, long long half, float scale, float cap,
              long long window) {
    const Buffer from = program_.at(queries);
    if (table >= 0) {
      program_.add(new RotateOp(program_.kernels(), from, layout(heads_),
                                Turning{table, -1, half}));
    }
    program_.add(new AttendOp(program_.kernels(), from, program_.at(to), layout(heads_), scale, cap,
                              window, {}, program_.threads()));
  }

 private:
  // Of so many queries: there are none in the buffer of the keys.
  HeadLayout layout(int queries) const {
    HeadLayout layout{};
    layout.heads = queries;
    layout.kvHeads = kvHeads_;
    layout.dim = layout.queryStride = layout.keyStride = dim_;
    layout.groupStride = heads_ / kvHeads_ * dim_;
    layout.valueStart = kvHeads_ * dim_;
    layout.rows = program_.rows();
    layout.layer = layer_;
    layout.type = type_;
    return layout;
  }

  StepProgram& program_;
  int heads_, kvHeads_;
  int64_t dim_;
  int type_, layer_;
};

}  // namespace adapt4j
