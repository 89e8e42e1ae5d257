#pragma once

// Layers of a decoding step that keep a state instead of keys and values. The tokens of a sequence
// go through it one after the other, so that how they are cut into steps changes nothing.

#include "attention_op.h"
#include "recurrent_kernels.h"

namespace adapt4j {

// Channels that stand side by side, and where they are in the projection.
struct Channels {
  int64_t from;
  int64_t channel;  // the first one's number
  int64_t count;
};

// A piece is some channels of one sequence.
class ConvolveOp : public StepOp {
 public:
  // weight [channels, taps] and bias [channels] or null, both of a type.
  ConvolveOp(int variant, const std::vector<RowCache>* rows, int layer, const void* weight,
             const void* bias, int type, int64_t channels, int taps, Buffer from, Buffer to)
      : kernels_(recurrentKernelsOf(variant)), rows_(rows), layer_(layer), stride_(channels),
        taps_(taps), from_(from), to_(to), weights_(channels * taps), bias_(bias ? channels : 0) {
    for (int64_t c = 0; c < channels; c++) {
      for (int tap = 0; tap < taps; tap++) {
        weights_[tap * channels + c] = lanes::valueAt(weight, type, c * taps + tap);
      }
      if (bias != nullptr) {
        bias_[c] = lanes::valueAt(bias, type, c);
      }
    }
  }

  // Channels of which all have the same place in the projection and here.
  void add(int64_t from, int64_t channel, int64_t count) {
    for (int64_t i = 0; i < count; i += MOST) {
      parts_.push_back(Channels{from + i, channel + i, count - i < MOST ? count - i : MOST});
    }
  }

  // Multiplies the input by other columns of the projection, and the output by others; without
  // this the output goes through SiLU.
  void gate(int64_t times, int64_t gates) {
    gated_ = true;
    times_ = times;
    gates_ = gates;
  }

  const char* name() const override { return "convolve"; }

  int64_t pieces(const Step& step) const override {
    return step.sequences * static_cast<int64_t>(parts_.size());
  }

  void run(const Step& step, int64_t piece, Worker&) const override {
    const TokenGroup& tokens = step.sequence[piece / parts_.size()];
    const Channels& part = parts_[piece % parts_.size()];
    const int64_t c = part.channel;
    Convolution convolution{};
    convolution.tail = (*rows_)[tokens.number].tails[layer_] + c;
    convolution.weights = weights_.data() + c;
    convolution.bias = bias_.empty() ? nullptr : bias_.data() + c;
    convolution.stride = stride_;
    convolution.taps = taps_;
    convolution.silu = !gated_;
    convolution.channels = part.count;
    for (int i = tokens.start; i < tokens.end; i++) {
      const int token = step.sequenceOrder[i];
      const float* x = from_.row(token);
      convolution.x = x + part.from;
      convolution.times = gated_ ? x + times_ + c : nullptr;
      convolution.gate = gated_ ? x + gates_ + c : nullptr;
      convolution.y = to_.row(token) + c;
      kernels_.convolve(convolution);
    }
  }

 private:
  // Few enough that threads share the channels of one sequence.
  static constexpr int64_t MOST = 1024;

  const RecurrentKernels& kernels_;
  const std::vector<RowCache>* rows_;
  int layer_;
  int64_t stride_;
  int taps_;
  Buffer from_, to_;
  std::vector<float> weights_, bias_;
  std::vector<Channels> parts_;
  bool gated_ = false;
  int64_t times_ = 0, gates_ = 0;
};

// Columns of the heads of each group, from one group to the next so far.
struct HeadColumns {
  int64_t start, stride;

  int64_t of(int group, int64_t inGroup) const { return start + group * stride + inGroup; }
};

// The heads of a recurrence and where their parts are. Groups of heads share keys and queries.
struct StateHeads {
  int groups, heads;
  int64_t keyDim, valueDim;
  int64_t queries, keys, values;  // the first columns of each in what was convolved
  HeadColumns rates;              // in the projection: what the decay comes from
  HeadColumns betas, gates;       // of the delta rule alone
};

// Softplus as libtorch has it.
inline float softplus(float x) { return x > 20 ? x : std::log1p(std::exp(x)); }

// A piece is one head of one sequence.
class StateOp : public StepOp {
 public:
  // [heads] each, of a type: the logarithms of rates, and what is added to steps.
  StateOp(int variant, const std::vector<RowCache>* rows, int layer, const StateHeads& heads,
          const void* rates, const void* added, int type, Buffer projected, Buffer convolved,
          Buffer to)
      : kernels_(recurrentKernelsOf(variant)), rows_(rows), layer_(layer), heads_(heads),
        projected_(projected), convolved_(convolved), to_(to) {
    for (int h = 0; h < heads.heads; h++) {
      rates_.push_back(-std::exp(lanes::valueAt(rates, type, h)));
      added_.push_back(lanes::valueAt(added, type, h));
    }
  }

  int64_t pieces(const Step& step) const override {
    return static_cast<int64_t>(step.sequences) * heads_.heads;
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const TokenGroup& tokens = step.sequence[piece / heads_.heads];
    const int head = static_cast<int>(piece % heads_.heads);
    const int each = heads_.heads / heads_.groups;
    StateStep own{};
    own.state = (*rows_)[tokens.number].states[layer_] + head * heads_.keyDim * heads_.valueDim;
    own.keyDim = heads_.keyDim;
    own.valueDim = heads_.valueDim;
    for (int i = tokens.start; i < tokens.end; i++) {
      const int token = step.sequenceOrder[i];
      const float* mixed = convolved_.row(token);
      own.query = mixed + heads_.queries + head / each * heads_.keyDim;
      own.key = mixed + heads_.keys + head / each * heads_.keyDim;
      own.value = mixed + heads_.values + head * heads_.valueDim;
      own.y = to_.row(token) + head * heads_.valueDim;
      advance(token, head / each, head % each, head, own, worker);
    }
    worker.preparedFor = nullptr;
  }

  int64_t sumBytes(const Step&) const override {
    return (2 * heads_.keyDim + heads_.valueDim) * sizeof(float);
  }

 protected:
  virtual void advance(int token, int group, int inGroup, int head, StateStep& own,
                       Worker& worker) const = 0;

  float stepOf(int token, int group, int inGroup, int head) const {
    return softplus(projected_.row(token)[heads_.rates.of(group, inGroup)] + added_[head]);
  }

  const RecurrentKernels& kernels_;
  const std::vector<RowCache>* rows_;
  int layer_;
  StateHeads heads_;
  Buffer projected_, convolved_, to_;
  std::vector<float> rates_, added_;
};

// Gated DeltaNet: what comes out of a head is normalized and gated.
class DeltaOp : public StateOp {
 public:
  DeltaOp(const PlainKernels& plain, int variant, const std::vector<RowCache>* rows, int layer,
          const StateHeads& heads, const void* rates, const void* added, int type,
          const NormRule& norm, Buffer projected, Buffer convolved, Buffer to)
      : StateOp(variant, rows, layer, heads, rates, added, type, projected, convolved, to),
        plain_(plain), norm_(norm) {}

  const char* name() const override { return "delta rule"; }

 protected:
  void advance(int token, int group, int inGroup, int head, StateStep& own,
               Worker& worker) const override {
    float* query = worker.sums;
    float* key = query + heads_.keyDim;
    unit(own.query, 1 / std::sqrt(static_cast<float>(heads_.keyDim)), query);
    unit(own.key, 1, key);
    own.query = query;
    own.key = key;
    const float* projected = projected_.row(token);
    own.decay = std::exp(rates_[head] * stepOf(token, group, inGroup, head));
    own.beta = 1 / (1 + std::exp(-projected[heads_.betas.of(group, inGroup)]));
    own.delta = true;
    kernels_.advance(own);
    const float* gate = projected + heads_.gates.of(group, inGroup * heads_.valueDim);
    plain_.elements->norm(norm_, own.y, heads_.valueDim, own.y);
    plain_.elements->activate(SILU, gate, own.y, 1, heads_.valueDim, own.y);
  }

 private:
  void unit(const float* x, float factor, float* y) const {
    float sum = 0;
    for (int64_t i = 0; i < heads_.keyDim; i++) {
      sum += x[i] * x[i];
    }
    const float scale = factor / std::sqrt(sum + 1e-6f);
    for (int64_t i = 0; i < heads_.keyDim; i++) {
      y[i] = scale * x[i];
    }
  }

  const PlainKernels& plain_;
  NormRule norm_;
};

// Mamba-2 without what comes after the state.
class StateSpaceOp : public StateOp {
 public:
  // through [heads]: how much of a value goes by the state.
  StateSpaceOp(int variant, const std::vector<RowCache>* rows, int layer, const StateHeads& heads,
               const void* rates, const void* added, const void* through, int type, float least,
               float most, Buffer projected, Buffer convolved, Buffer to)
      : StateOp(variant, rows, layer, heads, rates, added, type, projected, convolved, to),
        least_(least), most_(most) {
    for (int h = 0; h < heads.heads; h++) {
      through_.push_back(lanes::valueAt(through, type, h));
    }
  }

  const char* name() const override { return "state space"; }

 protected:
  void advance(int token, int group, int inGroup, int head, StateStep& own,
               Worker& worker) const override {
    float step = stepOf(token, group, inGroup, head);
    step = step < least_ ? least_ : step > most_ ? most_ : step;
    const float* value = own.value;
    float* stepped = worker.sums;
    for (int64_t i = 0; i < heads_.valueDim; i++) {
      stepped[i] = value[i] * step;
    }
    own.value = stepped;
    own.decay = std::exp(step * rates_[head]);
    own.delta = false;
    kernels_.advance(own);
    for (int64_t i = 0; i < heads_.valueDim; i++) {
      own.y[i] += value[i] * through_[head];
    }
  }

 private:
  float least_, most_;
  std::vector<float> through_;
};

}  // namespace adapt4j
