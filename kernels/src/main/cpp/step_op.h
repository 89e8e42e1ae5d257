#pragma once

// The operators of a decoding step. Each is cut into pieces that threads take as they come.

#include "four_bit_weight.h"
#include "int8_weight.h"
#include "plain_avx2.h"
#include "plain_avx512.h"
#include "plain_product.h"

namespace adapt4j {

inline const PlainKernels& plainKernelsOf(int variant) {
#if defined(__x86_64__)
  static const PlainKernels* const ALL[] = {&scalar::PLAIN, &avx2::PLAIN, &avx512::PLAIN,
                                            &avx512bf16::PLAIN, &avx512bf16::PLAIN};
  return *ALL[variant];
#else
  return scalar::PLAIN;
#endif
}

// fp32 entries of some tokens, one row a token.
struct Buffer {
  float* data = nullptr;
  int64_t width = 0;

  float* row(int64_t token) const { return data + token * width; }
};

// The tokens of a step and what is known of each.
struct Step {
  int tokens;
  const int* ids;
  const int* slots;      // row of the cache
  const int* places;     // where in its row the token's key goes
  const int* firsts;     // the first place that it sees
  const int* positions;  // for learned positions
  const float* const* cos;  // by rotary table: [tokens, half]
  const float* const* sin;
  int outputs;           // tokens whose logits are wanted
  const int* outputOf;   // which they are
  int64_t longest;       // most places that a token sees
};

// What a thread keeps while it works on one operator.
struct Worker {
  uint8_t* tokens;  // prepared
  float* sums;
  const void* preparedFor = nullptr;
};

class StepOp {
 public:
  virtual ~StepOp() = default;

  virtual const char* name() const = 0;

  virtual int64_t pieces(const Step& step) const = 0;

  virtual void run(const Step& step, int64_t piece, Worker& worker) const = 0;

  // Bytes of prepared tokens and of sums that a worker needs for it.
  virtual int64_t tokenBytes(int) const { return 0; }
  virtual int64_t sumBytes(const Step&) const { return 0; }
};

// Work on each token by itself.
class TokenOp : public StepOp {
 public:
  int64_t pieces(const Step& step) const override { return ofOutputs ? step.outputs : step.tokens; }

  // Whether it works on the tokens whose logits are wanted alone.
  bool ofOutputs = false;
};

class EmbedOp : public TokenOp {
 public:
  EmbedOp(Buffer to, const void* rows, int type, float factor, const void* positions)
      : to_(to), rows_(rows), type_(type), factor_(factor), positions_(positions) {}

  const char* name() const override { return "embed"; }

  void run(const Step& step, int64_t piece, Worker&) const override {
    float* y = to_.row(piece);
    for (int64_t i = 0; i < to_.width; i++) {
      y[i] = factor_ * lanes::valueAt(rows_, type_, step.ids[piece] * to_.width + i);
      if (positions_ != nullptr) {
        y[i] += lanes::valueAt(positions_, type_, step.positions[piece] * to_.width + i);
      }
    }
  }

 private:
  Buffer to_;
  const void* rows_;
  int type_;
  float factor_;
  const void* positions_;
};

// Norms of segments of equal width, such as heads.
class NormOp : public TokenOp {
 public:
  NormOp(const PlainKernels& kernels, const NormRule& rule, Buffer from, Buffer to, int64_t start,
         int64_t width, int64_t stride, int segments)
      : kernels_(kernels), rule_(rule), from_(from), to_(to), start_(start), width_(width),
        stride_(stride), segments_(segments) {}

  const char* name() const override { return "norm"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    for (int s = 0; s < segments_; s++) {
      const int64_t at = start_ + s * stride_;
      kernels_.elements->norm(rule_, from_.row(piece) + at, width_, to_.row(piece) + at);
    }
  }

 private:
  const PlainKernels& kernels_;
  NormRule rule_;
  Buffer from_, to_;
  int64_t start_, width_, stride_;
  int segments_;
};

class ActivateOp : public TokenOp {
 public:
  // y [width] = gain * f(x), times what stands beside x where that is gated.
  ActivateOp(const PlainKernels& kernels, int kind, Buffer from, Buffer to, float gain, bool gated)
      : kernels_(kernels), kind_(kind), from_(from), to_(to), gain_(gain), gated_(gated) {}

  const char* name() const override { return "activate"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* x = from_.row(piece);
    kernels_.elements->activate(kind_, x, gated_ ? x + to_.width : nullptr, gain_, to_.width,
                                to_.row(piece));
  }

 private:
  const PlainKernels& kernels_;
  int kind_;
  Buffer from_, to_;
  float gain_;
  bool gated_;
};

// y += factor * x.
class AddOp : public TokenOp {
 public:
  AddOp(const PlainKernels& kernels, Buffer from, Buffer to, float factor)
      : kernels_(kernels), from_(from), to_(to), factor_(factor) {}

  const char* name() const override { return "add"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    float* y = to_.row(piece);
    kernels_.elements->addScaled(y, from_.row(piece), factor_, to_.width, y);
  }

 private:
  const PlainKernels& kernels_;
  Buffer from_, to_;
  float factor_;
};

// The hidden states of the tokens whose logits are wanted, one after the other.
class GatherOp : public TokenOp {
 public:
  GatherOp(Buffer from, Buffer to) : from_(from), to_(to) { ofOutputs = true; }

  const char* name() const override { return "gather"; }

  void run(const Step& step, int64_t piece, Worker&) const override {
    std::memcpy(to_.row(piece), from_.row(step.outputOf[piece]), to_.width * 4);
  }

 private:
  Buffer from_, to_;
};

// The id of the largest logit, the lowest of equal ones; -1 where one is not finite.
class LikeliestOp : public TokenOp {
 public:
  LikeliestOp(Buffer from, int* ids) : from_(from), ids_(ids) { ofOutputs = true; }

  const char* name() const override { return "likeliest"; }

  void run(const Step&, int64_t piece, Worker&) const override {
    const float* logits = from_.row(piece);
    float most = -INFINITY;
    int id = -1;
    bool known = true;
    for (int64_t i = 0; i < from_.width; i++) {
      known &= logits[i] < INFINITY;  // false for NaN too
      if (logits[i] > most) {
        most = logits[i];
        id = static_cast<int>(i);
      }
    }
    ids_[piece] = known ? id : -1;
  }

 private:
  Buffer from_;
  int* ids_;
};

// Where the results of a product go: y = scale * (W x + b), or that added to y.
struct Target {
  Buffer buffer;
  int64_t start;
  const void* bias;
  int biasType;
  float scale;
  bool added;

  void put(int64_t token, int64_t row, const float* sums, int64_t count) const {
    float* y = buffer.row(token) + start + row;
    for (int64_t i = 0; i < count; i++) {
      const float biased =
          bias == nullptr ? sums[i] : sums[i] + lanes::valueAt(bias, biasType, row + i);
      y[i] = added ? y[i] + scale * biased : scale * biased;
    }
  }
};

// Rows of a weight, cut into pieces.
class ProductOp : public StepOp {
 public:
  ProductOp(Buffer from, int64_t fromStart, int64_t columns, int64_t rows, const Target& target,
            int threads)
      : from_(from), fromStart_(fromStart), columns_(columns), rows_(rows), target_(target),
        pieceRows_(pieceRows(rows, threads)) {}

  int64_t pieces(const Step&) const override { return (rows_ + pieceRows_ - 1) / pieceRows_; }

  int64_t sumBytes(const Step&) const override {
    return TOKENS_AT_ONCE * pieceRows_ * sizeof(float);
  }

  bool ofOutputs = false;

 protected:
  int tokens(const Step& step) const { return ofOutputs ? step.outputs : step.tokens; }

  const float* token(int64_t t) const { return from_.row(t) + fromStart_; }

  // Some eight pieces a thread, so that one that is held up takes fewer.
  static int64_t pieceRows(int64_t rows, int threads) {
    const int64_t size = (rows / (threads * 8L) + 15) / 16 * 16;
    return size < 16 ? 16 : size > 512 ? 512 : size;
  }

  Buffer from_;
  int64_t fromStart_, columns_, rows_;
  Target target_;
  int64_t pieceRows_;
};

class PlainProductOp : public ProductOp {
 public:
  PlainProductOp(const PlainKernels& kernels, const void* weight, int type, Buffer from,
                 int64_t fromStart, int64_t columns, int64_t rows, const Target& target,
                 int threads)
      : ProductOp(from, fromStart, columns, rows, target, threads), kernels_(kernels),
        weight_{weight, type, columns, rows}, tokenType_(kernels.tokenType(type)) {}

  const char* name() const override { return "product"; }

  int64_t tokenBytes(int tokens) const override { return tokens * bytesOfToken(); }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const int count = tokens(step);
    if (worker.preparedFor != this) {
      for (int t = 0; t < count; t++) {
        kernels_.prepare(token(t), columns_, tokenType_, worker.tokens + t * bytesOfToken());
      }
      worker.preparedFor = this;
    }
    const int64_t start = piece * pieceRows_;
    PlainRows rows = weight_;
    rows.data = weight_.row(start);
    rows.count = rows_ - start < pieceRows_ ? rows_ - start : pieceRows_;
    for (int t = 0; t < count; t += TOKENS_AT_ONCE) {
      const int some = count - t < TOKENS_AT_ONCE ? count - t : TOKENS_AT_ONCE;
      kernels_.multiply(rows, worker.tokens + t * bytesOfToken(), some, worker.sums, pieceRows_);
      for (int i = 0; i < some; i++) {
        target_.put(t + i, start, worker.sums + i * pieceRows_, rows.count);
      }
    }
  }

 private:
  int64_t bytesOfToken() const { return padded(columns_) * bytesOf(tokenType_); }

  const PlainKernels& kernels_;
  PlainRows weight_;
  int tokenType_;
};

// A 4-bit weight whose rows are whole groups, with tokens rounded to a type.
class FourBitProductOp : public ProductOp {
 public:
  FourBitProductOp(const FourBitWeight& weight, int type, Buffer from, const Target& target,
                   int threads)
      : ProductOp(from, 0, weight.data().columns, weight.data().rows, target, threads),
        weight_(weight), type_(type) {}

  const char* name() const override { return "4-bit product"; }

  int64_t tokenBytes(int tokens) const override {
    return aligned(tokens * bytesOfToken()) + aligned(columns_ * 4);
  }

  int64_t sumBytes(const Step& step) const override {
    return aligned(ProductOp::sumBytes(step)) + MAX_ROWS * (columns_ / GROUP + 3) * 4;
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const int count = tokens(step);
    if (worker.preparedFor != this) {
      uint8_t* rounded = worker.tokens + aligned(count * bytesOfToken());
      for (int t = 0; t < count; t++) {
        for (int64_t i = 0; i < columns_; i++) {
          store(token(t)[i], type_, rounded, i);
        }
        weight_.kernels().prepare(rounded, type_, columns_, worker.tokens + t * bytesOfToken());
      }
      worker.preparedFor = this;
    }
    auto* scales =
        reinterpret_cast<float*>(reinterpret_cast<uint8_t*>(worker.sums) +
                                 aligned(ProductOp::sumBytes(step)));
    const int64_t start = piece * pieceRows_;
    const int64_t end = rows_ - start < pieceRows_ ? rows_ : start + pieceRows_;
    for (int t = 0; t < count; t += MAX_TOKENS) {
      const int some = count - t < MAX_TOKENS ? count - t : MAX_TOKENS;
      // Row start is column 0 of the sums.
      const Products products{worker.sums, F32, pieceRows_, -start};
      weight_.kernels().multiply(weight_.data(), worker.tokens + t * bytesOfToken(), type_, some,
                                 scales, start, end, products);
      for (int i = 0; i < some; i++) {
        target_.put(t + i, start, worker.sums + i * pieceRows_, end - start);
      }
    }
  }

 private:
  int64_t bytesOfToken() const { return weight_.kernels().preparedBytes(columns_, type_); }

  const FourBitWeight& weight_;
  int type_;
};

// A weight in 8 bits, with tokens rounded to 8 bits.
class Int8ProductOp : public ProductOp {
 public:
  Int8ProductOp(const Int8Kernels& kernels, const uint8_t* tiles, Buffer from, int64_t columns,
                int64_t rows, const Target& target, int threads)
      : ProductOp(from, 0, columns, rows, target, threads), kernels_(kernels), tiles_(tiles) {}

  const char* name() const override { return "int8 product"; }

  int64_t tokenBytes(int tokens) const override { return tokens * Int8Token::bytes(columns_); }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const int count = tokens(step);
    const int64_t bytes = Int8Token::bytes(columns_);
    if (worker.preparedFor != this) {
      for (int t = 0; t < count; t++) {
        kernels_.round(token(t), columns_, worker.tokens + t * bytes);
      }
      worker.preparedFor = this;
    }
    const int64_t start = piece * pieceRows_;
    const int64_t end = rows_ - start < pieceRows_ ? rows_ : start + pieceRows_;
    for (int t = 0; t < count; t += TOKENS_AT_ONCE) {
      const int some = count - t < TOKENS_AT_ONCE ? count - t : TOKENS_AT_ONCE;
      for (int64_t row = start; row < end; row += INT8_ROWS) {
        kernels_.multiply(tiles_ + row / INT8_ROWS * Int8Token::blocks(columns_) * INT8_TILE,
                          columns_, worker.tokens + t * bytes, some, worker.sums + (row - start),
                          pieceRows_);
      }
      for (int i = 0; i < some; i++) {
        target_.put(t + i, start, worker.sums + i * pieceRows_, end - start);
      }
    }
  }

 private:
  const Int8Kernels& kernels_;
  const uint8_t* tiles_;
};

// Keys and values of a sequence: [heads, capacity, width] of each layer.
struct RowCache {
  std::vector<void*> keys;
  std::vector<void*> values;
  int64_t capacity = 0;
};

// Where queries, keys and values stand in the joined projection, and which layer's cache is theirs.
struct HeadLayout {
  int heads, kvHeads;
  int64_t dim;
  int64_t queryStart, queryStride, keyStart, keyStride, valueStart, valueStride;
  const std::vector<RowCache>* rows;
  int layer;
  int type;

  void* key(int64_t slot, int head, int64_t place) const {
    const RowCache& row = (*rows)[slot];
    return at(row.keys[layer], row, head, place);
  }

  void* value(int64_t slot, int head, int64_t place) const {
    const RowCache& row = (*rows)[slot];
    return at(row.values[layer], row, head, place);
  }

 private:
  void* at(void* start, const RowCache& row, int head, int64_t place) const {
    return static_cast<uint8_t*>(start) + (head * row.capacity + place) * dim * bytesOf(type);
  }
};

// Turns queries and keys, and puts keys and values into the cache.
class AppendOp : public TokenOp {
 public:
  AppendOp(const PlainKernels& kernels, Buffer projected, const HeadLayout& layout, int table,
           int64_t half)
      : kernels_(kernels), projected_(projected), layout_(layout), table_(table), half_(half) {}

  const char* name() const override { return "rotate and append"; }

  void run(const Step& step, int64_t piece, Worker&) const override {
    float* row = projected_.row(piece);
    for (int h = 0; h < layout_.heads; h++) {
      turn(step, piece, row + layout_.queryStart + h * layout_.queryStride);
    }
    for (int h = 0; h < layout_.kvHeads; h++) {
      float* key = row + layout_.keyStart + h * layout_.keyStride;
      turn(step, piece, key);
      const int slot = step.slots[piece];
      const int64_t place = step.places[piece];
      keep(key, layout_.key(slot, h, place));
      keep(row + layout_.valueStart + h * layout_.valueStride, layout_.value(slot, h, place));
    }
  }

 private:
  void turn(const Step& step, int64_t token, float* head) const {
    if (table_ >= 0) {
      kernels_.elements->rotate(head, step.cos[table_] + token * half_,
                                step.sin[table_] + token * half_, half_);
    }
  }

  void keep(const float* values, void* to) const {
    for (int64_t i = 0; i < layout_.dim; i++) {
      store(values[i], layout_.type, to, i);
    }
  }

  const PlainKernels& kernels_;
  Buffer projected_;
  HeadLayout layout_;
  int table_;
  int64_t half_;
};

// Attention of each token over the places that it sees. A piece is some query heads that share keys.
class AttendOp : public StepOp {
 public:
  AttendOp(const PlainKernels& kernels, Buffer projected, Buffer to, const HeadLayout& layout,
           float scale, float cap, int64_t window, int threads)
      : kernels_(kernels), projected_(projected), to_(to), layout_(layout), scale_(scale),
        cap_(cap), window_(window), threads_(threads), tokenType_(kernels.tokenType(layout.type)) {}

  const char* name() const override { return "attend"; }

  int64_t pieces(const Step& step) const override {
    return static_cast<int64_t>(step.tokens) * layout_.kvHeads * parts(step);
  }

  int64_t tokenBytes(int) const override {
    return TOKENS_AT_ONCE * padded(layout_.dim) * sizeof(float);
  }

  int64_t sumBytes(const Step& step) const override {
    return TOKENS_AT_ONCE * step.longest * sizeof(float);
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const int64_t ofToken = static_cast<int64_t>(layout_.kvHeads) * parts(step);
    const int64_t t = piece / ofToken;
    const int kvHead = static_cast<int>(piece % ofToken / parts(step));
    const int part = static_cast<int>(piece % parts(step));
    const int group = layout_.heads / layout_.kvHeads;
    const int each = (group + parts(step) - 1) / parts(step);
    const int end = (part + 1) * each < group ? (part + 1) * each : group;
    const int64_t place = step.places[t];
    int64_t first = step.firsts[t];
    if (window_ > 0 && place - window_ + 1 > first) {
      first = place - window_ + 1;
    }
    const int slot = step.slots[t];
    const PlainRows keys{layout_.key(slot, kvHead, first), layout_.type, layout_.dim,
                         place - first + 1};
    const PlainRows values{layout_.value(slot, kvHead, first), layout_.type, layout_.dim,
                           keys.count};
    const int64_t tokenBytes = padded(layout_.dim) * bytesOf(tokenType_);
    for (int g = part * each; g < end; g += TOKENS_AT_ONCE) {
      const int count = end - g < TOKENS_AT_ONCE ? end - g : TOKENS_AT_ONCE;
      const int head = kvHead * group + g;
      for (int i = 0; i < count; i++) {
        kernels_.prepare(
            projected_.row(t) + layout_.queryStart + (head + i) * layout_.queryStride, layout_.dim,
            tokenType_, worker.tokens + i * tokenBytes);
      }
      kernels_.multiply(keys, worker.tokens, count, worker.sums, keys.count);
      for (int i = 0; i < count; i++) {
        kernels_.elements->softmax(worker.sums + i * keys.count, keys.count, scale_, cap_);
      }
      kernels_.mix(values, worker.sums, keys.count, count, to_.row(t) + head * layout_.dim);
    }
    worker.preparedFor = nullptr;
  }

 private:
  // Few groups are cut, so that every thread has about as many heads.
  int parts(const Step& step) const {
    const int group = layout_.heads / layout_.kvHeads;
    const int64_t groups = static_cast<int64_t>(step.tokens) * layout_.kvHeads;
    return groups % threads_ == 0 || groups >= 8L * threads_ ? 1 : group;
  }

  const PlainKernels& kernels_;
  Buffer projected_, to_;
  HeadLayout layout_;
  float scale_, cap_;
  int64_t window_;
  int threads_, tokenType_;
};

}  // namespace adapt4j
