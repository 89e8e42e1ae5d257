#pragma once

// Norms, gates and softmax losses of the rows of a batch, and their derivatives: one pass over each
// row, sums in fp32.

#include "avx2.h"
#include "avx512.h"
#include "four_bit_weight.h"
#include "lanes.h"
#include "threads.h"

namespace adapt4j {

// The loss of a row of logits.
struct RowLoss {
  int64_t vocabulary;
  float cap;         // logits were capped so; 0 for not
  float scale;       // what scores were multiplied by before
  bool gradient;     // logits are replaced by the derivative of the loss by the scores
};

// Mean 0 and variance 1 of a row, or of its sum with another.
struct LayerNormRule {
  const void* weight;
  const void* bias;  // or null
  int64_t width;
  float epsilon;
};

struct RowKernels {
  // y = norm(x), or norm(x + added) where that is not null; y is not x.
  void (*layerNorm)(const LayerNormRule& rule, const void* x, const void* added, int type, void* y);

  // y = f(x); the two may be the same.
  void (*activate)(int kind, const void* x, int type, int64_t width, void* y);

  void (*rmsNorm)(const void* x, const void* weight, int type, int64_t width, float offset,
                  float epsilon, void* y);

  // dx, to which added comes where that is not null; and where dweight is not null the derivative by
  // the weight added to it.
  void (*rmsNormBackward)(const void* dy, const void* x, const void* weight, int type,
                          int64_t width, float offset, float epsilon, const void* added, void* dx,
                          float* dweight);

  void (*gated)(int kind, const void* x, int type, int64_t width, void* y);

  void (*gatedBackward)(int kind, const void* dy, const void* x, int type, int64_t width,
                        void* dx);

  // y [width] in a type from a row in SCALED8.
  void (*restore)(const void* row, int64_t width, int type, void* y);

  // -log p(target); the derivative is multiplied by weight.
  float (*crossEntropy)(const RowLoss& rule, void* logits, int type, int64_t target,
                        float weight);
};

}  // namespace adapt4j

#include "brain_rows.h"

namespace adapt4j {
namespace lanes {

ADAPT4J_INLINE float meanSquare(const void* x, int type, int64_t width) {
  Floats sums = {};
  for (int64_t i = 0; i < width; i += WIDTH) {
    const Floats values = loadSome(x, type, i, width);
    sums += values * values;
  }
  return sum(sums) / width;
}

template <int TYPE>
ADAPT4J_INLINE void rmsNormRow(const void* x, const void* weight, int64_t width, float offset,
                               float epsilon, void* y) {
  const float inverse = 1 / std::sqrt(meanSquare(x, TYPE, width) + epsilon);
  for (int64_t i = 0; i < width; i += WIDTH) {
    const Floats factor = loadSome(weight, TYPE, i, width) + offset;
    putSome(loadSome(x, TYPE, i, width) * inverse * factor, y, TYPE, i, width);
  }
}

template <int TYPE>
ADAPT4J_INLINE void rmsNormBackwardRow(const void* dy, const void* x, const void* weight,
                                       int64_t width, float offset, float epsilon,
                                       const void* added, void* dx, float* dweight) {
  const float inverse = 1 / std::sqrt(meanSquare(x, TYPE, width) + epsilon);
  Floats sums = {};
  for (int64_t i = 0; i < width; i += WIDTH) {
    const Floats normal = loadSome(x, TYPE, i, width) * inverse;
    const Floats d = loadSome(dy, TYPE, i, width);
    sums += d * (loadSome(weight, TYPE, i, width) + offset) * normal;
    if (dweight != nullptr) {
      putSome(loadSome(dweight, i, width) + d * normal, dweight, i, width);
    }
  }
  const float along = sum(sums) / width;
  for (int64_t i = 0; i < width; i += WIDTH) {
    const Floats normal = loadSome(x, TYPE, i, width) * inverse;
    const Floats g =
        loadSome(dy, TYPE, i, width) * (loadSome(weight, TYPE, i, width) + offset);
    const Floats d = (g - normal * along) * inverse;
    putSome(added == nullptr ? d : d + loadSome(added, TYPE, i, width), dx, TYPE, i, width);
  }
}

// Sums over a row's entries of (x - center)^POWER.
template <int TYPE, int POWER>
ADAPT4J_INLINE float moment(const void* x, float center, int64_t width) {
  Floats sums = {};
  int64_t i = 0;
  for (; i + WIDTH <= width; i += WIDTH) {
    const Floats values = load(x, TYPE, i) - center;
    sums += POWER == 1 ? values : values * values;
  }
  float rest = 0;
  for (; i < width; i++) {
    const float value = valueAt(x, TYPE, i) - center;
    rest += POWER == 1 ? value : value * value;
  }
  return sum(sums) + rest;
}

template <int TYPE>
ADAPT4J_INLINE void layerNormRow(const LayerNormRule& rule, const void* x, const void* added,
                                 void* y) {
  const int64_t width = rule.width;
  if (added != nullptr) {
    for (int64_t i = 0; i < width; i += WIDTH) {
      putSome(loadSome(x, TYPE, i, width) + loadSome(added, TYPE, i, width), y, TYPE, i, width);
    }
    x = y;
  }
  const float mean = moment<TYPE, 1>(x, 0, width) / width;
  const float inverse = 1 / std::sqrt(moment<TYPE, 2>(x, mean, width) / width + rule.epsilon);
  for (int64_t i = 0; i < width; i += WIDTH) {
    Floats values = (loadSome(x, TYPE, i, width) - mean) * inverse;
    values *= loadSome(rule.weight, TYPE, i, width);
    if (rule.bias != nullptr) {
      values += loadSome(rule.bias, TYPE, i, width);
    }
    putSome(values, y, TYPE, i, width);
  }
}

template <int KIND, int TYPE>
ADAPT4J_INLINE void activateRow(const void* x, int64_t width, void* y) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    putSome(activated(KIND, loadSome(x, TYPE, i, width)), y, TYPE, i, width);
  }
}

// The derivative of activated.
ADAPT4J_INLINE Floats slope(int kind, Floats x) {
  if (kind == SILU) {
    const Floats s = 1.0f / (1.0f + exponential(-x));
    return s * (1.0f + x * (1.0f - s));
  }
  const Floats t = tanhOf(0.79788456080286536f * (x + 0.044715f * x * x * x));
  return 0.5f * (1.0f + t) +
         0.5f * x * (1.0f - t * t) * 0.79788456080286536f * (1.0f + 3 * 0.044715f * x * x);
}

template <int TYPE>
ADAPT4J_INLINE void restoreRow(const void* row, int64_t width, void* y) {
  float scale;
  std::memcpy(&scale, static_cast<const uint8_t*>(row) + width, sizeof scale);
  for (int64_t i = 0; i < width; i += WIDTH) {
    putSome(all(scale) * loadSome(row, SCALED8, i, width), y, TYPE, i, width);
  }
}

template <int KIND, int TYPE>
ADAPT4J_INLINE void gatedRow(const void* x, int64_t width, void* y) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    // The up half begins at width: past its end nothing may be read.
    Floats up = {};
    if (i + WIDTH <= width) {
      up = load(x, TYPE, width + i);
    } else {
      for (int64_t j = i; j < width; j++) {
        up[j - i] = valueAt(x, TYPE, width + j);
      }
    }
    putSome(activated(KIND, loadSome(x, TYPE, i, width)) * up, y, TYPE, i, width);
  }
}

template <int KIND, int TYPE>
ADAPT4J_INLINE void gatedBackwardRow(const void* dy, const void* x, int64_t width, void* dx) {
  auto* both = static_cast<uint8_t*>(dx);
  for (int64_t i = 0; i < width; i += WIDTH) {
    Floats up = {};
    if (i + WIDTH <= width) {
      up = load(x, TYPE, width + i);
    } else {
      for (int64_t j = i; j < width; j++) {
        up[j - i] = valueAt(x, TYPE, width + j);
      }
    }
    const Floats gate = loadSome(x, TYPE, i, width), d = loadSome(dy, TYPE, i, width);
    putSome(d * up * slope(KIND, gate), dx, TYPE, i, width);
    putSome(d * activated(KIND, gate), both + width * bytesOf(TYPE), TYPE, i, width);
  }
}

template <int TYPE>
ADAPT4J_INLINE float crossEntropyRow(const RowLoss& rule, void* logits, int64_t target,
                                     float weight) {
  const int64_t width = rule.vocabulary;
  const float given = valueAt(logits, TYPE, target);
  Floats most = all(-INFINITY);
  int64_t i = 0;
  for (; i + WIDTH <= width; i += WIDTH) {
    most = larger(load(logits, TYPE, i), most);
  }
  float highest = -INFINITY;
  for (; i < width; i++) {
    const float value = valueAt(logits, TYPE, i);
    highest = value > highest ? value : highest;
  }
  for (int j = 0; j < WIDTH; j++) {
    highest = most[j] > highest ? most[j] : highest;
  }
  // Partial sums keep the rounding of a large vocabulary small.
  double total = 0;
  for (i = 0; i + WIDTH <= width;) {
    Floats sums = {};
    for (int k = 0; k < 64 && i + WIDTH <= width; k++, i += WIDTH) {
      sums += exponential(load(logits, TYPE, i) - highest);
    }
    total += sum(sums);
  }
  for (; i < width; i++) {
    total += std::exp(valueAt(logits, TYPE, i) - highest);
  }
  const float logSum = static_cast<float>(std::log(total)) + highest;
  if (rule.gradient) {
    for (i = 0; i < width; i += WIDTH) {
      const Floats scores = loadSome(logits, TYPE, i, width);
      Floats d = exponential(scores - logSum);
      if (target >= i && target < i + WIDTH) {
        d[target - i] -= 1;
      }
      d *= weight * rule.scale;
      if (rule.cap > 0) {
        const Floats tangent = scores / rule.cap;
        d *= 1.0f - tangent * tangent;
      }
      putSome(d, logits, TYPE, i, width);
    }
  }
  return logSum - given;
}

}  // namespace lanes

// The same loops for each instruction set.
#define ADAPT4J_ROW_KERNELS(TARGET)                                                              \
  TARGET inline void layerNormRow(const LayerNormRule& rule, const void* x, const void* added,   \
                                  int type, void* y) {                                           \
    type == F32 ? lanes::layerNormRow<F32>(rule, x, added, y)                                    \
                : lanes::layerNormRow<BF16>(rule, x, added, y);                                  \
  }                                                                                              \
  TARGET inline void activateRow(int kind, const void* x, int type, int64_t width, void* y) {    \
    if (kind == GELU) {                                                                          \
      type == F32 ? lanes::activateRow<GELU, F32>(x, width, y)                                   \
                  : lanes::activateRow<GELU, BF16>(x, width, y);                                 \
    } else {                                                                                     \
      type == F32 ? lanes::activateRow<GELU_TANH, F32>(x, width, y)                              \
                  : lanes::activateRow<GELU_TANH, BF16>(x, width, y);                            \
    }                                                                                            \
  }                                                                                              \
  TARGET inline void rmsNormRow(const void* x, const void* weight, int type, int64_t width,      \
                                float offset, float epsilon, void* y) {                          \
    type == F32 ? lanes::rmsNormRow<F32>(x, weight, width, offset, epsilon, y)                   \
                : lanes::rmsNormRow<BF16>(x, weight, width, offset, epsilon, y);                 \
  }                                                                                              \
  TARGET inline void rmsNormBackwardRow(const void* dy, const void* x, const void* weight,       \
                                        int type, int64_t width, float offset, float epsilon,    \
                                        const void* added, void* dx, float* dweight) {           \
    type == F32 ? lanes::rmsNormBackwardRow<F32>(dy, x, weight, width, offset, epsilon, added,   \
                                                 dx, dweight)                                    \
                : lanes::rmsNormBackwardRow<BF16>(dy, x, weight, width, offset, epsilon, added,  \
                                                  dx, dweight);                                  \
  }                                                                                              \
  TARGET inline void gatedRow(int kind, const void* x, int type, int64_t width, void* y) {       \
    if (kind == SILU) {                                                                          \
      type == F32 ? lanes::gatedRow<SILU, F32>(x, width, y)                                      \
                  : lanes::gatedRow<SILU, BF16>(x, width, y);                                    \
    } else {                                                                                     \
      type == F32 ? lanes::gatedRow<GELU_TANH, F32>(x, width, y)                                 \
                  : lanes::gatedRow<GELU_TANH, BF16>(x, width, y);                               \
    }                                                                                            \
  }                                                                                              \
  TARGET inline void gatedBackwardRow(int kind, const void* dy, const void* x, int type,         \
                                      int64_t width, void* dx) {                                 \
    if (kind == SILU) {                                                                          \
      type == F32 ? lanes::gatedBackwardRow<SILU, F32>(dy, x, width, dx)                         \
                  : lanes::gatedBackwardRow<SILU, BF16>(dy, x, width, dx);                       \
    } else {                                                                                     \
      type == F32 ? lanes::gatedBackwardRow<GELU_TANH, F32>(dy, x, width, dx)                    \
                  : lanes::gatedBackwardRow<GELU_TANH, BF16>(dy, x, width, dx);                  \
    }                                                                                            \
  }                                                                                              \
  TARGET inline float crossEntropyRow(const RowLoss& rule, void* logits, int type,               \
                                      int64_t target, float weight) {                            \
    return type == F32 ? lanes::crossEntropyRow<F32>(rule, logits, target, weight)               \
                       : lanes::crossEntropyRow<BF16>(rule, logits, target, weight);             \
  }                                                                                              \
  TARGET inline void restoreRow(const void* row, int64_t width, int type, void* y) {              \
    type == F32 ? lanes::restoreRow<F32>(row, width, y) : lanes::restoreRow<BF16>(row, width, y); \
  }                                                                                              \
  constexpr RowKernels ROWS{layerNormRow, activateRow,      rmsNormRow, rmsNormBackwardRow,        \
                            gatedRow,     gatedBackwardRow, restoreRow, crossEntropyRow};

namespace scalar {
ADAPT4J_ROW_KERNELS()
}
#if defined(__x86_64__)
namespace avx2 {
ADAPT4J_ROW_KERNELS(ADAPT4J_AVX2)
}
namespace avx512 {
ADAPT4J_ROW_KERNELS(ADAPT4J_AVX512)
}
namespace brain {

inline void anyActivation(int kind, const void* x, int type, int64_t width, void* y) {
  if (kind == GELU_TANH && type == BF16) {
    geluTanhRow(static_cast<const uint16_t*>(x), width, static_cast<uint16_t*>(y));
  } else {
    avx512::activateRow(kind, x, type, width, y);
  }
}

inline void anyGated(int kind, const void* x, int type, int64_t width, void* y) {
  if (type == BF16) {
    (kind == SILU ? gatedRow<SILU> : gatedRow<GELU_TANH>)(static_cast<const uint16_t*>(x), width,
                                                          static_cast<uint16_t*>(y));
  } else {
    avx512::gatedRow(kind, x, type, width, y);
  }
}

inline void anyGatedBackward(int kind, const void* dy, const void* x, int type, int64_t width,
                             void* dx) {
  if (kind == SILU && type == BF16) {
    gatedBackwardRow(static_cast<const uint16_t*>(dy), static_cast<const uint16_t*>(x), width,
                     static_cast<uint16_t*>(dx));
  } else {
    avx512::gatedBackwardRow(kind, dy, x, type, width, dx);
  }
}

inline void anyRmsNorm(const void* x, const void* weight, int type, int64_t width, float offset,
                       float epsilon, void* y) {
  if (type == BF16) {
    rmsNormRow(static_cast<const uint16_t*>(x), static_cast<const uint16_t*>(weight), width,
               offset, epsilon, static_cast<uint16_t*>(y));
  } else {
    avx512::rmsNormRow(x, weight, type, width, offset, epsilon, y);
  }
}

inline void anyRmsNormBackward(const void* dy, const void* x, const void* weight, int type,
                               int64_t width, float offset, float epsilon, const void* added,
                               void* dx, float* dweight) {
  if (type == BF16) {
    rmsNormBackwardRow(static_cast<const uint16_t*>(dy), static_cast<const uint16_t*>(x),
                       static_cast<const uint16_t*>(weight), width, offset, epsilon,
                       static_cast<const uint16_t*>(added), static_cast<uint16_t*>(dx), dweight);
  } else {
    avx512::rmsNormBackwardRow(dy, x, weight, type, width, offset, epsilon, added, dx, dweight);
  }
}

inline float anyCrossEntropy(const RowLoss& rule, void* logits, int type, int64_t target,
                             float weight) {
  return type == BF16 ? crossEntropyRow(rule, static_cast<uint16_t*>(logits), target, weight)
                      : avx512::crossEntropyRow(rule, logits, type, target, weight);
}

constexpr RowKernels ROWS{avx512::layerNormRow, anyActivation,       anyRmsNorm, anyRmsNormBackward,
                          anyGated,             anyGatedBackward,    avx512::restoreRow,
                          anyCrossEntropy};

}  // namespace brain
#endif

inline const RowKernels& rowKernelsOf(int variant) {
#if defined(__x86_64__)
  return variant == SCALAR   ? scalar::ROWS
         : variant == AVX2   ? avx2::ROWS
         : variant == AVX512 ? avx512::ROWS
                             : brain::ROWS;
#else
  return scalar::ROWS;
#endif
}

}  // namespace adapt4j
