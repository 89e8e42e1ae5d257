#pragma once

// A decoding step of a model as a list of operators, run by all threads in one parallel region.

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "low_rank_op.h"
#include "product_op.h"
#include "step_op.h"
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
  int buffer(long long width) {
    memory_.emplace_back(new float[(ofOutputs_ ? maxOutputs_ : maxTokens_) * width + 16]());
    buffers_.push_back(Buffer{memory_.back().get(), width});
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
                           segments));
  }

  void product(int from, long long fromStart, int to, long long toStart, long long weight,
               int type, long long rows, long long columns, long long bias, int biasType,
               float scale, bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    auto* op = new PlainProductOp(kernels_, variant_, pointer(weight), type, buffers_[from],
                                  fromStart, columns, rows, target, threads_);
    op->ofOutputs = ofOutputs_;
    add(op);
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

  // The weight must outlive the program. Tokens are rounded to a type, or to 8 bits.
  void fourBitProduct(int from, int to, long long toStart, const FourBitWeight& weight,
                      int tokenType, bool rounded, long long bias, int biasType, float scale,
                      bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    ProductOp* op;
    if (rounded) {
      op = new RoundedFourBitProductOp(weight, variant_, buffers_[from], target, threads_);
    } else {
      op = new FourBitProductOp(weight, tokenType, buffers_[from], target, threads_);
    }
    op->ofOutputs = ofOutputs_;
    add(op);
  }

  // tiles as Int8Weight makes them; rows that begin a group of 16.
  void int8Product(int from, int to, long long toStart, long long tiles, long long rows,
                   long long columns, long long bias, int biasType, float scale, bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    auto* op = new Int8ProductOp(int8_, static_cast<const uint8_t*>(pointer(tiles)),
                                 buffers_[from], columns, rows, target, threads_);
    op->ofOutputs = ofOutputs_;
    add(op);
  }

  // tiles as BlockWeight makes them.
  void blockProduct(int from, int to, long long toStart, int id, bool rounded, long long tiles,
                    long long rows, long long columns, long long bias, int biasType, float scale,
                    bool added) {
    const Target target{buffers_[to], toStart, pointer(bias), biasType, scale, added};
    const auto* strips = static_cast<const uint8_t*>(pointer(tiles));
    ProductOp* op;
    if (rounded) {
      op = new RoundedBlockProductOp(id, roundedKernelsOf(id, variant_), strips, buffers_[from],
                                     columns, rows, target, threads_);
    } else {
      op = new BlockProductOp(id, blockKernelsOf(id, variant_), strips, buffers_[from], columns,
                              rows, target, threads_);
    }
    op->ofOutputs = ofOutputs_;
    add(op);
  }

  // Where the heads of the next attend stand in its buffer. Each call is for the next layer.
  void heads(int heads, int kvHeads, long long dim, bool interleaved, int type) {
    layout_ = HeadLayout{heads, kvHeads, dim, 0, dim, heads * dim, dim, (heads + kvHeads) * dim,
                         dim, &rows_, layers_++, type};
    if (interleaved) {
      layout_.queryStride = layout_.keyStride = layout_.valueStride = 3 * dim;
      layout_.keyStart = dim;
      layout_.valueStart = 2 * dim;
    }
  }

  // Says where a row's keys and values are, from a place on: the addresses of each layer's keys,
  // then of each layer's values. Place 0 replaces the row; further parts follow in order.
  void place(int row, long long start, const long long* addresses, long long capacity) {
    CachePart part;
    for (int i = 0; i < layers_; i++) {
      part.keys.push_back(pointer(addresses[i]));
      part.values.push_back(pointer(addresses[layers_ + i]));
    }
    part.start = start;
    part.capacity = capacity;
    if (static_cast<size_t>(row) >= rows_.size()) {
      rows_.resize(row + 1);
    }
    if (start == 0) {
      rows_[row].parts.clear();
    }
    rows_[row].parts.push_back(part);
  }

  void attend(int from, int to, int table, long long half, float scale, float cap,
              long long window) {
    add(new AppendOp(kernels_, buffers_[from], layout_, table, half));
    add(new AttendOp(kernels_, buffers_[from], buffers_[to], layout_, scale, cap, window,
                     threads_));
  }

  void activate(int kind, int from, int to, float gain, bool gated) {
    addOfTokens(new ActivateOp(kernels_, kind, buffers_[from], buffers_[to], gain, gated));
  }

  void add(int from, int to, float factor) {
    addOfTokens(new AddOp(kernels_, buffers_[from], buffers_[to], factor));
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
    Step& step = running.step;
    step = Step{tokens,           of,  of + tokens, of + 2 * tokens, of + 3 * tokens,
                of + 4 * tokens,  nullptr, nullptr, outputs, outputOf, 0, nullptr, nullptr, 0};
    group(step, of + 5 * tokens);
    std::vector<const float*> cos, sin;
    for (int i = 0; i < tables; i++) {
      cos.push_back(turns);
      sin.push_back(turns + static_cast<int64_t>(tokens) * halves[i]);
      turns += 2L * tokens * halves[i];
    }
    step.cos = cos.data();
    step.sin = sin.data();
    for (int t = 0; t < tokens; t++) {
      const int64_t seen = step.places[t] - step.firsts[t] + 1;
      step.longest = seen > step.longest ? seen : step.longest;
    }
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

  // The entries of a token in a buffer, such as its logits.
  void read(int buffer, int token, float* to) const {
    std::memcpy(to, buffers_[buffer].row(token), buffers_[buffer].width * sizeof(float));
  }

 private:
  struct Running {
    StepProgram* program;
    Step step;
    uint8_t* memory;
    int64_t tokenBytes;
    int64_t workerBytes;
  };

  // Brings tokens of the same adapter together, in their order.
  void group(Step& step, const int* adapters) {
    order_.resize(step.tokens);
    for (int t = 0; t < step.tokens; t++) {
      order_[t] = t;
    }
    std::stable_sort(order_.begin(), order_.end(),
                     [adapters](int a, int b) { return adapters[a] < adapters[b]; });
    groups_.clear();
    for (int i = 0; i < step.tokens; i++) {
      const int adapter = adapters[order_[i]];
      if (groups_.empty() || groups_.back().adapter != adapter) {
        groups_.push_back(TokenGroup{adapter, i, i});
      }
      groups_.back().end = i + 1;
    }
    step.order = order_.data();
    step.group = groups_.data();
    step.groups = static_cast<int>(groups_.size());
  }

  static void* pointer(long long address) { return reinterpret_cast<void*>(address); }

  void addOfTokens(TokenOp* op) {
    op->ofOutputs = ofOutputs_;
    add(op);
  }

  void add(StepOp* op) {
    ops_.emplace_back(op);
    progress_.reset(new Progress[ops_.size()]);
    const int64_t bytes = op->tokenBytes(maxTokens_);
    tokenBytes_ = bytes > tokenBytes_ ? bytes : tokenBytes_;
  }

  static void work(void* context, int number) {
    auto* running = static_cast<Running*>(context);
    StepProgram& program = *running->program;
    const bool timed = program.timed_ && number == 0;
    auto begun = std::chrono::steady_clock::now();
    const Step& step = running->step;
    uint8_t* memory = running->memory + number * running->workerBytes;
    Worker worker{memory, reinterpret_cast<float*>(memory + running->tokenBytes)};
    for (size_t i = 0; i < program.ops_.size(); i++) {
      const StepOp& op = *program.ops_[i];
      Progress& progress = program.progress_[i];
      const int64_t pieces = op.pieces(step);
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
  std::vector<std::unique_ptr<StepOp>> ops_;
  std::unique_ptr<Progress[]> progress_;
  std::vector<int> likeliest_;
  std::vector<std::unique_ptr<LowRankTerms>> updates_;
  bool closed_ = false;
  std::vector<int> order_;
  std::vector<TokenGroup> groups_;
  HeadLayout layout_{};
  std::vector<RowCache> rows_;
  int layers_ = 0;
  int64_t tokenBytes_ = 0;
  bool ofOutputs_ = false;
  bool timed_ = false;
  std::vector<long long> nanos_;
};

}  // namespace adapt4j
