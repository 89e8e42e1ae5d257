#pragma once

// Attention of a decoding step.

#include "step_op.h"

namespace adapt4j {

// Keys and values of successive places of a sequence: [heads, capacity, width] of each layer, whose
// first place may come after the start of the part. They go on to where the next part starts.
struct CachePart {
  std::vector<void*> keys;
  std::vector<void*> values;
  std::vector<int64_t> capacities;
  std::vector<int64_t> firsts;
  int64_t start = 0;
};

// A sequence: parts that it shares with others, then its own.
struct RowCache {
  std::vector<CachePart> parts;

  // What recurrent layers keep: of each layer the tail of its convolution and its state, if any.
  std::vector<float*> tails;
  std::vector<float*> states;

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

// Successive places, without the end.
struct PlaceRange {
  int64_t start, end;
};

// The places that each token of a step reads where it sees more than are chosen.
struct PlaceChoice {
  int64_t chosen;
  std::vector<std::vector<PlaceRange>> ranges;  // of each token, in their order
  std::vector<float> scores;                    // [tokens, longest]

  PlaceChoice(int64_t chosen, int maxTokens) : chosen(chosen), ranges(maxTokens) {}
};

// Where queries, keys and values stand in the joined projection, and which layer's cache is theirs.
struct HeadLayout {
  int heads, kvHeads;
  int64_t dim;
  int64_t queryStride, groupStride;  // of the queries of one key, and from one such group to the next
  int64_t keyStart, valueStart, keyStride;
  bool pairs;  // whether neighbors are turned
  const std::vector<RowCache>* rows;
  int layer;
  int type;
  const PlaceChoice* choice = nullptr;  // null where all places are read

  int group() const { return heads / kvHeads; }

  float* query(float* row, int head) const {
    return row + head / group() * groupStride + head % group() * queryStride;
  }

  float* key(float* row, int head) const { return row + keyStart + head * keyStride; }

  float* value(float* row, int head) const { return row + valueStart + head * keyStride; }

  void* key(const CachePart& part, int head, int64_t place) const {
    return at(part.keys[layer], part, head, place);
  }

  void* value(const CachePart& part, int head, int64_t place) const {
    return at(part.values[layer], part, head, place);
  }

 private:
  void* at(void* start, const CachePart& part, int head, int64_t place) const {
    return static_cast<uint8_t*>(start) +
           (head * part.capacities[layer] + place - part.firsts[layer]) * rowBytes(type, dim);
  }
};

// The tables that turn queries and keys; negative where none does.
struct Turning {
  int queries, keys;
  int64_t half;
  int64_t start = 0;  // columns of a head before those that are turned
};

// Turns queries and keys, or those of them that there is a table for.
class RotateOp : public TokenOp {
 public:
  RotateOp(const PlainKernels& kernels, Buffer projected, const HeadLayout& layout,
           const Turning& turning)
      : projected_(projected), layout_(layout), turning_(turning),
        turn_(layout.pairs ? kernels.elements->rotatePairs : kernels.elements->rotate) {}

  const char* name() const override { return "rotate"; }

  void run(const Step& step, int64_t piece, Worker&) const override {
    float* row = projected_.row(piece);
    for (int h = 0; h < layout_.heads; h++) {
      turn(step, piece, turning_.queries, layout_.query(row, h));
    }
    for (int h = 0; h < layout_.kvHeads; h++) {
      turn(step, piece, turning_.keys, layout_.key(row, h));
    }
  }

 protected:
  Buffer projected_;
  HeadLayout layout_;
  Turning turning_;

 private:
  void turn(const Step& step, int64_t token, int table, float* head) const {
    if (table < 0) {
      return;
    }
    const int64_t at = token * turning_.half;
    turn_(head + turning_.start, step.cos[table] + at, step.sin[table] + at, turning_.half);
  }

  void (*turn_)(float* head, const float* cos, const float* sin, int64_t half);
};

// Rounds a vector to 127 steps of its largest magnitude on each side of 0. The scale of one that is
// not finite says so.
inline void keepScaled(const float* values, int64_t count, int8_t* to) {
  float most = 0;
  bool finite = true;
  for (int64_t i = 0; i < count; i++) {
    const float magnitude = std::fabs(values[i]);
    finite &= magnitude < INFINITY;  // false for NaN too
    most = magnitude > most ? magnitude : most;
  }
  // Of what is next to nothing, the inverse would be infinite.
  const bool rounds = finite && most > 1e-30f;
  const float inverse = rounds ? 127 / most : 0, scale = rounds ? most / 127 : finite ? 0 : NAN;
  for (int64_t i = 0; i < count; i++) {
    to[i] = rounds ? static_cast<int8_t>(std::nearbyint(values[i] * inverse)) : 0;
  }
  std::memcpy(to + count, &scale, sizeof scale);
}

// Turns queries and keys unless there is no table, and puts keys and values into the cache.
class AppendOp : public RotateOp {
 public:
  AppendOp(const PlainKernels& kernels, Buffer projected, const HeadLayout& layout,
           const Turning& turning)
      : RotateOp(kernels, projected, layout, turning) {}

  const char* name() const override { return turns() ? "rotate and append" : "append"; }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    if (turns()) {
      RotateOp::run(step, piece, worker);
    }
    float* row = projected_.row(piece);
    const int64_t place = step.places[piece];
    const RowCache& cache = (*layout_.rows)[step.slots[piece]];
    const CachePart& part = cache.parts[cache.partOf(place)];
    for (int h = 0; h < layout_.kvHeads; h++) {
      keep(layout_.key(row, h), layout_.key(part, h, place));
      keep(layout_.value(row, h), layout_.value(part, h, place));
    }
  }

 private:
  bool turns() const { return turning_.keys >= 0; }

  void keep(const float* values, void* to) const {
    if (layout_.type == SCALED8) {
      keepScaled(values, layout_.dim, static_cast<int8_t*>(to));
      return;
    }
    for (int64_t i = 0; i < layout_.dim; i++) {
      store(values[i], layout_.type, to, i);
    }
  }
};

// Attention of each token over the places that it sees. A piece is some query heads that share keys.
class AttendOp : public StepOp {
 public:
  AttendOp(const PlainKernels& kernels, Buffer projected, Buffer to, const HeadLayout& layout,
           float scale, float cap, int64_t window, std::vector<float> sinks, int threads)
      : kernels_(kernels), projected_(projected), to_(to), layout_(layout), scale_(scale),
        cap_(cap), window_(window), sinks_(std::move(sinks)), threads_(threads),
        tokenType_(kernels.tokenType(layout.type)) {}

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
    const int group = layout_.group();
    const int each = (group + parts(step) - 1) / parts(step);
    const int end = (part + 1) * each < group ? (part + 1) * each : group;
    const int64_t place = step.places[t];
    int64_t first = step.firsts[t];
    if (window_ > 0 && place - window_ + 1 > first) {
      first = place - window_ + 1;
    }
    const RowCache& cache = (*layout_.rows)[step.slots[t]];
    const PlaceChoice* choice = layout_.choice;
    const PlaceRange all{first, place + 1};
    const bool isChosen = choice != nullptr && all.end - all.start > choice->chosen;
    const PlaceRange* ranges = isChosen ? choice->ranges[t].data() : &all;
    const size_t count = isChosen ? choice->ranges[t].size() : 1;
    const int64_t seen = isChosen ? choice->chosen : all.end - all.start;
    const int64_t tokenBytes = padded(layout_.dim) * bytesOf(tokenType_);
    for (int g = part * each; g < end; g += TOKENS_AT_ONCE) {
      const int some = end - g < TOKENS_AT_ONCE ? end - g : TOKENS_AT_ONCE;
      const int head = kvHead * group + g;
      for (int i = 0; i < some; i++) {
        kernels_.prepare(layout_.query(projected_.row(t), head + i), layout_.dim, tokenType_,
                         worker.tokens + i * tokenBytes);
      }
      eachPart(cache, ranges, count,
               [&](const CachePart& part, int64_t from, int64_t places, int64_t before) {
                 const PlainRows keys{layout_.key(part, kvHead, from), layout_.type, layout_.dim,
                                      places};
                 kernels_.multiply(keys, worker.tokens, some, worker.sums + before, seen);
                 scale(keys, some, worker.sums + before, seen);
               });
      for (int i = 0; i < some; i++) {
        kernels_.elements->softmax(worker.sums + i * seen, seen, scale_, cap_,
                                   sinks_.empty() ? nullptr : &sinks_[head + i]);
      }
      eachPart(cache, ranges, count,
               [&](const CachePart& part, int64_t from, int64_t places, int64_t before) {
                 const PlainRows values{layout_.value(part, kvHead, from), layout_.type,
                                        layout_.dim, places};
                 scale(values, some, worker.sums + before, seen);
                 kernels_.mix(values, worker.sums + before, seen, some, before > 0,
                              to_.row(t) + head * layout_.dim);
               });
    }
    worker.preparedFor = nullptr;
  }

 private:
  // Gives use the places of ranges that a part of the cache has, and how many come before.
  template <class Use>
  static void eachPart(const RowCache& cache, const PlaceRange* ranges, size_t count,
                       const Use& use) {
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
      size_t p = cache.partOf(ranges[i].start);
      for (int64_t from = ranges[i].start, end; from < ranges[i].end; from = end) {
        end = cache.end(p, ranges[i].end);
        use(cache.parts[p++], from, end - from, before);
        before += end - from;
      }
    }
  }

  // Multiplies numbers of heads, one of each row, by the rows' scales, if they have any.
  static void scale(const PlainRows& rows, int heads, float* numbers, int64_t stride) {
    constexpr int64_t AT_ONCE = 64;
    for (int64_t r = 0; rows.type == SCALED8 && r < rows.count; r += AT_ONCE) {
      const int64_t count = rows.count - r < AT_ONCE ? rows.count - r : AT_ONCE;
      float scales[AT_ONCE];
      for (int64_t i = 0; i < count; i++) {
        scales[i] = rows.scale(r + i);
      }
      for (int h = 0; h < heads; h++) {
        for (int64_t i = 0; i < count; i++) {
          numbers[h * stride + r + i] *= scales[i];
        }
      }
    }
  }

  // Few groups are cut, so that every thread has about as many heads.
  int parts(const Step& step) const {
    const int group = layout_.group();
    const int64_t groups = static_cast<int64_t>(step.tokens) * layout_.kvHeads;
    return groups % threads_ == 0 || groups >= 8L * threads_ ? 1 : group;
  }

  const PlainKernels& kernels_;
  Buffer projected_, to_;
  HeadLayout layout_;
  float scale_, cap_;
  int64_t window_;
  std::vector<float> sinks_;  // one a head, or none
  int threads_, tokenType_;
};

}  // namespace adapt4j
