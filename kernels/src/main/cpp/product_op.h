#pragma once

// Products of a decoding step with weights of every kind.

#include "step_base.h"

namespace adapt4j {

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
    if (bias == nullptr) {
      for (int64_t i = 0; i < count; i++) {
        y[i] = added ? y[i] + scale * sums[i] : scale * sums[i];
      }
      return;
    }
    for (int64_t i = 0; i < count; i++) {
      const float biased =
          sums[i] + lanes::valueAt(bias, biasType, row + i);
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

  // Restricts it to some rows of its target, such as those of an expert. Row / share is the row that
  // it takes.
  void restrictTo(const std::vector<int>* rows, int share) {
    only_ = rows;
    share_ = share;
  }

 protected:
  int tokens(const Step& step) const {
    return only_ == nullptr ? mostTokens(step) : static_cast<int>(only_->size());
  }

  // What it has in this step at most: before the step has run, no more is known.
  int mostTokens(const Step& step) const { return ofOutputs ? step.outputs : step.tokens; }

  // Whether the target takes the sums as they are, a bias added.
  bool isDirect() const { return only_ == nullptr && target_.scale == 1; }

  TileTarget direct(int64_t row, int64_t count, float* bias) const {
    for (int64_t i = 0; target_.bias != nullptr && i < count; i++) {
      bias[i] = lanes::valueAt(target_.bias, target_.biasType, row + i);
    }
    return {target_.buffer.data + target_.start + row, target_.buffer.width,
            target_.bias == nullptr ? nullptr : bias, target_.added};
  }

  const float* token(int64_t t) const {
    return from_.row(only_ == nullptr ? t : (*only_)[t] / share_) + fromStart_;
  }

  void put(int64_t t, int64_t row, const float* sums, int64_t count) const {
    target_.put(only_ == nullptr ? t : (*only_)[t], row, sums, count);
  }

  Buffer from_;
  int64_t fromStart_, columns_, rows_;
  Target target_;
  int64_t pieceRows_;

 private:
  const std::vector<int>* only_ = nullptr;
  int share_ = 1;
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

  int64_t sumBytes(const Step& step) const override {
    const int64_t ofMany = (mostTokens(step) + padded(columns_)) * STRIP_ROWS * sizeof(float);
    const int64_t ofFew = ProductOp::sumBytes(step);
    return ofMany > ofFew ? ofMany : ofFew;
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const int count = tokens(step);
    const int64_t start = piece * pieceRows_;
    PlainRows rows = weight_;
    rows.data = weight_.row(start);
    rows.count = rows_ - start < pieceRows_ ? rows_ - start : pieceRows_;
    if (worker.preparedFor != this) {
      for (int t = 0; t < count; t++) {
        kernels_.prepare(token(t), columns_, tokenType_, worker.tokens + t * bytesOfToken());
      }
      worker.preparedFor = this;
    }
    if (count > 3 * TOKENS_AT_ONCE && kernels_.multiplyMany != nullptr) {
      multiplyMany(rows, start, count, worker);
    } else {
      multiplyFew(rows, start, count, worker);
    }
  }

 private:
  void multiplyFew(const PlainRows& rows, int64_t start, int count, Worker& worker) const {
    for (int t = 0; t < count; t += TOKENS_AT_ONCE) {
      const int some = count - t < TOKENS_AT_ONCE ? count - t : TOKENS_AT_ONCE;
      kernels_.multiply(rows, worker.tokens + t * bytesOfToken(), some, worker.sums, pieceRows_);
      for (int i = 0; i < some; i++) {
        put(t + i, start, worker.sums + i * pieceRows_, rows.count);
      }
    }
  }

  // So many tokens at once as stay in a cache while strips pass by.
  void multiplyMany(const PlainRows& rows, int64_t start, int count, Worker& worker) const {
    const int most = static_cast<int>(std::max<int64_t>(MANY_BYTES / bytesOfToken() / 24 * 24, 24));
    for (int t = 0; t < count; t += most) {
      const int some = count - t < most ? count - t : most;
      const uint8_t* x = worker.tokens + t * bytesOfToken();
      float* wide = worker.sums + some * STRIP_ROWS;
      for (int64_t r = 0; r < rows.count; r += STRIP_ROWS) {
        PlainRows strip = rows;
        strip.data = rows.row(r);
        strip.count = rows.count - r < STRIP_ROWS ? rows.count - r : STRIP_ROWS;
        if (isDirect()) {
          float bias[STRIP_ROWS];
          kernels_.multiplyMany(strip, x, some, wide,
                                direct(start + r, strip.count, bias).from(t, 0));
          continue;
        }
        const TileTarget sums{worker.sums, STRIP_ROWS, nullptr, false};
        kernels_.multiplyMany(strip, x, some, wide, sums);
        for (int i = 0; i < some; i++) {
          put(t + i, start + r, worker.sums + i * STRIP_ROWS, strip.count);
        }
      }
    }
  }

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
        put(t + i, start, worker.sums + i * pieceRows_, end - start);
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
        put(t + i, start, worker.sums + i * pieceRows_, end - start);
      }
    }
  }

 private:
  const Int8Kernels& kernels_;
  const uint8_t* tiles_;
};

// A weight in the blocks of a GGUF file.
class BlockProductOp : public ProductOp {
 public:
  BlockProductOp(int id, const StripProducts& kernels, const uint8_t* tiles, Buffer from,
                 int64_t columns, int64_t rows, const Target& target, int threads)
      : ProductOp(from, 0, columns, rows, target, threads), kernels_(kernels), tiles_(tiles),
        stripBytes_(layoutOf(id).stripBytes(columns)) {}

  const char* name() const override { return "block product"; }

  int64_t tokenBytes(int tokens) const override { return tokens * kernels_.bytes(columns_); }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const int count = tokens(step);
    const int64_t bytes = kernels_.bytes(columns_);
    if (worker.preparedFor != this) {
      for (int t = 0; t < count; t++) {
        kernels_.prepare(token(t), columns_, worker.tokens + t * bytes);
      }
      worker.preparedFor = this;
    }
    const int64_t start = piece * pieceRows_;
    const int64_t end = rows_ - start < pieceRows_ ? rows_ : start + pieceRows_;
    for (int t = 0; t < count; t += TOKENS_AT_ONCE) {
      const int some = count - t < TOKENS_AT_ONCE ? count - t : TOKENS_AT_ONCE;
      for (int64_t row = start; row < end; row += BLOCK_ROWS) {
        kernels_.multiply(tiles_ + row / BLOCK_ROWS * stripBytes_, columns_,
                          worker.tokens + t * bytes, some, worker.sums + (row - start),
                          pieceRows_);
      }
      for (int i = 0; i < some; i++) {
        put(t + i, start, worker.sums + i * pieceRows_, end - start);
      }
    }
  }

 private:
  const StripProducts& kernels_;
  const uint8_t* tiles_;
  int64_t stripBytes_;
};

}  // namespace adapt4j
