#pragma once

// Linear layers in bfloat16: y = x W' and its derivative by x.

#include "brain_gemm.h"
#include "four_bit_weight.h"
#include "threads.h"

#if defined(__x86_64__)

namespace adapt4j {
namespace brain {

// C [rows, columns] = A [rows, depth] B, to which the product of a second pair may be added before
// the sum is rounded. A piece is one panel of B with some rows of A; threads pack
// the panel that they are at, and keep it while pieces follow that need the same.
struct Product {
  const uint16_t* a;
  int64_t rows;
  int64_t depth;
  const uint16_t* b;
  bool transposed;  // b is [columns, depth], else [depth, columns]
  int64_t columns;
  const uint16_t* a2;  // [rows, depth2]
  int64_t depth2;      // 0 for none
  const uint16_t* b2;  // like b
  const uint16_t* bias;
  void* c;
  int store;
  int64_t rowsOfPiece;
  int64_t rowPieces;
  uint8_t* memory;
  int64_t memoryOfWorker;
  Pieces pieces;

  // Packs a panel of one of the right matrices.
  void pack(const uint16_t* from, int64_t length, int64_t column, uint16_t* out) const {
    if (transposed) {
      packTransposedPanel(from + column * length, length, length, columns - column, out);
    } else {
      packPanel(from + column, columns, length, columns - column, out);
    }
  }

  static int64_t panels(int64_t columns) { return (columns + PANEL - 1) / PANEL; }
};

inline void multiplyPieces(void* context, int worker) {
  auto* job = static_cast<Product*>(context);
  auto* packed = reinterpret_cast<uint16_t*>(job->memory + worker * job->memoryOfWorker);
  int64_t holds = -1;
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    for (int64_t piece = start; piece < end; piece++) {
      const int64_t column = piece / job->rowPieces * PANEL;
      const int64_t row = piece % job->rowPieces * job->rowsOfPiece;
      const int64_t rows =
          job->rows - row < job->rowsOfPiece ? job->rows - row : job->rowsOfPiece;
      if (holds != column) {
        job->pack(job->b, job->depth, column, packed);
        job->pack(job->b2, job->depth2, column, packed + job->depth * PANEL);
        holds = column;
      }
      const LeftPair a{Left::rows(job->a + row * job->depth, job->depth), job->depth / 2,
                       Left::rows(job->a2 + row * job->depth2, job->depth2), job->depth2 / 2};
      const int64_t at = row * job->columns + column;
      auto* rounded = static_cast<uint16_t*>(job->c) + at;
      auto* exact = static_cast<float*>(job->c) + at;
      switch (job->store) {
        case ROUND:
          multiplyPanel<ROUND>(a, packed, rows, rounded, job->columns,
                               job->columns - column);
          break;
        case BIAS:
          multiplyPanel<BIAS>(a, packed, rows, rounded, job->columns,
                              job->columns - column, job->bias + column);
          break;
        case ADD_ROUNDED:
          multiplyPanel<ADD_ROUNDED>(a, packed, rows, rounded, job->columns,
                                     job->columns - column);
          break;
        case ADD:
          multiplyPanel<ADD>(a, packed, rows, exact, job->columns,
                             job->columns - column);
          break;
        default:
          multiplyPanel<OVERWRITE>(a, packed, rows, exact, job->columns,
                                   job->columns - column);
      }
    }
  }
}

// Deep products, such as the derivative by what comes into an output layer: a panel of B would fill the
// caches, and A would pass by once for each. Instead a piece is some rows; for each part of the depth
// all panels are packed and multiplied, and sums wait in fp32 until the next part goes on with them.
constexpr int64_t DEEP = 8192;
constexpr int64_t DEPTH_PART = 1024;

// All of B is packed for so many rows, at least and at most.
constexpr int64_t LEAST_DEEP_ROWS = 128;
constexpr int64_t MOST_DEEP_ROWS = 384;

struct DeepProduct {
  const uint16_t* a;
  int64_t rows, depth;
  const uint16_t* b;  // [depth, columns]
  int64_t columns;
  uint16_t* c;
  int64_t rowsOfPiece;
  uint8_t* memory;
  int64_t memoryOfWorker;
  Pieces pieces;

  int64_t packedBytes() const { return aligned(panelEntries(DEPTH_PART) * 2); }
};

ADAPT4J_BF16 inline void roundAll(const float* x, int64_t count, uint16_t* y) {
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 present = presentOf(count - i);
    putRounded(entries<F32>(x, i, present), y + i, present);
  }
}

inline void multiplyDeepPieces(void* context, int worker) {
  auto* job = static_cast<DeepProduct*>(context);
  uint8_t* memory = job->memory + worker * job->memoryOfWorker;
  auto* packed = reinterpret_cast<uint16_t*>(memory);
  auto* sums = reinterpret_cast<float*>(memory + job->packedBytes());
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    for (int64_t row = start * job->rowsOfPiece; row < job->rows && row < end * job->rowsOfPiece;
         row += job->rowsOfPiece) {
      const int64_t left = job->rows - row;
      const int64_t rows = left < job->rowsOfPiece ? left : job->rowsOfPiece;
      std::memset(sums, 0, rows * job->columns * sizeof(float));
      for (int64_t k = 0; k < job->depth; k += DEPTH_PART) {
        const int64_t depth = job->depth - k < DEPTH_PART ? job->depth - k : DEPTH_PART;
        const Left a = Left::rows(job->a + row * job->depth + k, job->depth);
        for (int64_t n = 0; n < job->columns; n += PANEL) {
          const int64_t columns = job->columns - n;
          packPanel(job->b + k * job->columns + n, job->columns, depth, columns, packed);
          multiplyPanel<CONTINUE>(a, packed, rows, depth, sums + n, job->columns, columns);
        }
      }
      roundAll(sums, rows * job->columns, job->c + row * job->columns);
    }
  }
}

inline void multiplyDeep(const uint16_t* a, int64_t rows, int64_t depth, const uint16_t* b,
                         int64_t columns, uint16_t* c, int threads) {
  int64_t rowsOfPiece = (rows + threads - 1) / threads;
  rowsOfPiece = (rowsOfPiece + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  rowsOfPiece = rowsOfPiece < MOST_DEEP_ROWS ? rowsOfPiece : MOST_DEEP_ROWS;
  DeepProduct job{a, rows, depth, b, columns, c, rowsOfPiece, nullptr, 0,
                  Pieces((rows + rowsOfPiece - 1) / rowsOfPiece, 1)};
  job.memoryOfWorker = job.packedBytes() + aligned(rowsOfPiece * columns * sizeof(float));
  job.memory = Scratch::of(threads * job.memoryOfWorker);
  onThreads(threads, multiplyDeepPieces, &job);
}

// Depths are even.
inline void multiply(const uint16_t* a, int64_t rows, int64_t depth, const uint16_t* b,
                     bool transposed, int64_t columns, const uint16_t* a2, int64_t depth2,
                     const uint16_t* b2, const uint16_t* bias, void* c, int store, int threads) {
  if (depth >= DEEP && !transposed && depth2 == 0 && store == ROUND &&
      rows >= threads * LEAST_DEEP_ROWS) {
    multiplyDeep(a, rows, depth, b, columns, static_cast<uint16_t*>(c), threads);
    return;
  }
  const int64_t panels = Product::panels(columns);
  // Enough pieces to share evenly, none so small that packing counts.
  int64_t rowPieces = (8L * threads + panels - 1) / panels;
  const int64_t most = (rows + 255) / 256;
  rowPieces = threads == 1 || most < 1 ? 1 : rowPieces < most ? rowPieces : most;
  int64_t rowsOfPiece = (rows + rowPieces - 1) / rowPieces;
  rowsOfPiece = (rowsOfPiece + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  rowPieces = (rows + rowsOfPiece - 1) / rowsOfPiece;
  const int64_t ofWorker = aligned(panelEntries(depth + depth2) * 2);
  Product job{a, rows, depth, b, transposed, columns, a2, depth2, b2, bias, c, store, rowsOfPiece,
              rowPieces, Scratch::of(threads * ofWorker), ofWorker, Pieces(panels * rowPieces, 1)};
  onThreads(threads, multiplyPieces, &job);
}

// C [m, n] = A' B from A [rows, m] and B [rows, n], or in fp32 added to C. A piece is a panel of each;
// threads keep the panels that they are at.
struct TransposedProduct {
  const uint16_t* a;
  const uint16_t* b;
  int64_t rows, m, n;
  void* c;
  bool added;
  uint8_t* memory;
  int64_t memoryOfPanel;
  Pieces pieces;
};

inline void multiplyTransposedPieces(void* context, int worker) {
  auto* job = static_cast<TransposedProduct*>(context);
  uint8_t* memory = job->memory + 2 * worker * job->memoryOfPanel;
  auto* left = reinterpret_cast<uint16_t*>(memory);
  auto* right = reinterpret_cast<uint16_t*>(memory + job->memoryOfPanel);
  int64_t holdsLeft = -1, holdsRight = -1;
  const int64_t depth = (job->rows + 1) / 2 * 2;
  const int64_t across = Product::panels(job->n);
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    for (int64_t piece = start; piece < end; piece++) {
      const int64_t row = piece / across * PANEL, column = piece % across * PANEL;
      if (holdsLeft != row) {
        packPanel(job->a + row, job->m, job->rows, job->m - row, left);
        holdsLeft = row;
      }
      if (holdsRight != column) {
        packPanel(job->b + column, job->n, job->rows, job->n - column, right);
        holdsRight = column;
      }
      const int64_t count = job->m - row < PANEL ? job->m - row : PANEL;
      const int64_t at = row * job->n + column;
      if (job->added) {
        multiplyPanel<ADD>(Left::transposedPanel(left), right, count, depth,
                           static_cast<float*>(job->c) + at, job->n, job->n - column);
      } else {
        multiplyPanel<ROUND>(Left::transposedPanel(left), right, count, depth,
                             static_cast<uint16_t*>(job->c) + at, job->n, job->n - column);
      }
    }
  }
}

inline void multiplyTransposed(const uint16_t* a, int64_t rows, int64_t m, const uint16_t* b,
                               int64_t n, void* c, bool added, int threads) {
  const int64_t ofPanel = aligned(panelEntries(rows) * 2);
  TransposedProduct job{a, b, rows, m, n, c, added, Scratch::of(2 * threads * ofPanel), ofPanel,
                        Pieces(Product::panels(m) * Product::panels(n), 1)};
  onThreads(threads, multiplyTransposedPieces, &job);
}

}  // namespace brain
}  // namespace adapt4j

#endif
