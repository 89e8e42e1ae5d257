#pragma once

// A decoding step of a model as a list of operators, run by all threads in one parallel region.

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "attention_op.h"
#include "expert_low_rank_op.h"
#include "step_description.h"
#if defined(__linux__)
#include <sched.h>
#endif

namespace adapt4j {

// How far an operator is: the pieces handed out, and those done. Threads go on to the next operator
// when all pieces are done, not when all threads have arrived, so that one that the system took off
// its core holds the others up only while it has a piece.
struct alignas(64) Progress {
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> done{0};
};

class StepProgram {
 public:
  StepProgram(int variant, int threads, int maxTokens, int maxOutputs)
      : kernels_(plainKernelsOf(variant)), int8_(int8KernelsOf(variant)), variant_(variant),
        threads_(threads), maxTokens_(maxTokens), maxOutputs_(maxOutputs) {}

  // A buffer of so many entries a token, or an output after gather; returns its number.
  int buffer(long long width) { return buffer(width, 1); }

  // The same with several rows a token.
  int buffer(long long width, int rows) {
    const int64_t count = ofOutputs_ ? maxOutputs_ : static_cast<int64_t>(maxTokens_) * rows;
    memory_.emplace_back(new float[count * width + 16]());
    buffers_.push_back(Buffer{memory_.back().get(), width});
    rowsOfToken_.push_back(rows);
    return static_cast<int>(buffers_.size()) - 1;
  }

  void embed(int to, long long rows, int type, float factor, long long positions) {
    add(new EmbedOp(buffers_[to], pointer(rows), type, factor, pointer(positions)));
  }

  void norm(int from, int to, long long start, long long width, long long stride, int segments,
            bool centered, long long weight, long long bias, int type, float offset,
            float epsilon) {
    const NormRule rule{centered, pointer(weight), pointer(bias), type, offset, epsilon};
    addOfTokens(new NormOp(kernels_, rule, buffers_[from], buffers_[to], start, width, stride,
                           segments),
                to);
  }

  void product(int from, long long fromStart, int to, long long toStart, long long weight,
               int type, long long rows, long long columns, long long bias, int biasType,
               float scale, bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    auto* op = new PlainProductOp(kernels_, pointer(weight), type, buffers_[from],
                                  fromStart, columns, rows, target, threads_);
    addProduct(op);
  }

  // Adds an update B A of an adapter to the next lowRank. Where it is on, tokens that name no
  // adapter have it too. A x goes to so many entries of the inner buffer.
  void lowRankTerm(int adapter, bool on, long long a, long long b, int type, long long rank,
                   long long start) {
    if (updates_.empty() || closed_) {
      updates_.emplace_back(new LowRankTerms);
      closed_ = false;
    }
    LowRankTerms& last = *updates_.back();
    last.terms.push_back(LowRankTerm{adapter, on, pointer(a), pointer(b), type, rank, start});
    last.widest = rank > last.widest ? rank : last.widest;
  }

  // Adds the updates to a product's results: y += scale * B A x.
  void lowRank(int from, int inner, int to, long long rows, long long columns, float scale) {
    LowRankTerms& last = *updates_.back();
    last.inner = buffers_[inner];
    closed_ = true;
    add(new LowRankDownOp(kernels_, last, buffers_[from], columns));
    add(new LowRankUpOp(kernels_, last, buffers_[to], rows, scale, threads_));
  }

  // The weight must outlive the program. Tokens are rounded to a type.
  void fourBitProduct(int from, int to, long long toStart, const FourBitWeight& weight,
                      int tokenType, long long bias, int biasType, float scale, bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    addProduct(new FourBitProductOp(weight, tokenType, buffers_[from], target, threads_));
  }

  // tiles as Int8Weight makes them; rows that begin a group of 16.
  void int8Product(int from, int to, long long toStart, long long tiles, long long rows,
                   long long columns, long long bias, int biasType, float scale, bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    auto* op = new Int8ProductOp(int8_, static_cast<const uint8_t*>(pointer(tiles)),
                                 buffers_[from], columns, rows, target, threads_);
    addProduct(op);
  }

  // tiles as BlockWeight makes them.
  void blockProduct(int from, int to, long long toStart, int id, bool rounded, long long tiles,
                    long long rows, long long columns, long long bias, int biasType, float scale,
                    bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    const auto* strips = static_cast<const uint8_t*>(pointer(tiles));
    const StripProducts& kernels =
        rounded ? roundedKernelsOf(id, variant_) : exactKernelsOf(id, variant_);
    addProduct(new BlockProductOp(id, kernels, strips, buffers_[from], columns, rows, target,
                                  threads_));
  }

  // Where the heads of the next attend stand in its buffer: all queries, all keys, all values, or
  // interleaved those of each key; behind each query its gate where they are gated.
  void heads(int heads, int kvHeads, long long dim, bool interleaved, bool gated, bool pairs,
             int type, int layer) {
    const int64_t query = gated ? 2 * dim : dim, queries = heads / kvHeads * query;
    layout_ = HeadLayout{heads, kvHeads, dim,     query, queries, heads * query,
                         heads * query + kvHeads * dim, dim,   pairs,   &rows_,  layer, type};
    if (interleaved) {
      layout_.groupStride = layout_.keyStride = queries + 2 * dim;
      layout_.keyStart = queries;
      layout_.valueStart = queries + dim;
    }
  }

  // Says where a row's keys and values are, from a place on: the addresses of each layer's keys,
  // then of each layer's values, then each layer's room and first place. Place 0 replaces the row; further parts follow in order.
  void place(int row, long long start, int layers, const long long* addresses) {
    CachePart part;
    for (int i = 0; i < layers; i++) {
      part.keys.push_back(pointer(addresses[i]));
      part.values.push_back(pointer(addresses[layers + i]));
      part.capacities.push_back(addresses[2 * layers + i]);
      part.firsts.push_back(addresses[3 * layers + i]);
    }
    part.start = start;
    if (static_cast<size_t>(row) >= rows_.size()) {
      rows_.resize(row + 1);
    }
    if (start == 0) {
      rows_[row].parts.clear();
    }
    rows_[row].parts.push_back(part);
  }

  // Says where a placed row's states are: the addresses of each layer's convolution's tail, then of
  // each layer's state.
  void keep(int row, int layers, const long long* addresses) {
    std::vector<float*>& tails = rows_[row].tails;
    std::vector<float*>& states = rows_[row].states;
    tails.clear();
    states.clear();
    for (int i = 0; i < layers; i++) {
      tails.push_back(static_cast<float*>(pointer(addresses[i])));
      states.push_back(static_cast<float*>(pointer(addresses[layers + i])));
    }
  }

  // Turns queries and keys, where something comes between that and attend.
  void rotate(int from, int queryTable, int table, long long half) {
    add(new RotateOp(kernels_, buffers_[from], layout_, Turning{queryTable, table, half}));
  }

  // sinks [heads] of a type, or 0.
  void attend(int from, int to, int queryTable, int table, long long half, float scale, float cap,
              long long window, long long sinks, int sinkType) {
    std::vector<float> scores;
    for (int i = 0; sinks != 0 && i < layout_.heads; i++) {
      scores.push_back(lanes::valueAt(pointer(sinks), sinkType, i));
    }
    add(new AppendOp(kernels_, buffers_[from], layout_, Turning{queryTable, table, half}));
    add(new AttendOp(kernels_, buffers_[from], buffers_[to], layout_, scale, cap, window, scores,
                     threads_));
  }

  void activate(int kind, int from, int to, float gain, bool gated) {
    addOfTokens(new ActivateOp(kernels_, kind, buffers_[from], buffers_[to], gain, gated), to);
  }

  void clampedGated(int from, int to, float alpha, float limit) {
    addOfTokens(new ClampedOp(kernels_, buffers_[from], buffers_[to], alpha, limit), to);
  }

  // xIELU with what is made of its learned numbers.
  void learned(int from, int to, float above, float steep) {
    addOfTokens(new LearnedOp(kernels_, buffers_[from], buffers_[to], above, steep), to);
  }

  // y times f(gate) in segments of a width; the gates' segments are a stride apart.
  void gate(int kind, int gates, long long start, long long stride, int to, long long width) {
    addOfTokens(new GateOp(kernels_, kind, buffers_[gates], start, stride, buffers_[to], width),
                to);
  }

  void scale(int from, int to, long long start, long long width, float factor) {
    addOfTokens(new ScaleOp(buffers_[from], buffers_[to], start, width, factor), to);
  }

  // gates: a buffer of one number a token, or -1.
  void add(int from, int to, float factor, int gates) {
    const float* values = gates < 0 ? nullptr : buffers_[gates].data;
    addOfTokens(new AddOp(kernels_, buffers_[from], buffers_[to], factor, values), to);
  }

  // What follows works on the tokens whose logits are wanted alone.
  void gather(int from, int to) {
    add(new GatherOp(buffers_[from], buffers_[to]));
    ofOutputs_ = true;
  }

  void likeliest(int from) {
    likeliest_.resize(maxOutputs_);
    add(new LikeliestOp(buffers_[from], likeliest_.data()));
  }

  // Of each token: id, slot (a row that has been placed), place, first, position, adapter or -1;
  // which ones' logits are wanted; tables [tables, 2, tokens, half] with cosines and sines. Ids of
  // the likeliest tokens go to likeliest.
  void run(int tokens, const int* of, int outputs, const int* outputOf, int tables,
           const int* halves, const float* turns, int* likeliest) {
    Running running;
    running.step = step_.describe(tokens, of, outputs, outputOf, tables, halves, turns);
    running.rest = running.step;
    if (split_ < ops_.size()) {
      running.rest = rest_.describeOutputs(running.step, of, tables, halves);
    }
    const Step& step = running.step;
    int64_t sums = 0;
    for (size_t i = 0; i < ops_.size(); i++) {
      progress_[i].next.store(0, std::memory_order_relaxed);
      progress_[i].done.store(0, std::memory_order_relaxed);
      const int64_t bytes = ops_[i]->sumBytes(step);
      sums = bytes > sums ? bytes : sums;
    }
    running.program = this;
    running.tokenBytes = aligned(tokenBytes_);
    running.workerBytes = running.tokenBytes + aligned(sums);
    running.memory = Scratch::of(threads_ * running.workerBytes);
    onThreads(threads_, work, &running);
    for (int i = 0; i < outputs && !likeliest_.empty(); i++) {
      likeliest[i] = likeliest_[i];
    }
  }

  void timed(bool on) {
    timed_ = on;
    if (on) {
      nanos_.assign(ops_.size(), 0);
    }
  }

  int operators() const { return static_cast<int>(ops_.size()); }

  const char* name(int index) const { return ops_[index]->name(); }

  long long nanos(int index) const { return nanos_[index]; }

  // What follows is run in steps alone in which a token sees more than so many places.
  void beyond(long long places) { beyond_ = places; }

  // What parts of programs add to them.

  void add(StepOp* op) {
    ops_.emplace_back(op);
    beyondOf_.push_back(beyond_);
    progress_.reset(new Progress[ops_.size()]);
    const int64_t bytes = op->tokenBytes(maxTokens_);
    tokenBytes_ = bytes > tokenBytes_ ? bytes : tokenBytes_;
  }

  // The products that follow are an expert's; null ends this.
  void productsOf(ExpertsOp* experts, int expert) {
    experts_ = experts;
    expert_ = expert;
  }

  // What follows is run as if a step had only the tokens whose logits are wanted, their rows in
  // buffers the first ones.
  void split() { split_ = ops_.size(); }

  // The choice of layers, one after the other.
  PlaceChoice* choice(int64_t chosen) {
    if (choice_ == nullptr) {
      choice_.reset(new PlaceChoice(chosen, maxTokens_));
    }
    return choice_.get();
  }

  void keep(ExpertUpdates* updates) { expertUpdates_.emplace_back(updates); }

  Buffer at(int buffer) const { return buffers_[buffer]; }
  const PlainKernels& kernels() const { return kernels_; }
  int variant() const { return variant_; }
  int maxTokens() const { return maxTokens_; }
  int threads() const { return threads_; }
  const std::vector<RowCache>* rows() const { return &rows_; }

  // The entries of a token in a buffer, such as its logits.
  void read(int buffer, int token, float* to) const {
    std::memcpy(to, buffers_[buffer].row(token), buffers_[buffer].width * sizeof(float));
  }

 private:
  struct Running {
    StepProgram* program;
    Step step;
    Step rest;  // what operators after the split have
    uint8_t* memory;
    int64_t tokenBytes;
    int64_t workerBytes;
  };

  static void* pointer(long long address) { return reinterpret_cast<void*>(address); }

  void addOfTokens(TokenOp* op, int to) {
    op->ofOutputs = ofOutputs_;
    op->rowsOfToken = rowsOfToken_[to];
    add(op);
  }

  void addProduct(ProductOp* op) {
    if (experts_ != nullptr) {
      experts_->addTo(expert_, op);
    } else {
      op->ofOutputs = ofOutputs_;
      add(op);
    }
  }

  static void work(void* context, int number) {
    auto* running = static_cast<Running*>(context);
    StepProgram& program = *running->program;
    const bool timed = program.timed_ && number == 0;
    auto begun = std::chrono::steady_clock::now();
    uint8_t* memory = running->memory + number * running->workerBytes;
    Worker worker{memory, reinterpret_cast<float*>(memory + running->tokenBytes)};
    for (size_t i = 0; i < program.ops_.size(); i++) {
      const Step& step = i < program.split_ ? running->step : running->rest;
      if (step.tokens == 0) {
        break;
      }
      const StepOp& op = *program.ops_[i];
      Progress& progress = program.progress_[i];
      const int64_t pieces = step.longest > program.beyondOf_[i] ? op.pieces(step) : 0;
      int64_t piece;
      while ((piece = progress.next.fetch_add(1, std::memory_order_relaxed)) < pieces) {
        op.run(step, piece, worker);
        progress.done.fetch_add(1, std::memory_order_release);
      }
      worker.preparedFor = nullptr;
      await(progress.done, pieces);
      if (timed) {
        const auto now = std::chrono::steady_clock::now();
        program.nanos_[i] =
            std::chrono::duration_cast<std::chrono::nanoseconds>(now - begun).count();
        begun = now;
      }
    }
  }

  // Spins for about as long as an operator takes, then lets others have the core.
  static void await(const std::atomic<int64_t>& done, int64_t pieces) {
    for (int spins = 0; done.load(std::memory_order_acquire) < pieces; spins++) {
      if (spins < SPINS) {
        pause();
      } else {
#if defined(__linux__)
        sched_yield();
#else
        std::this_thread::yield();
#endif
      }
    }
  }

  static constexpr int SPINS = 4000;

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
  }

  const PlainKernels& kernels_;
  const Int8Kernels& int8_;
  const int variant_;
  const int threads_;
  const int maxTokens_;
  const int maxOutputs_;
  std::vector<std::unique_ptr<float[]>> memory_;
  std::vector<Buffer> buffers_;
  std::vector<int> rowsOfToken_;
  ExpertsOp* experts_ = nullptr;
  int expert_ = 0;
  std::vector<std::unique_ptr<StepOp>> ops_;
  std::vector<int64_t> beyondOf_;  // of each operator
  int64_t beyond_ = 0;
  std::unique_ptr<PlaceChoice> choice_;
  std::unique_ptr<Progress[]> progress_;
  std::vector<int> likeliest_;
  std::vector<std::unique_ptr<LowRankTerms>> updates_;
  std::vector<std::unique_ptr<ExpertUpdates>> expertUpdates_;
  bool closed_ = false;
  StepDescription step_, rest_;
  size_t split_ = SIZE_MAX;
  HeadLayout layout_{};
  std::vector<RowCache> rows_;
  int64_t tokenBytes_ = 0;
  bool ofOutputs_ = false;
  bool timed_ = false;
  std::vector<long long> nanos_;
};

}  // namespace adapt4j
