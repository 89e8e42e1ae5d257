#pragma once

// Low-rank updates of the experts of a mixture, each for the tokens that have chosen the expert and
// that the update takes part in.

#include "expert_op.h"
#include "low_rank_op.h"

namespace adapt4j {

// The updates of one product of each expert. Row of the inner buffer: a slot.
struct ExpertUpdates {
  const Routing& routing;
  int share;  // slot / share is the row of the input
  std::vector<LowRankTerms> experts;

  ExpertUpdates(const Routing& of, int share)
      : routing(of), share(share), experts(of.slots.size()) {}

  bool hasTerm(const Step& step, int expert, const LowRankTerm& term) const {
    for (int slot : routing.slots[expert]) {
      if (isOf(step, slot, term)) {
        return true;
      }
    }
    return false;
  }

  bool isOf(const Step& step, int slot, const LowRankTerm& term) const {
    const int adapter = step.adapters[slot / routing.chosen];
    return adapter == term.adapter || (adapter < 0 && term.on);
  }

  int64_t mostTerms() const {
    size_t most = 0;
    for (const LowRankTerms& updates : experts) {
      most = updates.terms.size() > most ? updates.terms.size() : most;
    }
    return static_cast<int64_t>(most);
  }

  int64_t widest() const {
    int64_t widest = 0;
    for (const LowRankTerms& updates : experts) {
      widest = updates.widest > widest ? updates.widest : widest;
    }
    return widest;
  }
};

// Common to both. Slots of a term are prepared side by side, in the order of tokens.
class ExpertLowRankOp : public StepOp {
 public:
  ExpertLowRankOp(const PlainKernels& kernels, const ExpertUpdates& updates)
      : kernels_(kernels), updates_(updates), widest_(updates.widest()),
        mostTerms_(updates.mostTerms()) {}

  const char* name() const override { return "low rank"; }

 protected:
  int tokenType(const LowRankTerm& term) const { return kernels_.tokenType(term.type); }

  // Of fp32, the widest type.
  static int64_t mostBytes(int64_t columns) { return padded(columns) * sizeof(float); }

  int64_t bytes(const LowRankTerm& term, int64_t columns) const {
    return padded(columns) * bytesOf(tokenType(term));
  }

  // Gives use the sums of some rows for each slot of a term, whose prepared tokens are given.
  template <class Use>
  void multiply(const Step& step, int expert, const LowRankTerm& term, const PlainRows& rows,
                const uint8_t* tokens, int64_t bytesOfToken, float* sums, int64_t stride,
                const Use& use) const {
    const std::vector<int>& slots = updates_.routing.slots[expert];
    size_t at = 0;
    while (at < slots.size()) {
      int chosen[TOKENS_AT_ONCE];
      int some = 0;
      for (; at < slots.size() && some < TOKENS_AT_ONCE; at++) {
        if (updates_.isOf(step, slots[at], term)) {
          chosen[some++] = slots[at];
        }
      }
      if (some > 0) {
        kernels_.multiply(rows, tokens, some, sums, stride);
        tokens += some * bytesOfToken;
        for (int i = 0; i < some; i++) {
          use(chosen[i], sums + i * stride);
        }
      }
    }
  }

  const PlainKernels& kernels_;
  const ExpertUpdates& updates_;
  int64_t widest_;
  int64_t mostTerms_;
};

// inner = A x. A piece is some rows of one A.
class ExpertLowRankDownOp : public ExpertLowRankOp {
 public:
  ExpertLowRankDownOp(const PlainKernels& kernels, const ExpertUpdates& updates, Buffer from,
                      Buffer inner, int64_t columns)
      : ExpertLowRankOp(kernels, updates), from_(from), inner_(inner), columns_(columns) {}

  int64_t pieces(const Step& step) const override {
    int64_t count = 0;
    for (int expert : updates_.routing.active) {
      for (const LowRankTerm& term : updates_.experts[expert].terms) {
        count += updates_.hasTerm(step, expert, term) ? piecesOf(term) : 0;
      }
    }
    return count;
  }

  int64_t tokenBytes(int tokens) const override { return tokens * mostBytes(columns_); }

  int64_t sumBytes(const Step&) const override { return TOKENS_AT_ONCE * ROWS * sizeof(float); }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    for (int expert : updates_.routing.active) {
      for (const LowRankTerm& term : updates_.experts[expert].terms) {
        if (updates_.hasTerm(step, expert, term)) {
          const int64_t own = piecesOf(term);
          if (piece < own) {
            run(step, expert, term, piece * ROWS, worker);
            return;
          }
          piece -= own;
        }
      }
    }
  }

 private:
  static constexpr int64_t ROWS = 16;

  static int64_t piecesOf(const LowRankTerm& term) { return (term.rank + ROWS - 1) / ROWS; }

  void run(const Step& step, int expert, const LowRankTerm& term, int64_t start,
           Worker& worker) const {
    const int64_t bytesOfToken = bytes(term, columns_);
    if (worker.preparedFor != &term) {
      uint8_t* to = worker.tokens;
      for (int slot : updates_.routing.slots[expert]) {
        if (updates_.isOf(step, slot, term)) {
          kernels_.prepare(from_.row(slot / updates_.share), columns_, tokenType(term), to);
          to += bytesOfToken;
        }
      }
      worker.preparedFor = &term;
    }
    const PlainRows all{term.a, term.type, columns_, term.rank};
    const int64_t count = term.rank - start < ROWS ? term.rank - start : ROWS;
    const PlainRows rows{all.row(start), term.type, columns_, count};
    multiply(step, expert, term, rows, worker.tokens, bytesOfToken, worker.sums, ROWS,
             [&](int slot, const float* sums) {
               std::memcpy(inner_.row(slot) + term.start + start, sums, count * sizeof(float));
             });
  }

  Buffer from_, inner_;
  int64_t columns_;
};

// y += scale * B inner. A piece is some rows of every B of an expert.
class ExpertLowRankUpOp : public ExpertLowRankOp {
 public:
  ExpertLowRankUpOp(const PlainKernels& kernels, const ExpertUpdates& updates, Buffer inner,
                    Buffer to, int64_t rows, float scale, int threads)
      : ExpertLowRankOp(kernels, updates), inner_(inner), to_(to), rows_(rows), scale_(scale),
        pieceRows_(pieceRows(rows, threads)) {}

  int64_t pieces(const Step& step) const override {
    int64_t count = 0;
    for (int expert : updates_.routing.active) {
      count += hasAny(step, expert) ? piecesOfExpert() : 0;
    }
    return count;
  }

  int64_t tokenBytes(int tokens) const override {
    return tokens * mostTerms_ * mostBytes(widest_);
  }

  int64_t sumBytes(const Step&) const override {
    return TOKENS_AT_ONCE * pieceRows_ * sizeof(float);
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    for (int expert : updates_.routing.active) {
      if (hasAny(step, expert)) {
        if (piece < piecesOfExpert()) {
          run(step, expert, piece * pieceRows_, worker);
          return;
        }
        piece -= piecesOfExpert();
      }
    }
  }

 private:
  int64_t piecesOfExpert() const { return (rows_ + pieceRows_ - 1) / pieceRows_; }

  bool hasAny(const Step& step, int expert) const {
    for (const LowRankTerm& term : updates_.experts[expert].terms) {
      if (updates_.hasTerm(step, expert, term)) {
        return true;
      }
    }
    return false;
  }

  void run(const Step& step, int expert, int64_t start, Worker& worker) const {
    const LowRankTerms& updates = updates_.experts[expert];
    const bool prepared = worker.preparedFor == &updates;
    worker.preparedFor = &updates;
    const int64_t count = rows_ - start < pieceRows_ ? rows_ - start : pieceRows_;
    uint8_t* next = worker.tokens;
    for (const LowRankTerm& term : updates.terms) {
      const uint8_t* tokens = next;
      const int64_t bytesOfToken = bytes(term, term.rank);
      for (int slot : updates_.routing.slots[expert]) {
        if (updates_.isOf(step, slot, term)) {
          if (!prepared) {
            kernels_.prepare(inner_.row(slot) + term.start, term.rank, tokenType(term), next);
          }
          next += bytesOfToken;
        }
      }
      const PlainRows all{term.b, term.type, term.rank, rows_};
      const PlainRows rows{all.row(start), term.type, term.rank, count};
      multiply(step, expert, term, rows, tokens, bytesOfToken, worker.sums, pieceRows_,
               [&](int slot, const float* sums) {
                 float* y = to_.row(slot) + start;
                 for (int64_t r = 0; r < count; r++) {
                   y[r] = y[r] + scale_ * sums[r];
                 }
               });
    }
  }

  Buffer inner_, to_;
  int64_t rows_;
  float scale_;
  int64_t pieceRows_;
};

}  // namespace adapt4j
