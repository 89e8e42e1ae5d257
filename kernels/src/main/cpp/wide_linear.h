#pragma once

// y = x W' + b in bfloat16 by products in fp32, for processors without products in bfloat16.

#include "step_base.h"

namespace adapt4j {

struct WideLinear {
  const PlainKernels& kernels;
  const uint16_t* x;
  int64_t rows;
  PlainRows weight;
  const uint16_t* bias;  // or null
  uint16_t* y;
  int64_t rowsOfPiece;
  int64_t stripsOfPiece;
  int64_t across;  // pieces side by side
  uint8_t* memory;
  int64_t memoryOfWorker;
  Pieces pieces;

  int64_t width() const { return padded(weight.columns); }

  // Brings some rows of x to fp32.
  void widen(int64_t row, int64_t count, float* out) const {
    for (int64_t r = 0; r < count; r++) {
      const uint16_t* from = x + (row + r) * weight.columns;
      float* to = out + r * width();
      for (int64_t i = 0; i < width(); i++) {
        to[i] = i < weight.columns ? ofBrain(from[i]) : 0;
      }
    }
  }

  // Multiplies widened rows by up to STRIP_ROWS rows of the weight.
  void multiply(const float* widened, int64_t row, int64_t count, int64_t column,
                float* memoryOfStrip) const {
    PlainRows strip = weight;
    strip.data = weight.row(column);
    strip.count = weight.count - column < STRIP_ROWS ? weight.count - column : STRIP_ROWS;
    float biases[STRIP_ROWS] = {};
    for (int64_t i = 0; bias != nullptr && i < strip.count; i++) {
      biases[i] = ofBrain(bias[column + i]);
    }
    float* sums = memoryOfStrip + STRIP_ROWS * width();
    kernels.multiplyMany(strip, widened, static_cast<int>(count), memoryOfStrip,
                         TileTarget{sums, STRIP_ROWS, biases, false});
    for (int64_t r = 0; r < count; r++) {
      for (int64_t i = 0; i < strip.count; i++) {
        y[(row + r) * weight.count + column + i] = toBrain(sums[r * STRIP_ROWS + i]);
      }
    }
  }
};

inline void multiplyWidePieces(void* context, int worker) {
  auto* job = static_cast<WideLinear*>(context);
  auto* widened = reinterpret_cast<float*>(job->memory + worker * job->memoryOfWorker);
  float* strip = widened + job->rowsOfPiece * job->width();
  int64_t holds = -1;
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    const int64_t row = start / job->across * job->rowsOfPiece;
    const int64_t count = job->rows - row < job->rowsOfPiece ? job->rows - row : job->rowsOfPiece;
    if (holds != row) {
      job->widen(row, count, widened);
      holds = row;
    }
    const int64_t first = start % job->across * job->stripsOfPiece;
    for (int64_t s = first; s < first + job->stripsOfPiece; s++) {
      if (s * STRIP_ROWS < job->weight.count) {
        job->multiply(widened, row, count, s * STRIP_ROWS, strip);
      }
    }
  }
}

// W is [columns, depth].
inline void multiplyWide(int variant, const uint16_t* x, int64_t rows, int64_t depth,
                         const uint16_t* weight, int64_t columns, const uint16_t* bias,
                         uint16_t* y, int threads) {
  // So many rows as stay in a cache in fp32 while strips of the weight pass by.
  const int64_t most = MANY_BYTES / (padded(depth) * 4) / 24 * 24;
  const int64_t rowsOfPiece = most < 24 ? 24 : most < 384 ? most : 384;
  const int64_t down = (rows + rowsOfPiece - 1) / rowsOfPiece;
  const int64_t strips = (columns + STRIP_ROWS - 1) / STRIP_ROWS;
  const int64_t wanted = (8L * threads + down - 1) / down;
  const int64_t ofPiece = (strips + wanted - 1) / wanted;
  const int64_t across = (strips + ofPiece - 1) / ofPiece;
  const int64_t ofWorker =
      aligned((rowsOfPiece + STRIP_ROWS) * padded(depth) * 4 + rowsOfPiece * STRIP_ROWS * 4);
  WideLinear job{plainKernelsOf(variant), x, rows, PlainRows{weight, BF16, depth, columns}, bias, y,
                 rowsOfPiece, ofPiece, across, Scratch::of(threads * ofWorker), ofWorker,
                 Pieces(down * across, 1)};
  onThreads(threads, multiplyWidePieces, &job);
}

}  // namespace adapt4j
