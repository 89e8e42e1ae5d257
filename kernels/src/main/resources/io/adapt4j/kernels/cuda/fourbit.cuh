// The 4-bit format of bitsandbytes: two codes a byte along the flattened matrix, the first in the
// high half; a weight is numbers[code] times the scale of its block. Buffers of codes are padded
// to whole 16 bytes.
#ifndef ADAPT4J_FOURBIT
#define ADAPT4J_FOURBIT

#include "device.cuh"

struct Bf16 {
  u16 bits;
};
struct F16 {
  u16 bits;
};

DEVICE float to_float(float value) { return value; }
DEVICE float to_float(Bf16 value) { return float_of((u32)value.bits << 16); }
DEVICE float to_float(F16 value) { return float_of_f16(value.bits); }

DEVICE void put(float* target, float value) { *target = value; }
DEVICE void put(Bf16* target, float value) { target->bits = bf16_of(value); }
DEVICE void put(F16* target, float value) { target->bits = f16_of(value); }

// A weight as the kernels take it. Scales are scale_values[block], or where scale_codes is given
// scale_numbers[scale_codes[block]] * scale_values[block >> nested_shift] + scale_offset.
#define SCALES                                                                          \
  const float *RESTRICT scale_values, const u8 *RESTRICT scale_codes,                   \
      const float *RESTRICT scale_numbers, float scale_offset, int block_shift, int nested_shift
#define WEIGHT const u8 *RESTRICT packed, const float *RESTRICT numbers, SCALES
#define SCALES_OF scale_values, scale_codes, scale_numbers, scale_offset, block_shift, nested_shift
#define WEIGHT_OF packed, numbers, SCALES_OF

// The scale of the weight at an index of the flattened matrix.
DEVICE float scale_at(u64 index, SCALES) {
  u64 block = index >> block_shift;
  if (scale_codes == 0) {
    return load(scale_values + block);
  }
  float number = load(scale_numbers + load(scale_codes + block));
  return add_once(multiply_once(number, load(scale_values + (block >> nested_shift))), scale_offset);
}

// Sixteen words lie in sixteen banks of shared memory: lookups never conflict.
DEVICE void fill_table(float* table, const float* numbers) {
  if (thread_index() < 16) {
    table[thread_index()] = load(numbers + thread_index());
  }
  sync_block();
}

// Weight i of the eight in a word.
DEVICE float weight_of(u32 word, int i, const float* table, float scale) {
  u32 code = (word >> ((i >> 1) * 8 + ((i & 1) ? 0 : 4))) & 15u;
  return multiply_once(table[code], scale);
}

// One weight, wherever it is.
DEVICE float weight_at(u64 index, const float* table, const u8* RESTRICT packed, SCALES) {
  u32 pair = load(packed + (index >> 1));
  u32 code = (index & 1) ? pair & 15u : pair >> 4;
  return multiply_once(table[code], scale_at(index, SCALES_OF));
}

#endif
