// Products y = x W' on every device, for every shape and type; weights and sums are in fp32.
// x [n, columns]; y has `stride` entries a row, of which `rows` from `first` on are written.
#include "fourbit.cuh"

#define FEW_WARPS 8
#define MOST_FEW 8

// One to eight rows of x: a warp an output. Each lane takes words of eight weights.
template <class T>
DEVICE void multiply_few(const T* RESTRICT x, T* RESTRICT y, int n, int rows, int columns,
                         int stride, int first, WEIGHT) {
  SHARED float table[16];
  fill_table(table, numbers);
  int lane = thread_index() & 31;
  int row = block_column() * FEW_WARPS + (thread_index() >> 5);
  if (row >= rows) {
    return;
  }
  u64 start = (u64)row * columns;
  float sums[MOST_FEW];
  UNROLL
  for (int r = 0; r < MOST_FEW; r++) {
    sums[r] = 0.0f;
  }
  if ((columns & 7) == 0) {
    for (int k = lane * 8; k < columns; k += 256) {
      u32 word = load((const u32*)packed + ((start + k) >> 3));
      float scale = scale_at(start + k, SCALES_OF);
      float weights[8];
      UNROLL
      for (int i = 0; i < 8; i++) {
        weights[i] = weight_of(word, i, table, scale);
      }
      UNROLL
      for (int r = 0; r < MOST_FEW; r++) {
        if (r < n) {
          UNROLL
          for (int i = 0; i < 8; i++) {
            sums[r] = fused(weights[i], to_float(x[(u64)r * columns + k + i]), sums[r]);
          }
        }
      }
    }
  } else {
    for (int k = lane; k < columns; k += 32) {
      float weight = weight_at(start + k, table, packed, SCALES_OF);
      UNROLL
      for (int r = 0; r < MOST_FEW; r++) {
        if (r < n) {
          sums[r] = fused(weight, to_float(x[(u64)r * columns + k]), sums[r]);
        }
      }
    }
  }
  UNROLL
  for (int r = 0; r < MOST_FEW; r++) {
    if (r < n) {
      UNROLL
      for (int mask = 16; mask > 0; mask >>= 1) {
        sums[r] += shuffle_xor(sums[r], mask);
      }
      if (lane == 0) {
        put(y + (u64)r * stride + first + row, sums[r]);
      }
    }
  }
}

#define TILE 64
#define DEPTH 16

// Any number of rows: tiles of 64 outputs x 64 rows of x, restored into shared memory 16 columns at
// a time; a thread sums 4 x 4.
template <class T>
DEVICE void multiply_plain(const T* RESTRICT x, T* RESTRICT y, int n, int rows, int columns,
                           int stride, int first, WEIGHT) {
  SHARED float table[16];
  SHARED float weights[DEPTH][TILE + 1];
  SHARED float inputs[DEPTH][TILE + 1];
  fill_table(table, numbers);
  int row0 = block_column() * TILE;
  int token0 = block_row() * TILE;
  int across = thread_index() & 15;
  int down = thread_index() >> 4;
  float sums[4][4];
  UNROLL
  for (int i = 0; i < 4; i++) {
    UNROLL
    for (int j = 0; j < 4; j++) {
      sums[i][j] = 0.0f;
    }
  }
  for (int k0 = 0; k0 < columns; k0 += DEPTH) {
    UNROLL
    for (int i = 0; i < TILE / 16; i++) {
      int line = down + 16 * i;
      int k = k0 + across;
      bool inside = k < columns;
      weights[across][line] = inside && row0 + line < rows
          ? weight_at((u64)(row0 + line) * columns + k, table, packed, SCALES_OF)
          : 0.0f;
      inputs[across][line] =
          inside && token0 + line < n ? to_float(x[(u64)(token0 + line) * columns + k]) : 0.0f;
    }
    sync_block();
    UNROLL
    for (int k = 0; k < DEPTH; k++) {
      UNROLL
      for (int i = 0; i < 4; i++) {
        UNROLL
        for (int j = 0; j < 4; j++) {
          sums[i][j] = fused(inputs[k][down + 16 * i], weights[k][across + 16 * j], sums[i][j]);
        }
      }
    }
    sync_block();
  }
  UNROLL
  for (int i = 0; i < 4; i++) {
    UNROLL
    for (int j = 0; j < 4; j++) {
      int token = token0 + down + 16 * i;
      int row = row0 + across + 16 * j;
      if (token < n && row < rows) {
        put(y + (u64)token * stride + first + row, sums[i][j]);
      }
    }
  }
}

#define PRODUCT(function, threads, name, type)                                               \
  KERNEL(threads)                                                                            \
  name(const type* x, type* y, int n, int rows, int columns, int stride, int first, WEIGHT) { \
    function(x, y, n, rows, columns, stride, first, WEIGHT_OF);                              \
  }

PRODUCT(multiply_few, 32 * FEW_WARPS, multiply_few_f32, float)
PRODUCT(multiply_few, 32 * FEW_WARPS, multiply_few_f16, F16)
PRODUCT(multiply_few, 32 * FEW_WARPS, multiply_few_bf16, Bf16)
PRODUCT(multiply_plain, 256, multiply_plain_f32, float)
PRODUCT(multiply_plain, 256, multiply_plain_f16, F16)
PRODUCT(multiply_plain, 256, multiply_plain_bf16, Bf16)
