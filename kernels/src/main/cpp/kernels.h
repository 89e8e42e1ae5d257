#pragma once

// What each variant brings, and the variant for any processor.

#include "quantize.h"
#include "weight_data.h"

namespace adapt4j {

// Most tokens that one pass over the weights multiplies.
constexpr int MAX_TOKENS = 8;

// Where products go: columns first ... of [tokens, outputs].
struct Products {
  void* y;
  int type;
  int64_t outputs;
  int64_t first;

  void put(int64_t token, int64_t row, float value) const {
    store(value, type, y, token * outputs + first + row);
  }
};

struct Kernels {
  // Scales of groups from first on, one a group.
  void (*scales)(const WeightData& weight, int64_t first, int64_t count, float* out);

  // Restores whole groups. Past the caches where out is at a cache line and too large for them:
  // ordinary stores read what they overwrite first.
  void (*dequantize)(const float* numbers, const uint8_t* packed, const float* scales,
                     int64_t groups, int type, bool pastCaches, void* out);

  // Bytes of one token made ready for products.
  int64_t (*preparedBytes)(int64_t columns, int type);

  // Brings a token into the order in which products take weights from their bytes.
  void (*prepare)(const void* x, int type, int64_t columns, void* out);

  // Products of rows [start, end) with 1 to MAX_TOKENS prepared tokens; rows are whole groups.
  // scales has room for MAX_ROWS rows.
  void (*multiply)(const WeightData& weight, const void* x, int xType, int tokens, float* scales,
                   int64_t start, int64_t end, const Products& products);

  // Quantizes the pieces of a run that are left.
  void (*quantize)(Quantizing& job);
};

// Most rows that share a pass over the tokens.
constexpr int MAX_ROWS = 4;

// Compiled anew for each instruction set that it is inlined for.
ADAPT4J_INLINE void decodeScales(const WeightData& weight, int64_t first, int64_t count,
                                 float* out) {
  if (weight.groupsPerBlock > 1) {
    for (int64_t i = 0; i < count; i++) {
      out[i] = weight.scaleOfGroup(first + i);
    }
  } else if (!weight.plain.empty()) {
    std::memcpy(out, weight.plain.data() + first, count * sizeof(float));
  } else {
    const float* numbers = weight.codeNumbers;
    const float offset = weight.offset;
    for (int64_t done = 0; done < count;) {
      int64_t at = first + done;
      int64_t left = weight.nestedBlock - at % weight.nestedBlock;
      int64_t length = left < count - done ? left : count - done;
      const uint8_t* codes = weight.codes.data() + at;
      const float absmax = weight.absmax[at / weight.nestedBlock];
      float* target = out + done;
      for (int64_t i = 0; i < length; i++) {
        target[i] = numbers[codes[i]] * absmax + offset;
      }
      done += length;
    }
  }
}

ADAPT4J_INLINE float valueOf(const void* x, int type, int64_t index) {
  return type == F32 ? static_cast<const float*>(x)[index]
                     : ofBrain(static_cast<const uint16_t*>(x)[index]);
}

namespace scalar {

inline void scales(const WeightData& weight, int64_t first, int64_t count, float* out) {
  decodeScales(weight, first, count, out);
}

inline void dequantize(const float* numbers, const uint8_t* packed, const float* scales,
                       int64_t groups, int type, bool, void* out) {
  for (int64_t g = 0; g < groups; g++) {
    for (int64_t i = g * GROUP; i < (g + 1) * GROUP; i += 2) {
      store(numbers[packed[i / 2] >> 4] * scales[g], type, out, i);
      store(numbers[packed[i / 2] & 0xF] * scales[g], type, out, i + 1);
    }
  }
}

inline int64_t preparedBytes(int64_t columns, int) { return columns * 4; }

inline void prepare(const void* x, int type, int64_t columns, void* out) {
  for (int64_t i = 0; i < columns; i++) {
    static_cast<float*>(out)[i] = valueOf(x, type, i);
  }
}

inline void multiply(const WeightData& weight, const void* x, int, int tokens, float* scales,
                     int64_t start, int64_t end, const Products& products) {
  const int64_t groups = weight.columns / GROUP;
  for (int64_t row = start; row < end; row++) {
    decodeScales(weight, row * groups, groups, scales);
    float sums[MAX_TOKENS] = {};
    for (int64_t g = 0; g < groups; g++) {
      const uint8_t* packed = weight.packed + (row * groups + g) * GROUP_BYTES;
      float values[GROUP];
      dequantize(weight.numbers, packed, scales + g, 1, F32, false, values);
      for (int t = 0; t < tokens; t++) {
        const float* token = static_cast<const float*>(x) + t * weight.columns + g * GROUP;
        for (int i = 0; i < GROUP; i++) {
          sums[t] += values[i] * token[i];
        }
      }
    }
    for (int t = 0; t < tokens; t++) {
      products.put(t, row, sums[t]);
    }
  }
}

inline void quantize(Quantizing& job) { quantizeBlocks(job); }

constexpr Kernels KERNELS{scales, dequantize, preparedBytes, prepare, multiply, quantize};

}  // namespace scalar
}  // namespace adapt4j
