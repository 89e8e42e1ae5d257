// Restores weights: each is its number times its scale in fp32, rounded once. A thread takes words
// of eight weights, a block's width apart, so that loads and stores of a warp are contiguous.
#include "fourbit.cuh"

#define DEQUANTIZE_THREADS 256
#define DEQUANTIZE_WORDS 4

DEVICE void put8(float* target, const float (&values)[8]) {
  float4* vectors = (float4*)target;
  vectors[0] = make_float4(values[0], values[1], values[2], values[3]);
  vectors[1] = make_float4(values[4], values[5], values[6], values[7]);
}

DEVICE void put8(Bf16* target, const float (&values)[8]) {
  *(uint4*)target = make_uint4(bf16_pair(values[0], values[1]), bf16_pair(values[2], values[3]),
                               bf16_pair(values[4], values[5]), bf16_pair(values[6], values[7]));
}

DEVICE u32 f16_pair(float low, float high) { return (u32)f16_of(low) | (u32)f16_of(high) << 16; }

DEVICE void put8(F16* target, const float (&values)[8]) {
  *(uint4*)target = make_uint4(f16_pair(values[0], values[1]), f16_pair(values[2], values[3]),
                               f16_pair(values[4], values[5]), f16_pair(values[6], values[7]));
}

template <class T>
DEVICE void restore_word(u32 word, u64 index, T* RESTRICT target, bool aligned, const float* table,
                         SCALES) {
  float scale = scale_at(index, SCALES_OF); // blocks hold whole words
  float values[8];
  UNROLL
  for (int i = 0; i < 8; i++) {
    values[i] = weight_of(word, i, table, scale);
  }
  if (aligned) {
    put8(target + index, values);
  } else {
    UNROLL
    for (int i = 0; i < 8; i++) {
      put(target + index + i, values[i]);
    }
  }
}

template <class T>
DEVICE void dequantize(T* RESTRICT target, u64 count, WEIGHT) {
  SHARED float table[16];
  fill_table(table, numbers);
  bool aligned = ((u64)target & 15) == 0;
  u64 whole = count >> 3;
  u64 first = (u64)block_column() * (DEQUANTIZE_THREADS * DEQUANTIZE_WORDS) + thread_index();
  u32 words[DEQUANTIZE_WORDS];
  UNROLL
  for (int j = 0; j < DEQUANTIZE_WORDS; j++) {
    u64 at = first + j * DEQUANTIZE_THREADS;
    words[j] = at < whole ? load((const u32*)packed + at) : 0;
  }
  UNROLL
  for (int j = 0; j < DEQUANTIZE_WORDS; j++) {
    u64 at = first + j * DEQUANTIZE_THREADS;
    if (at < whole) {
      restore_word(words[j], at << 3, target, aligned, table, SCALES_OF);
    } else if (at == whole) {
      for (u64 index = whole << 3; index < count; index++) {
        put(target + index, weight_at(index, table, packed, SCALES_OF));
      }
    }
  }
}

#define DEQUANTIZE(name, type)                         \
  KERNEL(DEQUANTIZE_THREADS)                           \
  name(type* target, u64 count, WEIGHT) {              \
    dequantize(target, count, WEIGHT_OF);              \
  }

DEQUANTIZE(dequantize_f32, float)
DEQUANTIZE(dequantize_f16, F16)
DEQUANTIZE(dequantize_bf16, Bf16)
