#pragma once

// A 4-bit weight and what is computed with it. Arguments have been checked in Java.

#include <memory>
#include <new>

#include "amx.h"
#include "avx2.h"
#include "avx512.h"
#include "kernels.h"
#include "neon.h"
#include "processor.h"
#include "threads.h"

namespace adapt4j {

inline const Kernels& kernelsOf(int variant) {
#if defined(__x86_64__)
  static const Kernels* const ALL[] = {&scalar::KERNELS, &avx2::KERNELS, &avx512::KERNELS,
                                       &avx512bf16::KERNELS, &avx512bf16::KERNELS};
  return *ALL[variant];
#elif defined(__aarch64__)
  return variant == SCALAR ? scalar::KERNELS : neon::KERNELS;
#else
  return scalar::KERNELS;
#endif
}

// Memory of the calling thread that grows as needed, aligned to cache lines.
class Scratch {
 public:
  static uint8_t* of(int64_t bytes) {
    static thread_local Scratch scratch;
    if (scratch.size_ < bytes) {
      scratch.memory_.reset();
      scratch.size_ = 0;
      scratch.memory_.reset(new uint8_t[bytes + 64]);
      scratch.size_ = bytes;
    }
    auto address = reinterpret_cast<uintptr_t>(scratch.memory_.get());
    return scratch.memory_.get() + (64 - address % 64) % 64;
  }

 private:
  std::unique_ptr<uint8_t[]> memory_;
  int64_t size_ = 0;
};

inline int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

class FourBitWeight {
 public:
  // The most capable variant that runs here.
  static int bestVariant() { return best(); }

  // Quantizes count numbers of a type in blocks, of which the last may be short: codes to packed,
  // scales to absmax. Returns whether all are finite; where not, neither is of use.
  static bool quantize(int variant, const void* values, int type, long long count, int blockSize,
                       const float* limits, bool fp4, unsigned char* packed, float* absmax,
                       int threads) {
    const int64_t blocks = (count + blockSize - 1) / blockSize;
    Quantizing job{static_cast<const uint8_t*>(values),
                   type,
                   count,
                   blockSize,
                   limits,
                   fp4,
                   packed,
                   absmax,
                   Pieces(blocks, Pieces::sizeFor(blocks, threads, 1)),
                   {true}};
    Sharing sharing{&kernelsOf(variant), &job};
    onThreads(threads, quantizePieces, &sharing);
    return job.finite;
  }

  // The codes stay where they are and must outlive the weight.
  FourBitWeight(int variant, const unsigned char* packed, long long rows, long long columns,
                int blockSize, const float* numbers)
      : variant_(variant), kernels_(kernelsOf(variant)), data_() {
    data_.packed = packed;
    data_.rows = rows;
    data_.columns = columns;
    data_.groupsPerBlock = static_cast<int>(blockSize / GROUP);
    std::memcpy(data_.numbers, numbers, sizeof data_.numbers);
  }

  void plainScales(const float* scales, long long count) {
    data_.plain.assign(scales, scales + count);
  }

  void nestedScales(const unsigned char* codes, long long count, const float* numbers,
                    const float* absmax, long long absmaxCount, int blockSize, float offset) {
    data_.codes.assign(codes, codes + count);
    std::memcpy(data_.codeNumbers, numbers, sizeof data_.codeNumbers);
    data_.absmax.assign(absmax, absmax + absmaxCount);
    data_.nestedBlock = blockSize;
    data_.offset = offset;
  }

  // Restores all weights in order.
  void dequantize(void* target, int type, int threads) const {
    const bool pastCaches = data_.count() * bytesOf(type) > CACHED &&
                            reinterpret_cast<uintptr_t>(target) % 64 == 0;
    Restoring job{this, type, pastCaches, target, Pieces(wholeGroups(), pieceOfGroups(threads))};
    onThreads(threads, restorePieces, &job);
    for (int64_t i = wholeGroups() * GROUP; i < data_.count(); i++) {
      store(value(i), type, target, i);
    }
  }

  // Columns first ... of y [tokens, outputs] = x W'.
  void multiply(const void* x, long long tokens, int type, void* y, long long outputs,
                long long first, int threads) const {
    for (int64_t done = 0; done < tokens;) {
      const int64_t count = atOnce(tokens - done, type);
      const void* from = at(x, done * data_.columns, type);
      Products products{at(y, done * outputs, type), type, outputs, first};
      multiplySome(from, count, type, products, threads);
      done += count;
    }
  }

  // What products of a few rows at a time need.
  const Kernels& kernels() const { return kernels_; }
  const WeightData& data() const { return data_; }

 private:
  friend class FourBitWeights;

  // Tokens laid out for tiles at a time: as many as reuse a restored weight well, so that the
  // memory they take is bounded.
  static constexpr int64_t TILED_TOKENS = 512;
  static constexpr int64_t BATCH = 256;

  // A restored weight of up to so many bytes may be in the caches still when it is used.
  static constexpr int64_t CACHED = 4 << 20;

  struct Sharing {
    const Kernels* kernels;
    Quantizing* job;
  };

  static void quantizePieces(void* context, int) {
    auto* sharing = static_cast<Sharing*>(context);
    sharing->kernels->quantize(*sharing->job);
  }

  struct Restoring {
    const FourBitWeight* weight;
    int type;
    bool pastCaches;
    void* target;
    Pieces pieces;
  };

  // Where in the rows of y the products of a weight go.
  struct Place {
    const FourBitWeight* weight;
    int64_t first;
  };

  // Pieces are of the rows of all weights, one below the other.
  struct Multiplying {
    const std::vector<Place>* places;
    const void* x;
    int64_t tokens;
    int type;
    const Products* products;
    uint8_t* scratch;
    int64_t scratchOfWorker;
    Pieces pieces;
  };

  struct Packing {
    const FourBitWeight* weight;
    const void* x;
    int64_t tokens;
    uint8_t* out;
    Pieces pieces;
  };

  struct Tiling {
    const FourBitWeight* weight;
    const uint8_t* x;
    int64_t tokens;
    const Products* products;
    uint8_t* memory;
    int64_t scaleBytes;
    int64_t restoredBytes;
    int64_t sumBytes;
    Pieces pieces;
  };

  static const void* at(const void* base, int64_t index, int type) {
    return static_cast<const uint8_t*>(base) + index * bytesOf(type);
  }

  static void* at(void* base, int64_t index, int type) {
    return static_cast<uint8_t*>(base) + index * bytesOf(type);
  }

  int64_t wholeGroups() const { return data_.count() / GROUP; }

  static int64_t pieceOfGroups(int threads) { return threads > 1 ? 16 * BATCH : INT64_MAX / 2; }

  bool rowsAreWholeGroups() const { return data_.columns % GROUP == 0; }

  bool tiled(int64_t tokens, int type) const {
    return variant_ == AMX && type == BF16 && tokens > 1 && rowsAreWholeGroups();
  }

  int64_t atOnce(int64_t tokens, int type) const {
    const int64_t most = tiled(tokens, type) ? TILED_TOKENS : MAX_TOKENS;
    return tokens < most ? tokens : most;
  }

  float value(int64_t index) const {
    return data_.numbers[data_.code(index)] * data_.scaleOfGroup(index / GROUP);
  }

  static void restorePieces(void* context, int) {
    auto* job = static_cast<Restoring*>(context);
    const WeightData& data = job->weight->data_;
    const Kernels& kernels = job->weight->kernels_;
    float scales[BATCH];
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t g = start; g < end; g += BATCH) {
        const int64_t count = end - g < BATCH ? end - g : BATCH;
        kernels.scales(data, g, count, scales);
        kernels.dequantize(data.numbers, data.packed + g * GROUP_BYTES, scales, count, job->type,
                           job->pastCaches, at(job->target, g * GROUP, job->type));
      }
    }
  }

  void multiplySome(const void* x, int64_t tokens, int type, const Products& products,
                    int threads) const {
    if (tiled(tokens, type)) {
      multiplyTiles(x, tokens, products, threads);
    } else if (rowsAreWholeGroups()) {
      multiplyGroups({{this, products.first}}, x, tokens, type, products, threads);
    } else {
      multiplyRestored(x, tokens, type, products, threads);
    }
  }

  // Weights of equal columns and variant share the prepared tokens and a hand-over to the threads.
  static void multiplyGroups(const std::vector<Place>& places, const void* x, int64_t tokens,
                             int type, const Products& products, int threads) {
    const FourBitWeight& any = *places[0].weight;
    const int64_t columns = any.data_.columns;
    const int64_t tokenBytes = any.kernels_.preparedBytes(columns, type);
    const int64_t ready = aligned(tokenBytes * tokens);
    // Rows of scales are read in pairs of groups: room for one more, and one more.
    const int64_t ofWorker = aligned(MAX_ROWS * (columns / GROUP + 3) * 4);
    uint8_t* scratch = Scratch::of(ready + threads * ofWorker);
    for (int64_t t = 0; t < tokens; t++) {
      any.kernels_.prepare(at(x, t * columns, type), type, columns, scratch + t * tokenBytes);
    }
    int64_t rows = 0;
    for (const Place& place : places) {
      rows += place.weight->data_.rows;
    }
    Multiplying job{&places,
                    scratch,
                    tokens,
                    type,
                    &products,
                    scratch + ready,
                    ofWorker,
                    Pieces(rows, Pieces::sizeFor(rows, threads, MAX_ROWS))};
    onThreads(threads, multiplyPieces, &job);
  }

  static void multiplyPieces(void* context, int worker) {
    auto* job = static_cast<Multiplying*>(context);
    auto* scales = reinterpret_cast<float*>(job->scratch + worker * job->scratchOfWorker);
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      int64_t above = 0;
      for (const Place& place : *job->places) {
        const FourBitWeight& weight = *place.weight;
        const int64_t from = start > above ? start - above : 0;
        const int64_t to = end - above < weight.data_.rows ? end - above : weight.data_.rows;
        if (from < to) {
          Products products = *job->products;
          products.first = place.first;
          weight.kernels_.multiply(weight.data_, job->x, job->type,
                                   static_cast<int>(job->tokens), scales, from, to, products);
        }
        above += weight.data_.rows;
      }
    }
  }

  // Rows that begin anywhere in a group: each is restored in fp32 first.
  void multiplyRestored(const void* x, int64_t tokens, int type, const Products& products,
                        int threads) const {
    const int64_t ready = aligned(data_.columns * tokens * 4);
    const int64_t ofWorker = aligned((data_.columns + 2 * GROUP) * 4);
    uint8_t* scratch = Scratch::of(ready + threads * ofWorker);
    scalar::prepare(x, type, data_.columns * tokens, scratch);
    const std::vector<Place> only{{this, products.first}};
    Multiplying job{&only,
                    scratch,
                    tokens,
                    type,
                    &products,
                    scratch + ready,
                    ofWorker,
                    Pieces(data_.rows, Pieces::sizeFor(data_.rows, threads, 1))};
    onThreads(threads, multiplyRestoredPieces, &job);
  }

  static void multiplyRestoredPieces(void* context, int worker) {
    auto* job = static_cast<Multiplying*>(context);
    const FourBitWeight& weight = *(*job->places)[0].weight;
    const WeightData& data = weight.data_;
    auto* buffer = reinterpret_cast<float*>(job->scratch + worker * job->scratchOfWorker);
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t row = start; row < end; row++) {
        const float* values = weight.restoreRow(row, buffer);
        for (int64_t t = 0; t < job->tokens; t++) {
          const float* token = static_cast<const float*>(job->x) + t * data.columns;
          // Independent sums that compilers turn into vectors.
          float sums[16] = {};
          int64_t i = 0;
          for (; i + 16 <= data.columns; i += 16) {
            for (int lane = 0; lane < 16; lane++) {
              sums[lane] += values[i + lane] * token[i + lane];
            }
          }
          for (; i < data.columns; i++) {
            sums[i % 16] += values[i] * token[i];
          }
          float sum = 0;
          for (float part : sums) {
            sum += part;
          }
          job->products->put(t, row, sum);
        }
      }
    }
  }

  // Restores the groups that a row touches; returns where in the buffer the row begins.
  const float* restoreRow(int64_t row, float* buffer) const {
    const int64_t begin = row * data_.columns, end = begin + data_.columns;
    const int64_t first = begin / GROUP;
    int64_t last = (end + GROUP - 1) / GROUP;
    if (last > wholeGroups()) {
      last = wholeGroups() > first ? wholeGroups() : first;
    }
    for (int64_t g = first; g < last; g++) {
      float scale = data_.scaleOfGroup(g);
      kernels_.dequantize(data_.numbers, data_.packed + g * GROUP_BYTES, &scale, 1, F32,
                          false, buffer + (g - first) * GROUP);
    }
    for (int64_t i = last * GROUP; i < end; i++) {
      buffer[i - first * GROUP] = value(i);
    }
    return buffer + (begin - first * GROUP);
  }

#if defined(__x86_64__)
  void multiplyTiles(const void* x, int64_t tokens, const Products& products, int threads) const {
    const bool few = tokens <= amx::PAIR;
    const int64_t scales = few ? amx::few::scaleBytes() : amx::many::scaleBytes();
    const int64_t restored = few ? amx::few::restoredBytes() : amx::many::restoredBytes();
    const int64_t sums = few ? amx::few::sumBytes() : amx::many::sumBytes(tokens);
    const int64_t packed = amx::packedBytes(tokens, data_.columns);
    uint8_t* scratch = Scratch::of(packed + threads * (scales + restored + sums));
    Packing packing{this, x, tokens, scratch, Pieces(amx::blocks(tokens), 1)};
    onThreads(tokens > amx::SIDE ? threads : 1, packPieces, &packing);
    const int64_t piece = few ? amx::PAIR : amx::many::rowsAtOnce(data_.rows, threads);
    Tiling job{this,     scratch, tokens, &products,
               scratch + packed, scales, restored, sums, Pieces(data_.rows, piece)};
    onThreads(threads, multiplyTilePieces, &job);
  }

  static void packPieces(void* context, int) {
    auto* job = static_cast<Packing*>(context);
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      amx::packTokens(static_cast<const uint16_t*>(job->x), job->tokens,
                      job->weight->data_.columns, start, job->out);
    }
  }

  static void multiplyTilePieces(void* context, int worker) {
    auto* job = static_cast<Tiling*>(context);
    const WeightData& data = job->weight->data_;
    uint8_t* memory =
        job->memory + worker * (job->scaleBytes + job->restoredBytes + job->sumBytes);
    amx::Buffers buffers{
        reinterpret_cast<float*>(memory), memory + job->scaleBytes,
        reinterpret_cast<float*>(memory + job->scaleBytes + job->restoredBytes)};
    amx::TileSettings settings;
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      if (job->tokens <= amx::PAIR) {
        amx::few::multiply(data, job->x, job->tokens, buffers, start, *job->products);
      } else {
        amx::many::multiply(data, job->x, job->tokens, buffers, start, end, *job->products);
      }
    }
  }
#else
  void multiplyTiles(const void*, int64_t, const Products&, int) const {}
#endif

  const int variant_;
  const Kernels& kernels_;
  WeightData data_;
};

// Weights of one input whose products lie side by side: where they can be, they are multiplied
// together. They must outlive this.
class FourBitWeights {
 public:
  FourBitWeights() = default;

  // Products of the weight are columns first ... of y.
  void add(const FourBitWeight& weight, long long first) { places_.push_back({&weight, first}); }

  // All columns of y [tokens, outputs] that weights have been added for.
  void multiply(const void* x, long long tokens, int type, void* y, long long outputs,
                int threads) const {
    if (tokens > MAX_TOKENS || !areMultipliedTogether(tokens, type)) {
      for (const auto& place : places_) {
        place.weight->multiply(x, tokens, type, y, outputs, place.first, threads);
      }
    } else {
      FourBitWeight::multiplyGroups(places_, x, tokens, type, Products{y, type, outputs, 0},
                                    threads);
    }
  }

 private:
  bool areMultipliedTogether(int64_t tokens, int type) const {
    const FourBitWeight& one = *places_[0].weight;
    return one.rowsAreWholeGroups() && !one.tiled(tokens, type);
  }

  std::vector<FourBitWeight::Place> places_;
};

}  // namespace adapt4j
