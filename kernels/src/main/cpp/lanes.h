#pragma once

// Loops over the entries of a vector, 16 at a time. Compiled anew for each instruction set that they
// are inlined for.

#include <cmath>

#include "kernels.h"

namespace adapt4j {

// Element-wise functions by the numbers that io.adapt4j.core.internal.tensor.op.Activation has.
enum ActivationKind { SILU, GELU, GELU_TANH, RELU, TANH, RELU_SQUARED, SIGMOID, QUICK_GELU };

struct NormRule {
  bool centered;      // mean 0, as LayerNorm
  const void* weight;
  const void* bias;   // or null
  int type;           // of weight and bias
  float offset;       // added to the weights
  float epsilon;
};

struct ElementKernels {
  // y = norm(x) over width entries; x and y may be the same.
  void (*norm)(const NormRule& rule, const float* x, int64_t width, float* y);

  // y = gain * f(x), times up where that is not null.
  void (*activate)(int kind, const float* x, const float* up, float gain, int64_t width, float* y);

  // Scores become probabilities: scaled, capped where cap is not 0, normalized. A sink, where it is
  // not null, is one more score that takes its share.
  void (*softmax)(float* scores, int64_t count, float scale, float cap, const float* sink);

  // y = base + factor * x.
  void (*addScaled)(const float* base, const float* x, float factor, int64_t width, float* y);

  // Turns the first 2 half entries of a head.
  void (*rotate)(float* head, const float* cos, const float* sin, int64_t half);

  // The same with pairs of neighbors.
  void (*rotatePairs)(float* head, const float* cos, const float* sin, int64_t half);

  // y = (up + 1) gate sigmoid(alpha gate) of neighbors gate and up, cut at a limit.
  void (*clampedGated)(const float* x, float alpha, float limit, int64_t width, float* y);

  // y = xIELU(x): above x x + x / 2 over 0, steep (e^x - 1 - x) + x / 2 below.
  void (*learned)(const float* x, float above, float steep, int64_t width, float* y);

  // y, as long as other is: times rms(other) / rms(y), whose square is at least epsilon.
  void (*match)(const float* other, float epsilon, int64_t width, float* y);

  // How far x is above mean + quantile deviation of its entries, 0 for those below. x and y may be
  // the same.
  void (*above)(const float* x, float quantile, int64_t width, float* y);
};

namespace lanes {

constexpr int WIDTH = 16;

typedef float Floats __attribute__((vector_size(WIDTH * 4), aligned(4)));
typedef int32_t Ints __attribute__((vector_size(WIDTH * 4), aligned(4)));
typedef uint32_t Bits __attribute__((vector_size(WIDTH * 4), aligned(4)));
typedef uint16_t Halves __attribute__((vector_size(WIDTH * 2), aligned(2)));
typedef int8_t Bytes __attribute__((vector_size(WIDTH), aligned(1)));

ADAPT4J_INLINE Floats all(float value) { return value - Floats{}; }

ADAPT4J_INLINE Floats load(const float* from) {
  Floats values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

ADAPT4J_INLINE void put(Floats values, float* to) { std::memcpy(to, &values, sizeof values); }

template <class Words>
ADAPT4J_INLINE Floats floatsOf(Words bits) {
  Floats values;
  std::memcpy(&values, &bits, sizeof values);
  return values;
}

inline float ofHalf(uint16_t half) {
  const uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7FFF;
  if (magnitude >= 0x7C00) {
    return floatOf(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
  }
  // Exact in fp32, subnormal ones too.
  return floatOf(sign | bitsOf(floatOf(magnitude << 13) * 5.192296858534828e33f));
}

inline float valueAt(const void* from, int type, int64_t index) {
  if (type == F32) {
    return static_cast<const float*>(from)[index];
  }
  if (type == SCALED8) {
    return static_cast<const int8_t*>(from)[index];
  }
  const uint16_t bits = static_cast<const uint16_t*>(from)[index];
  return type == BF16 ? ofBrain(bits) : ofHalf(bits);
}

ADAPT4J_INLINE Floats load(const void* from, int type, int64_t index) {
  if (type == F32) {
    return load(static_cast<const float*>(from) + index);
  }
  if (type == SCALED8) {
    Bytes bytes;
    std::memcpy(&bytes, static_cast<const int8_t*>(from) + index, sizeof bytes);
    return __builtin_convertvector(bytes, Floats);
  }
  Halves halves;
  std::memcpy(&halves, static_cast<const uint16_t*>(from) + index, sizeof halves);
  if (type == BF16) {
    return floatsOf(__builtin_convertvector(halves, Bits) << 16);
  }
  Floats values;
  for (int i = 0; i < WIDTH; i++) {
    values[i] = ofHalf(halves[i]);
  }
  return values;
}

ADAPT4J_INLINE float sum(Floats values) {
  float sum = 0;
  for (int i = 0; i < WIDTH; i++) {
    sum += values[i];
  }
  return sum;
}

ADAPT4J_INLINE float dot(const void* row, int type, const float* x, int64_t columns) {
  Floats sums = {};
  int64_t i = 0;
  for (; i + WIDTH <= columns; i += WIDTH) {
    sums += load(row, type, i) * load(x + i);
  }
  float rest = 0;
  for (; i < columns; i++) {
    rest += valueAt(row, type, i) * x[i];
  }
  return sum(sums) + rest;
}

ADAPT4J_INLINE void mix(const void* rows, int type, int64_t width, int64_t count,
                        const float* weights, bool added, float* out) {
  const int64_t stride = rowBytes(type, width);
  const auto* first = static_cast<const uint8_t*>(rows);
  int64_t i = 0;
  for (; i + WIDTH <= width; i += WIDTH) {
    Floats sums = {};
    if (added) {
      sums = load(out, F32, i);
    }
    for (int64_t j = 0; j < count; j++) {
      sums += all(weights[j]) * load(first + j * stride, type, i);
    }
    put(sums, out + i);
  }
  for (; i < width; i++) {
    float sum = added ? out[i] : 0;
    for (int64_t j = 0; j < count; j++) {
      sum += weights[j] * valueAt(first + j * stride, type, i);
    }
    out[i] = sum;
  }
}

#if defined(__aarch64__)

// GCC takes comparisons and conversions of vectors wider than NEON's apart: entry by entry.
constexpr int QUARTERS = 4;

typedef float QuarterFloats __attribute__((vector_size(WIDTH)));
typedef int32_t QuarterInts __attribute__((vector_size(WIDTH)));

template <class Quarter, class Whole>
ADAPT4J_INLINE void cut(Whole whole, Quarter* quarters) {
  std::memcpy(quarters, &whole, sizeof whole);
}

// yes where a is less than b, no elsewhere.
ADAPT4J_INLINE Floats whereLess(Floats a, Floats b, Floats yes, Floats no) {
  QuarterFloats left[QUARTERS], right[QUARTERS], y[QUARTERS], n[QUARTERS];
  cut(a, left);
  cut(b, right);
  cut(yes, y);
  cut(no, n);
  for (int i = 0; i < QUARTERS; i++) {
    y[i] = left[i] < right[i] ? y[i] : n[i];
  }
  Floats chosen;
  std::memcpy(&chosen, y, sizeof chosen);
  return chosen;
}

ADAPT4J_INLINE Ints cutToInts(Floats x) {
  QuarterFloats from[QUARTERS];
  QuarterInts to[QUARTERS];
  cut(x, from);
  for (int i = 0; i < QUARTERS; i++) {
    to[i] = __builtin_convertvector(from[i], QuarterInts);
  }
  Ints whole;
  std::memcpy(&whole, to, sizeof whole);
  return whole;
}

#else

// yes where a is less than b, no elsewhere.
ADAPT4J_INLINE Floats whereLess(Floats a, Floats b, Floats yes, Floats no) {
  return a < b ? yes : no;
}

ADAPT4J_INLINE Ints cutToInts(Floats x) { return __builtin_convertvector(x, Ints); }

#endif

ADAPT4J_INLINE Floats larger(Floats a, Floats b) { return whereLess(b, a, a, b); }
ADAPT4J_INLINE Floats smaller(Floats a, Floats b) { return whereLess(a, b, a, b); }

// x with the sign of another number that is not a zero below zero.
ADAPT4J_INLINE Floats withSignOf(Floats sign, Floats x) { return whereLess(sign, Floats{}, -x, x); }

// e^x to about 2 units in the last place: 2^n e^r with a polynomial of degree 6 for |r| <= ln 2 / 2.
ADAPT4J_INLINE Floats exponential(Floats x) {
  // In this order NaN stays NaN.
  x = smaller(all(88.7f), larger(all(-87.3f), x));
  const Floats n = x * 1.44269504088896341f + 12582912.0f - 12582912.0f;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = 1.3981999507e-3f * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // In two steps, since 2^128 is no fp32 number.
  const Ints whole = cutToInts(n);
  const Ints half = whole >> 1;
  const Ints rest = whole - half;
  return p * floatsOf((half + 127) << 23) * floatsOf((rest + 127) << 23);
}

ADAPT4J_INLINE Floats tanhOf(Floats x) {
  // Near 0 the difference below cancels: the series takes over.
  const Floats square = x * x;
  const Floats series =
      x * (1.0f + square * (-1.0f / 3 + square * (2.0f / 15 + square * (-17.0f / 315))));
  const Floats magnitude = withSignOf(x, x);
  const Floats e = exponential(magnitude * -2.0f);
  const Floats far = (1.0f - e) / (1.0f + e);
  return whereLess(magnitude, all(0.2f), series, withSignOf(x, far));
}

// The error function to about 2 units in the last place: near 0 a polynomial in x^2, further out
// 1 - e^p(|x|). From 4 on it is 1 in fp32.
ADAPT4J_INLINE Floats errorFunction(Floats x) {
  const Floats square = x * x;
  Floats near = square * -5.96761703e-4f + 4.99119423e-3f;
  near = near * square - 2.67681349e-2f;
  near = near * square + 1.12819925e-1f;
  near = near * square - 3.76125336e-1f;
  near = near * square + 1.28379166e-1f;
  near = near * x + x;
  const Floats magnitude = smaller(withSignOf(x, x), all(4.0f));
  Floats p = magnitude * -1.72853470e-5f + 3.83197126e-4f;
  p = p * (magnitude * magnitude) + (magnitude * -3.88396438e-3f + 2.42546219e-2f);
  p = p * magnitude - 1.06777877e-1f;
  p = p * magnitude - 6.34846687e-1f;
  p = p * magnitude - 1.28717512e-1f;
  const Floats far = 1.0f - exponential(p * magnitude - magnitude);
  return whereLess(magnitude, all(0.927734375f), near, withSignOf(x, far));
}

ADAPT4J_INLINE Floats activated(int kind, Floats x) {
  switch (kind) {
    case SILU:
      return x / (1.0f + exponential(-x));
    case GELU:
      return 0.5f * x * (1.0f + errorFunction(x * 0.70710678118654752f));
    case GELU_TANH:
      return 0.5f * x * (1.0f + tanhOf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
    case RELU:
      return larger(x, Floats{});
    case RELU_SQUARED: {
      const Floats positive = larger(x, Floats{});
      return positive * positive;
    }
    case SIGMOID:
      return 1.0f / (1.0f + exponential(-x));
    case QUICK_GELU:
      return x / (1.0f + exponential(-1.702f * x));
    default:
      return tanhOf(x);
  }
}

// Rounds to nearest even as toBrain does.
ADAPT4J_INLINE Halves rounded(Floats values) {
  Bits bits;
  std::memcpy(&bits, &values, sizeof bits);
  return __builtin_convertvector((bits + 0x7FFF + (bits >> 16 & 1)) >> 16, Halves);
}

// Entries [i, i + 16) of which those past width are 0.
ADAPT4J_INLINE Floats loadSome(const float* x, int64_t i, int64_t width) {
  if (i + WIDTH <= width) {
    return load(x + i);
  }
  float some[WIDTH] = {};
  std::memcpy(some, x + i, (width - i) * 4);
  return load(some);
}

ADAPT4J_INLINE void putSome(Floats values, float* y, int64_t i, int64_t width) {
  if (i + WIDTH <= width) {
    put(values, y + i);
  } else {
    float some[WIDTH];
    put(values, some);
    std::memcpy(y + i, some, (width - i) * 4);
  }
}

ADAPT4J_INLINE Floats loadSome(const void* from, int type, int64_t i, int64_t width) {
  if (i + WIDTH <= width) {
    return load(from, type, i);
  }
  Floats values = {};
  for (int64_t j = i; j < width; j++) {
    values[j - i] = valueAt(from, type, j);
  }
  return values;
}

ADAPT4J_INLINE void putSome(Floats values, void* to, int type, int64_t i, int64_t width) {
  if (type == F32) {
    putSome(values, static_cast<float*>(to), i, width);
  } else if (type == BF16 && i + WIDTH <= width) {
    const Halves halves = rounded(values);
    std::memcpy(static_cast<uint16_t*>(to) + i, &halves, sizeof halves);
  } else {
    for (int64_t j = i; j < width && j < i + WIDTH; j++) {
      store(values[j - i], type, to, j);
    }
  }
}

ADAPT4J_INLINE void normEntries(const NormRule& rule, const float* x, int64_t width, float* y) {
  Floats sums = {};
  float mean = 0;
  if (rule.centered) {
    for (int64_t i = 0; i < width; i += WIDTH) {
      sums += loadSome(x, i, width);
    }
    mean = sum(sums) / width;
    sums = Floats{};
    for (int64_t i = 0; i < width; i++) {
      y[i] = x[i] - mean;
    }
    x = y;
  }
  for (int64_t i = 0; i < width; i += WIDTH) {
    const Floats values = loadSome(x, i, width);
    sums += values * values;
  }
  const float inverse = 1 / std::sqrt(sum(sums) / width + rule.epsilon);
  for (int64_t i = 0; i < width; i += WIDTH) {
    Floats values = loadSome(x, i, width) * inverse;
    if (rule.weight != nullptr) {
      values *= loadSome(rule.weight, rule.type, i, width) + rule.offset;
    }
    if (rule.bias != nullptr) {
      values += loadSome(rule.bias, rule.type, i, width);
    }
    putSome(values, y, i, width);
  }
}

template <int KIND>
ADAPT4J_INLINE void activateEntries(const float* x, const float* up, float gain,
                                    int64_t width, float* y) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    Floats values = gain * activated(KIND, loadSome(x, i, width));
    if (up != nullptr) {
      values *= loadSome(up, i, width);
    }
    putSome(values, y, i, width);
  }
}

ADAPT4J_INLINE void activateKind(int kind, const float* x, const float* up, float gain,
                                 int64_t width, float* y) {
  switch (kind) {
    case SILU:
      return activateEntries<SILU>(x, up, gain, width, y);
    case GELU:
      return activateEntries<GELU>(x, up, gain, width, y);
    case GELU_TANH:
      return activateEntries<GELU_TANH>(x, up, gain, width, y);
    case RELU:
      return activateEntries<RELU>(x, up, gain, width, y);
    case RELU_SQUARED:
      return activateEntries<RELU_SQUARED>(x, up, gain, width, y);
    case SIGMOID:
      return activateEntries<SIGMOID>(x, up, gain, width, y);
    case QUICK_GELU:
      return activateEntries<QUICK_GELU>(x, up, gain, width, y);
    default:
      return activateEntries<TANH>(x, up, gain, width, y);
  }
}

ADAPT4J_INLINE void softmaxEntries(float* scores, int64_t count, float scale, float cap,
                                   const float* sink) {
  Floats most = all(-INFINITY);
  for (int64_t i = 0; i < count; i += WIDTH) {
    Floats values = loadSome(scores, i, count) * scale;
    if (cap != 0) {
      values = cap * tanhOf(values / cap);
    }
    if (i + WIDTH > count) {
      for (int64_t j = count; j < i + WIDTH; j++) {
        values[j - i] = -INFINITY;
      }
    }
    putSome(values, scores, i, count);
    most = larger(values, most);
  }
  float highest = most[0];
  for (int i = 1; i < WIDTH; i++) {
    highest = most[i] > highest ? most[i] : highest;
  }
  if (sink != nullptr && *sink > highest) {
    highest = *sink;
  }
  Floats sums = {};
  for (int64_t i = 0; i < count; i += WIDTH) {
    Floats values = exponential(loadSome(scores, i, count) - highest);
    if (i + WIDTH > count) {
      for (int64_t j = count; j < i + WIDTH; j++) {
        values[j - i] = 0;
      }
    }
    putSome(values, scores, i, count);
    sums += values;
  }
  float total = sum(sums);
  if (sink != nullptr) {
    total += exponential(all(*sink - highest))[0];
  }
  const float inverse = 1 / total;
  for (int64_t i = 0; i < count; i += WIDTH) {
    putSome(loadSome(scores, i, count) * inverse, scores, i, count);
  }
}

ADAPT4J_INLINE void addScaledEntries(const float* base, const float* x, float factor,
                                     int64_t width, float* y) {
  for (int64_t i = 0; i < width; i++) {
    y[i] = base[i] + factor * x[i];
  }
}

ADAPT4J_INLINE void rotateEntries(float* head, const float* cos, const float* sin, int64_t half) {
  for (int64_t i = 0; i < half; i++) {
    const float first = head[i], second = head[half + i];
    head[i] = first * cos[i] - second * sin[i];
    head[half + i] = second * cos[i] + first * sin[i];
  }
}

ADAPT4J_INLINE void rotatePairEntries(float* head, const float* cos, const float* sin,
                                      int64_t half) {
  for (int64_t i = 0; i < half; i++) {
    const float first = head[2 * i], second = head[2 * i + 1];
    head[2 * i] = first * cos[i] - second * sin[i];
    head[2 * i + 1] = second * cos[i] + first * sin[i];
  }
}

ADAPT4J_INLINE void clampedGatedEntries(const float* x, float alpha, float limit, int64_t width,
                                        float* y) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    Floats gate = {}, up = {};
    for (int64_t j = i; j < width && j < i + WIDTH; j++) {
      gate[j - i] = x[2 * j];
      up[j - i] = x[2 * j + 1];
    }
    gate = smaller(gate, all(limit));
    up = larger(smaller(up, all(limit)), all(-limit));
    putSome((up + 1.0f) * gate * activated(SIGMOID, gate * alpha), y, i, width);
  }
}

ADAPT4J_INLINE void learnedEntries(const float* x, float above, float steep, int64_t width,
                                   float* y) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    const Floats values = loadSome(x, i, width);
    const Floats bent = exponential(smaller(values, all(-1e-6f))) - 1.0f - values;
    const Floats curve = whereLess(Floats{}, values, values * values * above, bent * steep);
    putSome(curve + values * 0.5f, y, i, width);
  }
}

ADAPT4J_INLINE float squares(const float* x, float center, int64_t width) {
  Floats sums = {};
  int64_t i = 0;
  for (; i + WIDTH <= width; i += WIDTH) {
    const Floats values = load(x + i) - center;
    sums += values * values;
  }
  float rest = 0;
  for (; i < width; i++) {
    rest += (x[i] - center) * (x[i] - center);
  }
  return (sum(sums) + rest) / width;
}

ADAPT4J_INLINE void matchEntries(const float* other, float epsilon, int64_t width, float* y) {
  const float own = squares(y, 0, width);
  const float factor = std::sqrt(squares(other, 0, width) / (own < epsilon ? epsilon : own));
  for (int64_t i = 0; i < width; i += WIDTH) {
    putSome(loadSome(y, i, width) * factor, y, i, width);
  }
}

ADAPT4J_INLINE void aboveEntries(const float* x, float quantile, int64_t width, float* y) {
  Floats sums = {};
  for (int64_t i = 0; i < width; i += WIDTH) {
    sums += loadSome(x, i, width);
  }
  const float mean = sum(sums) / width;
  const float cut = mean + std::sqrt(squares(x, mean, width)) * quantile;
  for (int64_t i = 0; i < width; i += WIDTH) {
    const Floats values = loadSome(x, i, width) - cut;
    putSome(larger(values, Floats{}), y, i, width);
  }
}

// For any processor.

inline void norm(const NormRule& rule, const float* x, int64_t width, float* y) {
  normEntries(rule, x, width, y);
}
inline void activate(int kind, const float* x, const float* up, float gain, int64_t width,
                     float* y) {
  activateKind(kind, x, up, gain, width, y);
}
inline void softmax(float* scores, int64_t count, float scale, float cap, const float* sink) {
  softmaxEntries(scores, count, scale, cap, sink);
}
inline void addScaled(const float* base, const float* x, float factor, int64_t width, float* y) {
  addScaledEntries(base, x, factor, width, y);
}
inline void rotate(float* head, const float* cos, const float* sin, int64_t half) {
  rotateEntries(head, cos, sin, half);
}
inline void rotatePairs(float* head, const float* cos, const float* sin, int64_t half) {
  rotatePairEntries(head, cos, sin, half);
}
inline void clampedGated(const float* x, float alpha, float limit, int64_t width, float* y) {
  clampedGatedEntries(x, alpha, limit, width, y);
}
inline void learned(const float* x, float above, float steep, int64_t width, float* y) {
  learnedEntries(x, above, steep, width, y);
}
inline void match(const float* other, float epsilon, int64_t width, float* y) {
  matchEntries(other, epsilon, width, y);
}
inline void above(const float* x, float quantile, int64_t width, float* y) {
  aboveEntries(x, quantile, width, y);
}

}  // namespace lanes
}  // namespace adapt4j
