#pragma once

// The parts of a program of steps that keep a state instead of keys and values.

#include "recurrent_op.h"
#include "step_program.h"

namespace adapt4j {

// A recurrence of one layer, added to a program. Outlived by what it adds.
class RecurrentProgram {
 public:
  RecurrentProgram(StepProgram& program, int layer) : program_(program), layer_(layer) {}

  // A convolution of the channels that channels() adds to it, and its gates.
  void convolve(int from, int to, long long weight, long long bias, int type, long long channels,
                int taps) {
    convolution_ =
        new ConvolveOp(program_.variant(), program_.rows(), layer_, pointer(weight), pointer(bias),
                       type, channels, taps, program_.at(from), program_.at(to));
    program_.add(convolution_);
  }

  void channels(long long from, long long channel, long long count) {
    convolution_->add(from, channel, count);
  }

  void gate(long long times, long long gates) { convolution_->gate(times, gates); }

  // The heads, and where their parts are in what was convolved.
  void heads(int groups, int heads, long long keyDim, long long valueDim, long long queries,
             long long keys, long long values) {
    heads_ = StateHeads{groups, heads, keyDim, valueDim, queries, keys, values, {}, {}, {}};
  }

  // Where in the projection a head's rate is, and a delta rule's beta and gates: start and stride of
  // each.
  void columns(long long rates, long long rateStride, long long betas, long long betaStride,
               long long gates, long long gateStride) {
    heads_.rates = HeadColumns{rates, rateStride};
    heads_.betas = HeadColumns{betas, betaStride};
    heads_.gates = HeadColumns{gates, gateStride};
  }

  void deltaRule(int projected, int convolved, int to, long long rates, long long added, int type,
                 long long weight, int weightType, float epsilon) {
    const NormRule norm{false, pointer(weight), nullptr, weightType, 0, epsilon};
    program_.add(new DeltaOp(program_.kernels(), program_.variant(), program_.rows(), layer_,
                             heads_, pointer(rates), pointer(added), type, norm,
                             program_.at(projected), program_.at(convolved), program_.at(to)));
  }

  void stateSpace(int projected, int convolved, int to, long long rates, long long added,
                  long long through, int type, float least, float most) {
    program_.add(new StateSpaceOp(program_.variant(), program_.rows(), layer_, heads_,
                                  pointer(rates), pointer(added), pointer(through), type, least,
                                  most, program_.at(projected), program_.at(convolved),
                                  program_.at(to)));
  }

 private:
  static void* pointer(long long address) { return reinterpret_cast<void*>(address); }

  StepProgram& program_;
  int layer_;
  ConvolveOp* convolution_ = nullptr;
  StateHeads heads_{};
};

}  // namespace adapt4j
