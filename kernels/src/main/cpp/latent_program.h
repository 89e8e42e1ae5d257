#pragma once

// The parts of a program of steps that are multi-head latent attention.

#include "choice_op.h"
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

  // Lets tokens read so many places. Keys have so many columns by which places are chosen.
  void choosing(long long chosen, long long indexed) {
    choice_ = program_.choice(chosen);
    heads_.indexed = indexed;
  }

  // Puts queries and a key that the cache takes into a buffer, from which append and attend read.
  // index: a buffer of keys by which tokens are chosen, or -1.
  void absorb(int queries, int latent, int index, int to, bool pairs, int cacheType, int layer) {
    program_.add(new AbsorbOp(program_.kernels(), heads_, program_.at(queries), program_.at(latent),
                              index < 0 ? Buffer{} : program_.at(index), program_.at(to)));
    const int64_t width = heads_.width(), key = heads_.heads * width;
    layout_ = HeadLayout{heads_.heads, 1, width, width, key, key, key, width, pairs,
                         program_.rows(), layer, cacheType, choice_};
  }

  // Turns queries and keys, and puts keys into the layer's cache.
  void append(int projected, int table, long long half) {
    program_.add(new AppendOp(program_.kernels(), program_.at(projected), layout_,
                              Turning{table, table, half, heads_.indexed}));
  }

  // Chooses the places that attend reads, also that of later layers, by queries [heads, dim] and
  // weights [heads].
  void choose(int queries, int weights) {
    program_.add(new ScoreOp(program_.kernels(), layout_, program_.at(queries),
                             program_.at(weights), *choice_));
    program_.add(new ChooseOp(*choice_));
  }

  void attend(int projected, int to, float scale, float cap, long long window) {
    program_.add(new AttendOp(program_.kernels(), program_.at(projected), program_.at(to), layout_,
                              scale, cap, window, {}, program_.threads()));
  }

  void restore(int mixed, int to) {
    program_.add(new RestoreOp(program_.kernels(), heads_, program_.at(mixed), program_.at(to)));
  }

 private:
  StepProgram& program_;
  LatentHeads heads_;
  HeadLayout layout_{};
  PlaceChoice* choice_ = nullptr;
};

}  // namespace adapt4j
