#pragma once

// The operators of a decoding step beside products.

#include "step_base.h"

namespace adapt4j {

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

// Keys and values of successive places of a sequence: [heads, capacity, width] of each layer. They
// go on to where the next part starts.
struct CachePart {
  std::vector<void*> keys;
  std::vector<void*> values;
  int64_t start = 0;
  int64_t capacity = 0;
};

// A sequence: parts that it shares with others, then its own.
struct RowCache {
  std::vector<CachePart> parts;

  // Where the places of a part end, of those before one.
  int64_t end(size_t part, int64_t before) const {
    return part + 1 < parts.size() && parts[part + 1].start < before ? parts[part + 1].start
                                                                     : before;
  }

  size_t partOf(int64_t place) const {
    size_t part = parts.size() - 1;
    while (parts[part].start > place) {
      part--;
    }
    return part;
  }
};

// Where queries, keys and values stand in the joined projection, and which layer's cache is theirs.
struct HeadLayout {
  int heads, kvHeads;
  int64_t dim;
  int64_t queryStart, queryStride, keyStart, keyStride, valueStart, valueStride;
  const std::vector<RowCache>* rows;
  int layer;
  int type;

  void* key(const CachePart& part, int head, int64_t place) const {
    return at(part.keys[layer], part, head, place);
  }

  void* value(const CachePart& part, int head, int64_t place) const {
    return at(part.values[layer], part, head, place);
  }

 private:
  void* at(void* start, const CachePart& part, int head, int64_t place) const {
    return static_cast<uint8_t*>(start) +
           (head * part.capacity + place - part.start) * dim * bytesOf(type);
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
    const int64_t place = step.places[piece];
    const RowCache& cache = (*layout_.rows)[step.slots[piece]];
    const CachePart& part = cache.parts[cache.partOf(place)];
    for (int h = 0; h < layout_.heads; h++) {
      turn(step, piece, row + layout_.queryStart + h * layout_.queryStride);
    }
    for (int h = 0; h < layout_.kvHeads; h++) {
      float* key = row + layout_.keyStart + h * layout_.keyStride;
      turn(step, piece, key);
      keep(key, layout_.key(part, h, place));
      keep(row + layout_.valueStart + h * layout_.valueStride, layout_.value(part, h, place));
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
    const RowCache& cache = (*layout_.rows)[step.slots[t]];
    const size_t firstPart = cache.partOf(first);
    const int64_t seen = place - first + 1;
    const int64_t tokenBytes = padded(layout_.dim) * bytesOf(tokenType_);
    for (int g = part * each; g < end; g += TOKENS_AT_ONCE) {
      const int count = end - g < TOKENS_AT_ONCE ? end - g : TOKENS_AT_ONCE;
      const int head = kvHead * group + g;
      for (int i = 0; i < count; i++) {
        kernels_.prepare(
            projected_.row(t) + layout_.queryStart + (head + i) * layout_.queryStride, layout_.dim,
            tokenType_, worker.tokens + i * tokenBytes);
      }
      int64_t from = first;
      for (size_t p = firstPart; from <= place; from = cache.end(p++, place + 1)) {
        const PlainRows keys{layout_.key(cache.parts[p], kvHead, from), layout_.type, layout_.dim,
                             cache.end(p, place + 1) - from};
        kernels_.multiply(keys, worker.tokens, count, worker.sums + from - first, seen);
      }
      for (int i = 0; i < count; i++) {
        kernels_.elements->softmax(worker.sums + i * seen, seen, scale_, cap_);
      }
      from = first;
      for (size_t p = firstPart; from <= place; from = cache.end(p++, place + 1)) {
        const PlainRows values{layout_.value(cache.parts[p], kvHead, from), layout_.type,
                               layout_.dim, cache.end(p, place + 1) - from};
        kernels_.mix(values, worker.sums + from - first, seen, count, from > first,
                     to_.row(t) + head * layout_.dim);
      }
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
