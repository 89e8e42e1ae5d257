// Quantizes: a warp a block of weights. Bit-equal to the reference in Java.
#include "fourbit.cuh"

#define QUANTIZE_WARPS 8

// By way of the reciprocal, as bitsandbytes does; a block of zeros stays zero.
DEVICE float in_unit_range(float value, float largest, float reciprocal) {
  if (largest == 0.0f) {
    return 0.0f;
  }
  bool infinite = bits_of(reciprocal) == 0x7F800000u;
  float scaled = infinite ? divide_once(value, largest) : multiply_once(value, reciprocal);
  return fmaxf(-1.0f, fminf(1.0f, scaled));
}

// The nearest of 16 rising numbers; of two as near, the lower.
DEVICE int nearest(float value, const float* table) {
  int above = 0;
  UNROLL
  for (int step = 8; step > 0; step >>= 1) {
    if (table[above + step - 1] < value) {
      above += step;
    }
  }
  if (above == 15 && table[15] < value) {
    return 15;
  }
  if (above == 0) {
    return 0;
  }
  return fabsf(value - table[above]) < fabsf(value - table[above - 1]) ? above : above - 1;
}

// Where bitsandbytes' kernel puts a value in FP4.
DEVICE int nearest_fp4(float value) {
  float size = fabsf(value);
  int code;
  if (size > 0.29166666f) {
    code = size > 0.583333f ? (size > 0.8333333f ? 3 : 2) : (size > 0.4166667f ? 5 : 4);
  } else {
    code = size > 0.0859375f ? (size > 0.20833333f ? 7 : 6) : (size > 0.00260417f ? 1 : 0);
  }
  return code | (value < 0.0f ? 8 : 0);
}

template <class T>
DEVICE void quantize(const T* RESTRICT values, u64 count, u8* RESTRICT packed,
                     float* RESTRICT absmax, const float* RESTRICT numbers, int block_shift,
                     int fp4) {
  SHARED float table[16];
  fill_table(table, numbers);
  int lane = thread_index() & 31;
  u64 block = (u64)block_column() * QUANTIZE_WARPS + (thread_index() >> 5);
  u64 start = block << block_shift;
  if (start >= count) {
    return;
  }
  u64 end = start + (1ull << block_shift);
  end = end < count ? end : count;
  float largest = 0.0f;
  for (u64 i = start + lane; i < end; i += 32) {
    largest = fmaxf(largest, fabsf(to_float(values[i])));
  }
  UNROLL
  for (int mask = 16; mask > 0; mask >>= 1) {
    largest = fmaxf(largest, shuffle_xor(largest, mask));
  }
  if (lane == 0) {
    absmax[block] = largest;
  }
  float reciprocal = divide_once(1.0f, largest);
  for (u64 i = start + 2 * lane; i < end; i += 64) {
    float first = in_unit_range(to_float(values[i]), largest, reciprocal);
    float second =
        i + 1 < end ? in_unit_range(to_float(values[i + 1]), largest, reciprocal) : 0.0f;
    int high = fp4 ? nearest_fp4(first) : nearest(first, table);
    int low = fp4 ? nearest_fp4(second) : nearest(second, table);
    packed[i >> 1] = (u8)(high << 4 | low);
  }
}

#define QUANTIZE(name, type)                                                                 \
  KERNEL(32 * QUANTIZE_WARPS)                                                                \
  name(const type* values, u64 count, u8* packed, float* absmax, const float* numbers,       \
       int block_shift, int fp4) {                                                           \
    quantize(values, count, packed, absmax, numbers, block_shift, fp4);                      \
  }

QUANTIZE(quantize_f32, float)
QUANTIZE(quantize_f16, F16)
QUANTIZE(quantize_bf16, Bf16)
