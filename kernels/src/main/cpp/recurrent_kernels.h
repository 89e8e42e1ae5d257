#pragma once

// Loops of layers that keep a state instead of keys and values, in a variant for each instruction
// set.

#include "lanes.h"

namespace adapt4j {

// Channels of a convolution over a token and those before it, which the tail holds:
// y = f(bias + sum over i of taps[i] * x[i]), times a gate where there is one.
struct Convolution {
  const float* x;      // of the newest token
  const float* times;  // multiplies it, or null
  float* tail;         // [taps - 1, stride] of those before; takes x
  const float* weights;  // [taps, stride]
  const float* bias;     // or null
  int64_t stride;
  int taps;
  bool silu;
  const float* gate;  // or null
  int64_t channels;
  float* y;
};

// A state [keyDim, valueDim] and what a token does to it: S <- decay S + k w', y = S' q. With the
// delta rule w = beta (v - (decay S)' k), else w = v.
struct StateStep {
  float* state;
  int64_t keyDim, valueDim;
  const float* key;
  const float* query;
  const float* value;
  float decay, beta;
  bool delta;
  float* y;
};

struct RecurrentKernels {
  void (*convolve)(const Convolution& convolution);
  void (*advance)(const StateStep& step);
};

namespace lanes {

ADAPT4J_INLINE void convolveChannels(const Convolution& c) {
  for (int64_t i = 0; i < c.channels; i += WIDTH) {
    Floats x = loadSome(c.x, i, c.channels);
    if (c.times != nullptr) {
      x *= loadSome(c.times, i, c.channels);
    }
    Floats sum = {};
    for (int tap = 0; tap + 1 < c.taps; tap++) {
      float* before = c.tail + tap * c.stride;
      sum += loadSome(before, i, c.channels) * loadSome(c.weights + tap * c.stride, i, c.channels);
      putSome(tap + 2 < c.taps ? loadSome(before + c.stride, i, c.channels) : x, before, i,
              c.channels);
    }
    sum += x * loadSome(c.weights + (c.taps - 1) * c.stride, i, c.channels);
    if (c.bias != nullptr) {
      sum += loadSome(c.bias, i, c.channels);
    }
    if (c.silu) {
      sum = activated(SILU, sum);
    }
    if (c.gate != nullptr) {
      sum *= loadSome(c.gate, i, c.channels);
    }
    putSome(sum, c.y, i, c.channels);
  }
}

// Vectors of a row of values, all whole where there are several.
template <int COUNT>
ADAPT4J_INLINE Floats valuesAt(const float* row, int64_t i, int64_t width) {
  return COUNT > 1 ? load(row + i) : loadSome(row, i, width);
}

template <int COUNT>
ADAPT4J_INLINE void putValues(Floats values, float* row, int64_t i, int64_t width) {
  COUNT > 1 ? put(values, row + i) : putSome(values, row, i, width);
}

// COUNT vectors of values at once, which stay in registers over all keys.
template <int COUNT>
ADAPT4J_INLINE void advanceValues(const StateStep& s, int64_t first) {
  Floats values[COUNT], sums[COUNT];
  for (int v = 0; v < COUNT; v++) {
    values[v] = valuesAt<COUNT>(s.value, first + v * WIDTH, s.valueDim);
    sums[v] = Floats{};
  }
  if (s.delta) {
    for (int64_t k = 0; k < s.keyDim; k++) {
      const float* row = s.state + k * s.valueDim;
      const float key = s.decay * s.key[k];
      for (int v = 0; v < COUNT; v++) {
        sums[v] += key * valuesAt<COUNT>(row, first + v * WIDTH, s.valueDim);
      }
    }
    for (int v = 0; v < COUNT; v++) {
      values[v] = s.beta * (values[v] - sums[v]);
      sums[v] = Floats{};
    }
  }
  for (int64_t k = 0; k < s.keyDim; k++) {
    float* row = s.state + k * s.valueDim;
    for (int v = 0; v < COUNT; v++) {
      const Floats next =
          s.decay * valuesAt<COUNT>(row, first + v * WIDTH, s.valueDim) + s.key[k] * values[v];
      putValues<COUNT>(next, row, first + v * WIDTH, s.valueDim);
      sums[v] += s.query[k] * next;
    }
  }
  for (int v = 0; v < COUNT; v++) {
    putValues<COUNT>(sums[v], s.y, first + v * WIDTH, s.valueDim);
  }
}

ADAPT4J_INLINE void advanceState(const StateStep& s) {
  int64_t first = 0;
  for (; first + 4 * WIDTH <= s.valueDim; first += 4 * WIDTH) {
    advanceValues<4>(s, first);
  }
  for (; first < s.valueDim; first += WIDTH) {
    advanceValues<1>(s, first);
  }
}

}  // namespace lanes

// The same loops for each instruction set.
#define ADAPT4J_RECURRENT_KERNELS(TARGET)                                                     \
  TARGET inline void convolve(const Convolution& c) { lanes::convolveChannels(c); }           \
  TARGET inline void advance(const StateStep& step) { lanes::advanceState(step); }            \
  constexpr RecurrentKernels RECURRENT{convolve, advance};

namespace scalar {
ADAPT4J_RECURRENT_KERNELS()
}
#if defined(__x86_64__)
namespace avx2 {
ADAPT4J_RECURRENT_KERNELS(ADAPT4J_AVX2)
}
namespace avx512 {
ADAPT4J_RECURRENT_KERNELS(ADAPT4J_AVX512)
}
#endif

inline const RecurrentKernels& recurrentKernelsOf(int variant) {
#if defined(__x86_64__)
  return variant == SCALAR ? scalar::RECURRENT
         : variant == AVX2 ? avx2::RECURRENT
                           : avx512::RECURRENT;
#else
  return scalar::RECURRENT;
#endif
}

}  // namespace adapt4j
