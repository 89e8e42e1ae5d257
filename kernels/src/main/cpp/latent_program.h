#pragma once

// The parts of a program of steps that are multi-head latent attention.

#include "latent_op.h"
#include "step_program.h"

namespace adapt4j {

// The attention of a layer. Outlived by what it adds to a program.
class LatentProgram {
 public:
  // weight [heads, plain + value, rank] of a type: the projection of latent vectors to keys and values.
  LatentProgram(StepProgram& program, long long weight, int type, int heads, long long rank,
                long long plain, long long rotated, long long value)
      : program_(program),
        heads_{reinterpret_cast<void*>(weight), type, heads, rank, plain, rotated, value} {}

  // Puts queries and a key that the cache takes into a buffer, from which the next attend reads.
  void absorb(int queries, int latent, int to, bool pairs, int cacheType, int layer) {
    program_.add(new AbsorbOp(program_.kernels(), heads_, program_.at(queries), program_.at(latent),
                              program_.at(to)));
    const int64_t width = heads_.width(), key = heads_.heads * width;
    program_.layout(HeadLayout{heads_.heads, 1, width, width, key, key, key, width, pairs,
                               program_.rows(), layer, cacheType});
  }

  void restore(int mixed, int to) {
    program_.add(new RestoreOp(program_.kernels(), heads_, program_.at(mixed), program_.at(to)));
  }

 private:
  StepProgram& program_;
  LatentHeads heads_;
};

}  // namespace adapt4j
