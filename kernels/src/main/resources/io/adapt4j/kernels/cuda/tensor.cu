// Products y = x W' in bf16 on tensor cores (compute capability 8.0 and up). Outputs are the rows of
// mma's A, which is restored in registers and rounded to bf16: the same numbers as dequantize_bf16
// writes. Rows of x are the columns of B. The order of a sum is free, so each lane takes neighboring
// columns of W, in one load, for the columns that mma would have from afar, and of x the same.
#include "fourbit.cuh"

#if TENSOR_CORES

DEVICE u32 pair_of(u32 word, int i, const float* table, float scale) {
  return bf16_pair(weight_of(word, i, table, scale), weight_of(word, i + 1, table, scale));
}

// Four weights of one row and of the row eight below, from the i-th of a word on.
DEVICE void fragment(u32 (&a)[4], u32 upper, u32 lower, int i, const float* table, float upper_scale,
                     float lower_scale) {
  a[0] = pair_of(upper, i, table, upper_scale);
  a[1] = pair_of(lower, i, table, lower_scale);
  a[2] = pair_of(upper, i + 2, table, upper_scale);
  a[3] = pair_of(lower, i + 2, table, lower_scale);
}

DEVICE u32 word_of(uint4 vector, int i) {
  return i == 0 ? vector.x : i == 1 ? vector.y : i == 2 ? vector.z : vector.w;
}

#define NARROW_WARPS 8

// Up to 8 * TILES rows of x: a block has 16 outputs, its warps share the columns. A lane loads 32
// weights of two outputs at a time. columns: a multiple of 32; x: aligned to 16 bytes.
template <int TILES>
DEVICE void multiply_narrow(const Bf16* RESTRICT x, Bf16* RESTRICT y, int n, int rows, int columns,
                            int stride, int first, WEIGHT) {
  SHARED float table[16];
  SHARED float sums[NARROW_WARPS][8 * TILES][17];
  fill_table(table, numbers);
  int lane = thread_index() & 31;
  int warp = thread_index() >> 5;
  int group = lane >> 2;
  int quarter = lane & 3;
  int row0 = block_column() * 16;
  int upper_row = row0 + group < rows ? row0 + group : rows - 1;
  int lower_row = row0 + group + 8 < rows ? row0 + group + 8 : rows - 1;
  float c[TILES][4];
  UNROLL
  for (int tile = 0; tile < TILES; tile++) {
    UNROLL
    for (int i = 0; i < 4; i++) {
      c[tile][i] = 0.0f;
    }
  }
  for (int slab = warp * 128; slab < columns; slab += NARROW_WARPS * 128) {
    int k = slab + quarter * 32;
    bool inside = k < columns;
    u64 upper_index = (u64)upper_row * columns + (inside ? k : 0);
    u64 lower_index = (u64)lower_row * columns + (inside ? k : 0);
    uint4 upper = load((const uint4*)(packed + (upper_index >> 1)));
    uint4 lower = load((const uint4*)(packed + (lower_index >> 1)));
    float upper_scale = inside ? scale_at(upper_index, SCALES_OF) : 0.0f;
    float lower_scale = inside ? scale_at(lower_index, SCALES_OF) : 0.0f;
    UNROLL
    for (int word = 0; word < 4; word++) {
      u32 a[2][4];
      UNROLL
      for (int half = 0; half < 2; half++) {
        fragment(a[half], word_of(upper, word), word_of(lower, word), 4 * half, table, upper_scale,
                 lower_scale);
      }
      UNROLL
      for (int tile = 0; tile < TILES; tile++) {
        int token = tile * 8 + group;
        uint4 b = make_uint4(0, 0, 0, 0);
        if (inside && token < n) {
          b = load((const uint4*)(x + (u64)token * columns + k + 8 * word));
        }
        multiply_add(c[tile], a[0], b.x, b.y);
        multiply_add(c[tile], a[1], b.z, b.w);
      }
    }
  }
  UNROLL
  for (int tile = 0; tile < TILES; tile++) {
    UNROLL
    for (int i = 0; i < 4; i++) {
      sums[warp][tile * 8 + quarter * 2 + (i & 1)][group + 8 * (i >> 1)] = c[tile][i];
    }
  }
  sync_block();
  int token = thread_index() >> 4;
  int row = thread_index() & 15;
  if (token < 8 * TILES && token < n && row0 + row < rows) {
    float sum = 0.0f;
    UNROLL
    for (int w = 0; w < NARROW_WARPS; w++) {
      sum += sums[w][token][row];
    }
    put(y + (u64)token * stride + first + row0 + row, sum);
  }
}

#define WIDE_WARPS 4
#define WIDE_THREADS (32 * WIDE_WARPS)
#define WIDE_ROWS (32 * WIDE_WARPS)
#define SLAB 64

// Where 16 bytes of x lie in a slab: neighboring rows swap neighboring chunks, so that the eight
// lanes of a phase read from different banks.
DEVICE int chunk_at(int token, int chunk) { return token * SLAB + ((chunk ^ (token & 1)) << 3); }

// Where eight outputs of a row of y wait to be written.
DEVICE int output_at(int token, int row) {
  return token * WIDE_ROWS + (((row >> 3) ^ (token & 15)) << 3) + (row & 7);
}

template <int TOKENS>
DEVICE void fetch(u16* slab, const Bf16* x, int token0, int n, int columns, int k) {
  for (int i = thread_index(); i < TOKENS * 8; i += WIDE_THREADS) {
    int token = i >> 3;
    int chunk = i & 7;
    bool valid = token0 + token < n;
    u64 row = valid ? (u64)(token0 + token) : 0;
    copy_async(slab + chunk_at(token, chunk), x + row * columns + k + chunk * 8, valid);
  }
  copies_commit();
}

// Any number of rows of x: a block has 128 outputs x 8 * TILES rows, a warp 32 of the outputs. x
// comes through shared memory, one slab of 64 columns while the one before is multiplied; W goes from
// global memory to registers, where nothing else reads it. columns: a multiple of 64; x: aligned to
// 16 bytes.
template <int TILES>
DEVICE void multiply_wide(const Bf16* RESTRICT x, Bf16* RESTRICT y, int n, int rows, int columns,
                          int stride, int first, WEIGHT) {
  SHARED float table[16];
  SHARED ALIGNED(16) u16 slabs[2][8 * TILES * SLAB];
  fill_table(table, numbers);
  int lane = thread_index() & 31;
  int warp = thread_index() >> 5;
  int group = lane >> 2;
  int quarter = lane & 3;
  int row0 = block_column() * WIDE_ROWS;
  int token0 = block_row() * 8 * TILES;
  float c[2][TILES][4];
  UNROLL
  for (int m = 0; m < 2; m++) {
    UNROLL
    for (int tile = 0; tile < TILES; tile++) {
      UNROLL
      for (int i = 0; i < 4; i++) {
        c[m][tile][i] = 0.0f;
      }
    }
  }
  u64 indices[4];
  uint2 next[4];
  float next_scales[4];
  UNROLL
  for (int i = 0; i < 4; i++) {
    int row = row0 + warp * 32 + 8 * i + group;
    indices[i] = (u64)(row < rows ? row : rows - 1) * columns + quarter * 16;
    next[i] = load((const uint2*)(packed + (indices[i] >> 1)));
    next_scales[i] = scale_at(indices[i], SCALES_OF);
  }
  fetch<8 * TILES>(slabs[0], x, token0, n, columns, 0);
  int stage = 0;
  for (int k = 0; k < columns; k += SLAB) {
    uint2 words[4];
    float scales[4];
    UNROLL
    for (int i = 0; i < 4; i++) {
      words[i] = next[i];
      scales[i] = next_scales[i];
    }
    copies_wait();
    sync_block(); // the slab is there, and nobody reads the other one any more
    if (k + SLAB < columns) {
      fetch<8 * TILES>(slabs[stage ^ 1], x, token0, n, columns, k + SLAB);
      UNROLL
      for (int i = 0; i < 4; i++) {
        next[i] = load((const uint2*)(packed + ((indices[i] + k + SLAB) >> 1)));
        next_scales[i] = scale_at(indices[i] + k + SLAB, SCALES_OF);
      }
    }
    UNROLL
    for (int part = 0; part < 2; part++) {
      u32 a[2][2][4];
      UNROLL
      for (int m = 0; m < 2; m++) {
        u32 upper = part == 0 ? words[2 * m].x : words[2 * m].y;
        u32 lower = part == 0 ? words[2 * m + 1].x : words[2 * m + 1].y;
        UNROLL
        for (int half = 0; half < 2; half++) {
          fragment(a[half][m], upper, lower, 4 * half, table, scales[2 * m], scales[2 * m + 1]);
        }
      }
      UNROLL
      for (int tile = 0; tile < TILES; tile++) {
        uint4 b = *(const uint4*)(slabs[stage] + chunk_at(tile * 8 + group, 2 * quarter + part));
        UNROLL
        for (int m = 0; m < 2; m++) {
          multiply_add(c[m][tile], a[0][m], b.x, b.y);
          multiply_add(c[m][tile], a[1][m], b.z, b.w);
        }
      }
    }
    stage ^= 1;
  }
  sync_block();
  u16* outputs = slabs[0]; // both slabs together hold the block's outputs exactly
  UNROLL
  for (int m = 0; m < 2; m++) {
    UNROLL
    for (int tile = 0; tile < TILES; tile++) {
      UNROLL
      for (int i = 0; i < 4; i++) {
        int token = tile * 8 + quarter * 2 + (i & 1);
        int row = warp * 32 + m * 16 + group + 8 * (i >> 1);
        outputs[output_at(token, row)] = bf16_of(c[m][tile][i]);
      }
    }
  }
  sync_block();
  for (int i = thread_index(); i < 8 * TILES * (WIDE_ROWS / 8); i += WIDE_THREADS) {
    int token = i / (WIDE_ROWS / 8);
    int row = (i % (WIDE_ROWS / 8)) * 8;
    if (token0 + token >= n) {
      break;
    }
    Bf16* target = y + (u64)(token0 + token) * stride + first + row0 + row;
    const u16* source = outputs + output_at(token, row);
    if (((u64)target & 15) == 0 && row0 + row + 8 <= rows) {
      *(uint4*)target = *(const uint4*)source;
    } else {
      for (int j = 0; j < 8 && row0 + row + j < rows; j++) {
        target[j].bits = source[j];
      }
    }
  }
}

#define PRODUCT(function, tiles, threads, name)                                              \
  KERNEL(threads)                                                                            \
  name(const Bf16* x, Bf16* y, int n, int rows, int columns, int stride, int first, WEIGHT) { \
    function<tiles>(x, y, n, rows, columns, stride, first, WEIGHT_OF);                       \
  }

PRODUCT(multiply_narrow, 1, 32 * NARROW_WARPS, multiply_8_bf16)
PRODUCT(multiply_narrow, 2, 32 * NARROW_WARPS, multiply_16_bf16)
PRODUCT(multiply_wide, 4, WIDE_THREADS, multiply_32_bf16)
PRODUCT(multiply_wide, 16, WIDE_THREADS, multiply_128_bf16)

#endif
