#pragma once

// What libtorch's operators do in several passes over memory, in one: norms, gates, losses, and in
// bfloat16 linear layers and attention. Arguments have been checked in Java; addresses are of
// contiguous memory unless strides are given, and may be 0 where something is left out.

#include "brain_attention.h"
#include "brain_linear.h"
#include "row_kernels.h"
#include "wide_linear.h"

namespace adapt4j {

class LayerKernels {
 public:
  // y = norm(x), or norm(x + added) where that is not 0.
  static void layerNorm(int variant, long long x, long long added, long long weight,
                        long long bias, int type, long long rows, long long width, float epsilon,
                        long long y, int threads) {
    const RowKernels& kernels = rowKernelsOf(variant);
    const LayerNormRule rule{bytes(weight), bytes(bias), width, epsilon};
    eachRow(rows, threads, [&](int64_t r) {
      const int64_t at = r * width * bytesOf(type);
      kernels.layerNorm(rule, bytes(x) + at, added == 0 ? nullptr : bytes(added) + at, type,
                        bytes(y) + at);
    });
  }

  // y = f(x); the two may be the same.
  static void activate(int variant, int kind, long long x, int type, long long rows,
                       long long width, long long y, int threads) {
    const RowKernels& kernels = rowKernelsOf(variant);
    eachRow(rows, threads, [&](int64_t r) {
      const int64_t at = r * width * bytesOf(type);
      kernels.activate(kind, bytes(x) + at, type, width, bytes(y) + at);
    });
  }

  // Restores rows from one on of each head in SCALED8, [heads, room, width + 4], to a place in
  // y [heads, yRoom, width].
  static void restore(int variant, long long rows, long long heads, long long room, long long from,
                      long long count, long long width, int type, long long y, long long yRoom,
                      long long place, int threads) {
    const RowKernels& kernels = rowKernelsOf(variant);
    eachRow(heads * count, threads, [&](int64_t r) {
      const int64_t head = r / count, i = r % count;
      kernels.restore(bytes(rows) + (head * room + from + i) * rowBytes(SCALED8, width), width,
                      type, bytes(y) + (head * yRoom + place + i) * rowBytes(type, width));
    });
  }

  static void rmsNorm(int variant, long long x, long long weight, int type, long long rows,
                      long long width, float offset, float epsilon, long long y, int threads) {
    const RowKernels& kernels = rowKernelsOf(variant);
    eachRow(rows, threads, [&](int64_t r) {
      const int64_t at = r * width * bytesOf(type);
      kernels.rmsNorm(bytes(x) + at, bytes(weight), type, width, offset, epsilon, bytes(y) + at);
    });
  }

  // Another gradient by x may be added to dx. Rows are cut into the same blocks whatever the threads,
  // so that sums are formed in one order.
  static void rmsNormBackward(int variant, long long dy, long long x, long long weight, int type,
                              long long rows, long long width, float offset, float epsilon,
                              long long added, long long dx, long long dweight, int threads) {
    if (rows == 0) {
      return;
    }
    const RowKernels& kernels = rowKernelsOf(variant);
    const int64_t blocks = dweight == 0 ? rows : rows < MOST_BLOCKS ? rows : MOST_BLOCKS;
    const int64_t rowsOfBlock = (rows + blocks - 1) / blocks;
    auto* sums = dweight == 0
                     ? nullptr
                     : reinterpret_cast<float*>(Scratch::of(blocks * width * sizeof(float)));
    eachRow(blocks, threads, [&](int64_t block) {
      float* own = sums == nullptr ? nullptr : sums + block * width;
      if (own != nullptr) {
        std::memset(own, 0, width * sizeof(float));
      }
      for (int64_t r = block * rowsOfBlock; r < rows && r < (block + 1) * rowsOfBlock; r++) {
        const int64_t at = r * width * bytesOf(type);
        kernels.rmsNormBackward(bytes(dy) + at, bytes(x) + at, bytes(weight), type, width, offset,
                                epsilon, added == 0 ? nullptr : bytes(added) + at, bytes(dx) + at,
                                own);
      }
    });
    auto* total = reinterpret_cast<float*>(dweight);
    for (int64_t block = 0; total != nullptr && block < blocks; block++) {
      for (int64_t i = 0; i < width; i++) {
        total[i] += sums[block * width + i];
      }
    }
  }

  static void gated(int variant, int kind, long long x, int type, long long rows, long long width,
                    long long y, int threads) {
    const RowKernels& kernels = rowKernelsOf(variant);
    eachRow(rows, threads, [&](int64_t r) {
      const int64_t at = r * width * bytesOf(type);
      kernels.gated(kind, bytes(x) + 2 * at, type, width, bytes(y) + at);
    });
  }

  static void gatedBackward(int variant, int kind, long long dy, long long x, int type,
                            long long rows, long long width, long long dx, int threads) {
    const RowKernels& kernels = rowKernelsOf(variant);
    eachRow(rows, threads, [&](int64_t r) {
      const int64_t at = r * width * bytesOf(type);
      kernels.gatedBackward(kind, bytes(dy) + at, bytes(x) + 2 * at, type, width,
                            bytes(dx) + 2 * at);
    });
  }

  // Sums weights[r] * -log p(targets[r]); weights may be 0 for 1. With gradient the logits become
  // the derivative by the scores.
  static double crossEntropy(int variant, long long logits, int type, long long rows,
                             long long vocabulary, long long targets, long long weights,
                             float scale, float cap, bool gradient, int threads) {
    const RowKernels& kernels = rowKernelsOf(variant);
    const RowLoss rule{vocabulary, cap, scale, gradient};
    auto* losses = reinterpret_cast<float*>(Scratch::of(rows * sizeof(float)));
    eachRow(rows, threads, [&](int64_t r) {
      const float weight = weights == 0 ? 1 : reinterpret_cast<const float*>(weights)[r];
      losses[r] = weight * kernels.crossEntropy(
                               rule, bytes(logits) + r * vocabulary * bytesOf(type), type,
                               reinterpret_cast<const int64_t*>(targets)[r], weight);
    });
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) {
      sum += losses[r];
    }
    return sum;
  }

  // y [rows, columns] = x [rows, depth] W' + bias in bfloat16, W [columns, depth], by products in
  // fp32; in variants that multiply many tokens.
  static void multiplyWide(int variant, long long x, long long rows, long long depth,
                           long long weight, long long columns, long long bias, long long y,
                           int threads) {
    adapt4j::multiplyWide(variant, halves(x), rows, depth, halves(weight), columns, halves(bias),
                          halves(y), threads);
  }

#if defined(__x86_64__)
  // C [rows, columns] of bfloat16 = A [rows, depth] B + A2 [rows, depth2] B2 + bias, or added to C;
  // depth2 may be 0. B is [columns, depth] where it is transposed, else [depth, columns]; B2
  // likewise. Depths are even.
  static void multiply(long long a, long long rows, long long depth, long long b, bool transposed,
                       long long columns, long long a2, long long depth2, long long b2,
                       long long bias, long long c, bool added, int threads) {
    brain::multiply(halves(a), rows, depth, halves(b), transposed, columns, halves(a2), depth2,
                    halves(b2), halves(bias), bytes(c),
                    added ? brain::ADD_ROUNDED : bias != 0 ? brain::BIAS : brain::ROUND, threads);
  }

  // C [m, n] = A' B from A [rows, m] and B [rows, n] in bfloat16; added to C in fp32, or rounded.
  static void multiplyTransposed(long long a, long long rows, long long m, long long b,
                                 long long n, long long c, bool added, int threads) {
    brain::multiplyTransposed(halves(a), rows, m, halves(b), n, bytes(c), added, threads);
  }

  // Tensors by address, then strides of batch, head and row: q, k, v, y; for the derivative then
  // dy, dq, dk, dv. Sizes: batch, heads, key-value heads, queries, keys, entries of a head. Queries
  // and keys are turned by cosines and sines [.., rows, half] where those are not 0.
  static void attend(const long long* tensors, const long long* sizes, long long cos,
                     long long sin, long long half, long long tableOfBatch, bool causal,
                     long long window, float scale, float cap, bool backward, int threads) {
    const brain::AttentionRule rule{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4],
                                    sizes[5], causal,   window,   scale,    cap};
    brain::HeadTensor heads[8] = {};
    for (int i = 0; i < (backward ? 8 : 4); i++) {
      const long long* of = tensors + 4 * i;
      heads[i] = {halves(of[0]), of[1], of[2], of[3]};
    }
    const int64_t blocks = (rule.queries + brain::QUERY_BLOCK - 1) / brain::QUERY_BLOCK;
    const int64_t kvHeads = rule.batch * rule.kvHeads;
    const brain::Rotation rotation{halves(cos), halves(sin), half, tableOfBatch};
    brain::AttentionJob job{rule,     rotation, heads[0], heads[1], heads[2],
                            heads[3], heads[4], heads[5], heads[6],
                            heads[7], nullptr,  backward, nullptr,
                            0,        Pieces(kvHeads, 1),
                            Pieces(backward ? kvHeads : rule.batch * rule.heads * blocks, 1)};
    brain::attend(job, threads);
  }
#else
  static void multiply(long long, long long, long long, long long, bool, long long, long long,
                       long long, long long, long long, long long, bool, int) {}
  static void multiplyTransposed(long long, long long, long long, long long, long long, long long,
                                 bool, int) {}
  static void attend(const long long*, const long long*, long long, long long, long long, long long,
                     bool, long long, float, float, bool, int) {}
#endif

 private:
  static constexpr int64_t MOST_BLOCKS = 64;

  static uint8_t* bytes(long long address) { return reinterpret_cast<uint8_t*>(address); }
  static uint16_t* halves(long long address) { return reinterpret_cast<uint16_t*>(address); }

  template <class Row>
  struct Rows {
    const Row* row;
    Pieces pieces;
  };

  template <class Row>
  static void eachRow(int64_t rows, int threads, const Row& row) {
    Rows<Row> job{&row, Pieces(rows, Pieces::sizeFor(rows, threads, 1))};
    onThreads(rows < threads ? static_cast<int>(rows) : threads, runRows<Row>, &job);
  }

  template <class Row>
  static void runRows(void* context, int) {
    auto* job = static_cast<Rows<Row>*>(context);
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t r = start; r < end; r++) {
        (*job->row)(r);
      }
    }
  }
};

}  // namespace adapt4j
