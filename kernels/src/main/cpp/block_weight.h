#pragma once

// A weight in the blocks of a GGUF file and what is computed with it. Arguments have been checked in
// Java.

#include <atomic>

#include "block_rounded.h"
#include "four_bit_weight.h"
#include "plain_product.h"

namespace adapt4j {

class BlockWeight {
 public:
  // What a weight takes in bytes.
  static long long bytes(int id, long long rows, long long columns) {
    return strips(rows) * layoutOf(id).stripBytes(columns);
  }

  // Brings whole strips, from a row that begins one, into their order. Row i is taken from row
  // order[i] of the file, or from row i where order is null; those past the last are 0.
  static void arrange(int id, long long blocks, const int* order, long long first, long long count,
                      long long columns, long long tiles, int threads) {
    Job job{id, 0, columns, count, pointer(tiles), nullptr, pointer(blocks), order, first, nullptr,
            0, Pieces(strips(count), 1)};
    onThreads(threads, arrangePieces, &job);
  }

  // Brings a weight in NF4 or FP4 whose rows are whole groups into strips, its scales rounded to fp16.
  // False, and strips of no use, where that would round one by more than half a unit of 11 bits.
  static bool arrangeFourBit(int id, const FourBitWeight& weight, long long tiles, int threads) {
    const WeightData& data = weight.data();
    FourBitJob job{id, &data, pointer(tiles), Pieces(strips(data.rows), 1), {true}};
    onThreads(threads, arrangeFourBitPieces, &job);
    return job.precise;
  }

  // Restores rows [first, first + count) to [count, columns] of a type.
  static void dequantize(int id, int variant, long long tiles, long long columns, long long first,
                         long long count, long long target, int type, int threads) {
    Job job{id, variant, columns, count, pointer(tiles), pointer(target), nullptr, nullptr, first,
            nullptr, type, Pieces(count, 16)};
    onThreads(threads, dequantizePieces, &job);
  }

  // Puts zeros below zero into restored rows where those of MXFP4 have them: files do, GGUF's
  // reference does not.
  static void signZeros(long long tiles, long long columns, long long count, long long target,
                        int type, int threads) {
    Job job{MXFP4, 0, columns, count, pointer(tiles), pointer(target), nullptr, nullptr, 0,
            nullptr, type, Pieces(count, 16)};
    onThreads(threads, signPieces, &job);
  }

  // y = x W' for tokens of fp32 or bfloat16, into columns [at, at + rows) of y [tokens, outputs].
  static void multiply(int id, int variant, long long tiles, long long rows, long long columns,
                       long long x, long long tokens, int type, long long y, long long outputs,
                       long long at, int threads) {
    const StripProducts& kernels = exactKernelsOf(id, variant);
    const int64_t bytes = kernels.bytes(columns);
    std::unique_ptr<uint8_t[]> prepared(new uint8_t[tokens * bytes]);
    std::unique_ptr<float[]> token(new float[columns]);
    for (int64_t t = 0; t < tokens; t++) {
      for (int64_t i = 0; i < columns; i++) {
        token[i] = valueOf(pointer(x), type, t * columns + i);
      }
      kernels.prepare(token.get(), columns, prepared.get() + t * bytes);
    }
    Job job{id, variant, columns, rows, pointer(tiles), pointer(y), nullptr, nullptr, at,
            prepared.get(), type, Pieces(strips(rows), Pieces::sizeFor(strips(rows), threads, 1))};
    job.tokens = tokens;
    job.outputs = outputs;
    onThreads(threads, multiplyPieces, &job);
  }

 private:
  struct Job {
    int id;
    int variant;
    int64_t columns;
    int64_t rows;
    uint8_t* tiles;
    uint8_t* target;
    const uint8_t* blocks;
    const int* order;
    int64_t first;
    const uint8_t* prepared;
    int type;
    Pieces pieces;
    int64_t tokens = 0;
    int64_t outputs = 0;
  };

  struct FourBitJob {
    int id;
    const WeightData* weight;
    uint8_t* tiles;
    Pieces pieces;
    std::atomic<bool> precise;
  };

  static void arrangeFourBitPieces(void* context, int) {
    auto* job = static_cast<FourBitJob*>(context);
    const WeightData& weight = *job->weight;
    const BlockLayout layout = layoutOf(job->id);
    const int64_t groups = weight.columns / GROUP, stripBytes = layout.stripBytes(weight.columns);
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      std::memset(job->tiles + start * stripBytes, 0, (end - start) * stripBytes);
      for (int64_t row = start * BLOCK_ROWS; row < end * BLOCK_ROWS && row < weight.rows; row++) {
        uint8_t* tile = job->tiles + row / BLOCK_ROWS * stripBytes;
        for (int64_t g = row * groups; g < (row + 1) * groups; g++, tile += layout.tileBytes()) {
          const float scale = weight.scaleOfGroup(g);
          const float magnitude = std::fabs(scale);
          if (!(magnitude == 0 || (magnitude >= 0x1p-14f && magnitude <= 65504))) {
            job->precise = false;
          }
          const uint16_t half = toHalf(scale);
          uint8_t block[2 + GROUP_BYTES];
          std::memcpy(block, &half, 2);
          std::memcpy(block + 2, weight.packed + g * GROUP_BYTES, GROUP_BYTES);
          BlockRow(job->id, block, row % BLOCK_ROWS, tile).put();
        }
      }
    }
  }

  static uint8_t* pointer(long long address) { return reinterpret_cast<uint8_t*>(address); }

  static int64_t strips(int64_t rows) { return (rows + BLOCK_ROWS - 1) / BLOCK_ROWS; }

  static void arrangePieces(void* context, int) {
    auto* job = static_cast<Job*>(context);
    const BlockLayout layout = layoutOf(job->id);
    const int64_t count = job->columns / layout.columns;
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t s = start; s < end; s++) {
        uint8_t* strip = job->tiles + (job->first / BLOCK_ROWS + s) * layout.stripBytes(job->columns);
        std::memset(strip, 0, layout.stripBytes(job->columns));
        for (int64_t r = 0; r < BLOCK_ROWS && s * BLOCK_ROWS + r < job->rows; r++) {
          const int64_t row = job->first + s * BLOCK_ROWS + r;
          const uint8_t* blocks =
              job->blocks +
              (job->order == nullptr ? row : job->order[row]) * count * layout.fileBytes;
          for (int64_t b = 0; b < count; b++) {
            BlockRow(job->id, blocks + b * layout.fileBytes, r, strip + b * layout.tileBytes())
                .put();
          }
        }
      }
    }
  }

  static void dequantizePieces(void* context, int) {
    auto* job = static_cast<Job*>(context);
    const BlockKernels& kernels = blockKernelsOf(job->id, job->variant);
    const int64_t stripBytes = layoutOf(job->id).stripBytes(job->columns);
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t i = start; i < end; i++) {
        const int64_t row = job->first + i;
        kernels.restore(job->tiles + row / BLOCK_ROWS * stripBytes, row % BLOCK_ROWS,
                        job->columns, job->type, job->target, i * job->columns);
      }
    }
  }

  static void signPieces(void* context, int) {
    auto* job = static_cast<Job*>(context);
    const BlockLayout layout = layoutOf(MXFP4);
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t i = start; i < end; i++) {
        const uint8_t* strip = job->tiles + i / BLOCK_ROWS * layout.stripBytes(job->columns);
        for (int64_t c = 0; c < job->columns; c += 8) {
          const uint8_t* tile = strip + c / BLOCK_GROUP * layout.tileBytes() + layout.head;
          uint32_t codes;
          std::memcpy(&codes, tile + c % BLOCK_GROUP / 8 * 64 + i % BLOCK_ROWS * 4, 4);
          for (int k = 0; k < 8; k++) {
            if ((codes >> (4 * k) & 15) == 8) {
              store(-0.0f, job->type, job->target, i * job->columns + c + k);
            }
          }
        }
      }
    }
  }

  static void multiplyPieces(void* context, int) {
    auto* job = static_cast<Job*>(context);
    const StripProducts& kernels = exactKernelsOf(job->id, job->variant);
    const int64_t stripBytes = layoutOf(job->id).stripBytes(job->columns);
    float sums[TOKENS_AT_ONCE * BLOCK_ROWS];
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t s = start; s < end; s++) {
        for (int64_t t = 0; t < job->tokens; t += TOKENS_AT_ONCE) {
          const int some =
              static_cast<int>(job->tokens - t < TOKENS_AT_ONCE ? job->tokens - t : TOKENS_AT_ONCE);
          kernels.multiply(job->tiles + s * stripBytes, job->columns,
                           job->prepared + t * kernels.bytes(job->columns), some, sums,
                           BLOCK_ROWS);
          for (int i = 0; i < some; i++) {
            for (int64_t r = 0; r < BLOCK_ROWS && s * BLOCK_ROWS + r < job->rows; r++) {
              store(sums[i * BLOCK_ROWS + r], job->type, job->target,
                    (t + i) * job->outputs + job->first + s * BLOCK_ROWS + r);
            }
          }
        }
      }
    }
  }
};

}  // namespace adapt4j
