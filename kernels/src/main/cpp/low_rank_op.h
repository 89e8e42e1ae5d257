#pragma once

// Low-rank updates of products, each for the tokens of the requests that it takes part in.

#include "step_base.h"

namespace adapt4j {

// An update B A of an adapter. Where it is on, tokens that name no adapter have it too.
struct LowRankTerm {
  int adapter;
  bool on;
  const void* a;  // [rank, columns]
  const void* b;  // [rows, rank]
  int type;
  int64_t rank;
  int64_t start;  // where A x goes in a token's row of the inner buffer

  bool isOf(const TokenGroup& group) const {
    return group.number == adapter || (group.number < 0 && on);
  }
};

// The updates of one product: shared by the operators that multiply with A and with B.
struct LowRankTerms {
  std::vector<LowRankTerm> terms;
  Buffer inner;

  // The widest rank, and the most updates of a group.
  int64_t widest = 0;

  bool isOf(const TokenGroup& group) const {
    for (const LowRankTerm& term : terms) {
      if (term.isOf(group)) {
        return true;
      }
    }
    return false;
  }
};

// Common to both: tokens are multiplied in groups that have the same updates.
class LowRankOp : public StepOp {
 public:
  LowRankOp(const PlainKernels& kernels, const LowRankTerms& updates)
      : kernels_(kernels), updates_(updates), tokenType_(kernels.tokenType(updates.terms[0].type)) {}

 protected:
  int64_t bytesOfToken(int64_t columns) const { return padded(columns) * bytesOf(tokenType_); }

  const PlainKernels& kernels_;
  const LowRankTerms& updates_;
  int tokenType_;
};

// inner = A x. A piece is some rows of one A and the tokens that it is for.
class LowRankDownOp : public LowRankOp {
 public:
  LowRankDownOp(const PlainKernels& kernels, const LowRankTerms& updates, Buffer from,
                int64_t columns)
      : LowRankOp(kernels, updates), from_(from), columns_(columns) {}

  const char* name() const override { return "low rank"; }

  int64_t pieces(const Step& step) const override {
    int64_t count = 0;
    for (int g = 0; g < step.groups; g++) {
      for (const LowRankTerm& term : updates_.terms) {
        count += term.isOf(step.group[g]) ? piecesOf(term) : 0;
      }
    }
    return count;
  }

  int64_t tokenBytes(int tokens) const override { return tokens * bytesOfToken(columns_); }

  int64_t sumBytes(const Step&) const override { return TOKENS_AT_ONCE * ROWS * sizeof(float); }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    if (worker.preparedFor != this) {
      for (int i = 0; i < step.tokens; i++) {
        kernels_.prepare(from_.row(step.order[i]), columns_, tokenType_,
                         worker.tokens + i * bytesOfToken(columns_));
      }
      worker.preparedFor = this;
    }
    for (int g = 0; g < step.groups; g++) {
      for (const LowRankTerm& term : updates_.terms) {
        if (term.isOf(step.group[g])) {
          const int64_t own = piecesOf(term);
          if (piece < own) {
            multiply(step, step.group[g], term, piece * ROWS, worker);
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

  void multiply(const Step& step, const TokenGroup& group, const LowRankTerm& term, int64_t start,
                Worker& worker) const {
    const PlainRows all{term.a, term.type, columns_, term.rank};
    const int64_t count = term.rank - start < ROWS ? term.rank - start : ROWS;
    const PlainRows rows{all.row(start), term.type, columns_, count};
    for (int t = group.start; t < group.end; t += TOKENS_AT_ONCE) {
      const int some = group.end - t < TOKENS_AT_ONCE ? group.end - t : TOKENS_AT_ONCE;
      kernels_.multiply(rows, worker.tokens + t * bytesOfToken(columns_), some, worker.sums, ROWS);
      for (int i = 0; i < some; i++) {
        std::memcpy(updates_.inner.row(step.order[t + i]) + term.start + start,
                    worker.sums + i * ROWS, count * sizeof(float));
      }
    }
  }

  Buffer from_;
  int64_t columns_;
};

// y += scale * B inner. A piece is some rows of every B.
class LowRankUpOp : public LowRankOp {
 public:
  LowRankUpOp(const PlainKernels& kernels, const LowRankTerms& updates, Buffer to, int64_t rows,
              float scale, int threads)
      : LowRankOp(kernels, updates), to_(to), rows_(rows), scale_(scale),
        pieceRows_(pieceRows(rows, threads)) {}

  const char* name() const override { return "low rank"; }

  int64_t pieces(const Step& step) const override {
    for (int g = 0; g < step.groups; g++) {
      if (updates_.isOf(step.group[g])) {
        return (rows_ + pieceRows_ - 1) / pieceRows_;
      }
    }
    return 0;
  }

  int64_t tokenBytes(int tokens) const override {
    return tokens * updates_.terms.size() * bytesOfToken(updates_.widest);
  }

  int64_t sumBytes(const Step&) const override {
    return TOKENS_AT_ONCE * pieceRows_ * sizeof(float);
  }

  void run(const Step& step, int64_t piece, Worker& worker) const override {
    const bool prepared = worker.preparedFor == this;
    worker.preparedFor = this;
    const int64_t start = piece * pieceRows_;
    const int64_t count = rows_ - start < pieceRows_ ? rows_ - start : pieceRows_;
    uint8_t* tokens = worker.tokens;
    for (int g = 0; g < step.groups; g++) {
      const TokenGroup& group = step.group[g];
      for (const LowRankTerm& term : updates_.terms) {
        if (!term.isOf(group)) {
          continue;
        }
        const int64_t bytes = bytesOfToken(term.rank);
        for (int t = group.start; t < group.end && !prepared; t++) {
          kernels_.prepare(updates_.inner.row(step.order[t]) + term.start, term.rank, tokenType_,
                           tokens + (t - group.start) * bytes);
        }
        const PlainRows all{term.b, term.type, term.rank, rows_};
        const PlainRows rows{all.row(start), term.type, term.rank, count};
        for (int t = group.start; t < group.end; t += TOKENS_AT_ONCE) {
          const int some = group.end - t < TOKENS_AT_ONCE ? group.end - t : TOKENS_AT_ONCE;
          kernels_.multiply(rows, tokens + (t - group.start) * bytes, some, worker.sums,
                            pieceRows_);
          for (int i = 0; i < some; i++) {
            float* y = to_.row(step.order[t + i]) + start;
            for (int64_t r = 0; r < count; r++) {
              y[r] = y[r] + scale_ * worker.sums[i * pieceRows_ + r];
            }
          }
        }
        tokens += (group.end - group.start) * bytes;
      }
    }
  }

 private:
  Buffer to_;
  int64_t rows_;
  float scale_;
  int64_t pieceRows_;
};

}  // namespace adapt4j
