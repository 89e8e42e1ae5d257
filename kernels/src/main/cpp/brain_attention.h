#pragma once

// Attention over whole sequences in bfloat16, with scores and sums in fp32, and its derivative.

#include "brain_gemm.h"
#include "four_bit_weight.h"
#include "threads.h"

#if defined(__x86_64__)

namespace adapt4j {
namespace brain {

// A tensor [batch, heads, length, dim] whose entries of a head lie side by side.
struct HeadTensor {
  uint16_t* data;
  int64_t batchStride, headStride, rowStride;

  uint16_t* at(int64_t batch, int64_t head, int64_t row) const {
    return data + batch * batchStride + head * headStride + row * rowStride;
  }
};

struct AttentionRule {
  int64_t batch, heads, kvHeads, queries, keys, dim;
  bool causal;  // the last query sees all keys
  int64_t window;
  float scale, cap;

  int64_t group() const { return heads / kvHeads; }

  // The keys that a query sees.
  int64_t firstKey(int64_t query) const {
    const int64_t at = query + keys - queries;
    const int64_t first = causal ? at - window + 1 : at - window;
    return window > 0 && first > 0 ? first : 0;
  }
  int64_t endKey(int64_t query) const {
    const int64_t at = query + keys - queries;
    const int64_t end = causal ? at + 1 : window > 0 ? at + window + 1 : keys;
    return end < keys ? end : keys;
  }
};

constexpr int64_t QUERY_BLOCK = 60;  // whole tiles of rows

inline int64_t roundUp(int64_t count, int64_t to) { return (count + to - 1) / to * to; }

// A head's keys and values as right matrices.
struct PackedHead {
  const uint16_t* keysTransposed;    // depth dim, columns keys: panels of keys
  const uint16_t* values;            // depth keys, columns dim: panels of entries
  const uint16_t* keys;              // likewise, for derivatives
  const uint16_t* valuesTransposed;  // likewise
};

ADAPT4J_BF16 inline void roundRow(const float* from, int64_t count, uint16_t* to) {
  for (int64_t i = 0; i < count; i += 16) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                        (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(from + i)));
  }
}

// Scores [rows, width] of a block of queries over keys [from, from + width) become probabilities:
// zeros for keys that are not seen. Capped scores leave their tangents where those are wanted.
ADAPT4J_AVX512 inline void blockSoftmax(const AttentionRule& rule, int64_t query, int64_t rows,
                                        int64_t from, int64_t width, float* scores,
                                        float* tangents) {
  for (int64_t r = 0; r < rows; r++) {
    float* row = scores + r * width;
    const int64_t first = rule.firstKey(query + r) - from, end = rule.endKey(query + r) - from;
    if (tangents != nullptr) {
      float* tangent = tangents + r * width;
      for (int64_t i = first; i < end; i += lanes::WIDTH) {
        const lanes::Floats values =
            lanes::tanhOf(lanes::loadSome(row, i, end) * (rule.scale / rule.cap));
        lanes::putSome(values, tangent, i, end);
      }
    }
    lanes::softmaxEntries(row + first, end - first, rule.scale, rule.cap);
    std::memset(row, 0, first * 4);
    std::memset(row + end, 0, (width - end) * 4);
  }
}

struct AttentionJob {
  AttentionRule rule;
  HeadTensor q, k, v, y;         // y [batch, queries, heads * dim] as heads
  HeadTensor dy, dq, dk, dv;     // for derivatives
  uint16_t* packed;              // of all key-value heads
  bool backward;
  uint8_t* memory;
  int64_t memoryOfWorker;
  Pieces packing, pieces;

  int64_t keysEntries() const { return roundUp(rule.keys, PANEL) * roundUp(rule.dim, 2); }
  int64_t valuesEntries() const { return roundUp(rule.keys, 2) * roundUp(rule.dim, PANEL); }
  int64_t headEntries() const { return (keysEntries() + valuesEntries()) * (backward ? 2 : 1); }

  PackedHead head(int64_t index) const {
    const uint16_t* from = packed + index * headEntries();
    const uint16_t* values = from + keysEntries();
    return {from, values, values + valuesEntries(), values + 2 * valuesEntries()};
  }

  int64_t blocks() const { return (rule.queries + QUERY_BLOCK - 1) / QUERY_BLOCK; }

  // Widths are whole panels.
  int64_t widest() const { return roundUp(rule.keys, PANEL) + PANEL; }
};

inline void packRows(const HeadTensor& x, int64_t batch, int64_t head, int64_t length, int64_t dim,
                     uint16_t* out) {
  for (int64_t d = 0; d < dim; d += PANEL) {
    packPanel(x.at(batch, head, 0) + d, x.rowStride, length, dim - d,
              out + d / PANEL * panelEntries(length));
  }
}

inline void packColumns(const HeadTensor& x, int64_t batch, int64_t head, int64_t length,
                        int64_t dim, uint16_t* out) {
  for (int64_t n = 0; n < length; n += PANEL) {
    packTransposedPanel(x.at(batch, head, n), x.rowStride, dim, length - n,
                        out + n / PANEL * panelEntries(dim));
  }
}

inline void packHeads(void* context, int) {
  auto* job = static_cast<AttentionJob*>(context);
  const AttentionRule& rule = job->rule;
  int64_t start, end;
  while (job->packing.next(&start, &end)) {
    for (int64_t i = start; i < end; i++) {
      const int64_t batch = i / rule.kvHeads, head = i % rule.kvHeads;
      const PackedHead to = job->head(i);
      packColumns(job->k, batch, head, rule.keys, rule.dim,
                  const_cast<uint16_t*>(to.keysTransposed));
      packRows(job->v, batch, head, rule.keys, rule.dim, const_cast<uint16_t*>(to.values));
      if (job->backward) {
        packRows(job->k, batch, head, rule.keys, rule.dim, const_cast<uint16_t*>(to.keys));
        packColumns(job->v, batch, head, rule.keys, rule.dim,
                    const_cast<uint16_t*>(to.valuesTransposed));
      }
    }
  }
}

// Scores of rows over keys [from, from + width), both whole panels: A rows, B panels of keys.
inline void scoresOf(const Left& rows, int64_t count, int64_t dim, const uint16_t* panels,
                     int64_t from, int64_t width, float* out) {
  for (int64_t n = 0; n < width; n += PANEL) {
    multiplyPanel<OVERWRITE>(rows, panels + (from + n) / PANEL * panelEntries(dim), count, dim,
                             out + n, width, PANEL);
  }
}

// Products of weights [rows, width] of keys [from, from + width) with rows of keys or values.
inline void mixOf(const uint16_t* weights, int64_t rows, int64_t width, const uint16_t* panels,
                  int64_t from, int64_t length, int64_t dim, uint16_t* out, int64_t stride) {
  // The last panel of keys may reach past the end, where weights are 0 and there is no memory.
  const int64_t present = length - from < width ? roundUp(length - from, 2) : width;
  for (int64_t d = 0; d < dim; d += PANEL) {
    multiplyPanel<ROUND>(Left::rows(weights, width),
                         panels + d / PANEL * panelEntries(length) + from * PANEL, rows, present,
                         out + d, stride, dim - d);
  }
}

inline void attendPieces(void* context, int worker) {
  auto* job = static_cast<AttentionJob*>(context);
  const AttentionRule& rule = job->rule;
  auto* scores = reinterpret_cast<float*>(job->memory + worker * job->memoryOfWorker);
  auto* rounded = reinterpret_cast<uint16_t*>(scores + QUERY_BLOCK * job->widest());
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    for (int64_t piece = start; piece < end; piece++) {
      // The longest blocks first.
      const int64_t block = job->blocks() - 1 - piece / (rule.batch * rule.heads);
      const int64_t batch = piece % (rule.batch * rule.heads) / rule.heads;
      const int64_t head = piece % rule.heads;
      const int64_t query = block * QUERY_BLOCK;
      const int64_t rows =
          rule.queries - query < QUERY_BLOCK ? rule.queries - query : QUERY_BLOCK;
      const int64_t from = rule.firstKey(query) / PANEL * PANEL;
      const int64_t width = roundUp(rule.endKey(query + rows - 1) - from, PANEL);
      const PackedHead packed = job->head(batch * rule.kvHeads + head / rule.group());
      scoresOf(Left::rows(job->q.at(batch, head, query), job->q.rowStride), rows, rule.dim,
               packed.keysTransposed, from, width, scores);
      blockSoftmax(rule, query, rows, from, width, scores, nullptr);
      roundRow(scores, rows * width, rounded);
      mixOf(rounded, rows, width, packed.values, from, rule.keys, rule.dim,
            job->y.at(batch, head, query), job->y.rowStride);
    }
  }
}

// ds = p * (dp - sum(p * dp)) * scale, times 1 - tangent^2 where scores were capped; over dp.
ADAPT4J_AVX512 inline void softmaxBackward(const AttentionRule& rule, const float* p, float* dp,
                                           const float* tangents, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    const float* weights = p + r * width;
    float* row = dp + r * width;
    lanes::Floats sums = {};
    for (int64_t i = 0; i < width; i += lanes::WIDTH) {
      sums += lanes::load(weights + i) * lanes::load(row + i);
    }
    const float delta = lanes::sum(sums);
    for (int64_t i = 0; i < width; i += lanes::WIDTH) {
      lanes::Floats values =
          lanes::load(weights + i) * (lanes::load(row + i) - delta) * rule.scale;
      if (tangents != nullptr) {
        const lanes::Floats tangent = lanes::load(tangents + r * width + i);
        values *= 1.0f - tangent * tangent;
      }
      lanes::put(values, row + i);
    }
  }
}

// Adds weights' [rows, width] times rows [rows, dim] to sums [keys, dim] from key from on.
inline void addTransposed(const uint16_t* weights, int64_t rows, int64_t width,
                          const uint16_t* right, int64_t from, int64_t length, int64_t dim,
                          uint16_t* packed, float* sums) {
  const int64_t depth = roundUp(rows, 2);
  for (int64_t n = 0; n < width; n += PANEL) {
    packPanel(weights + n, width, rows, PANEL, packed);
    const int64_t present = length - from - n < PANEL ? length - from - n : PANEL;
    for (int64_t d = 0; d < dim; d += PANEL) {
      multiplyPanel<ADD>(Left::transposedPanel(packed), right + d / PANEL * panelEntries(depth),
                         present, depth, sums + (from + n) * dim + d, dim, dim - d);
    }
  }
}

inline void packRowsOf(const uint16_t* rows, int64_t stride, int64_t count, int64_t dim,
                       uint16_t* out) {
  for (int64_t d = 0; d < dim; d += PANEL) {
    packPanel(rows + d, stride, count, dim - d, out + d / PANEL * panelEntries(roundUp(count, 2)));
  }
}

inline void putSums(const float* sums, const AttentionRule& rule, const HeadTensor& to,
                    int64_t batch, int64_t head) {
  for (int64_t key = 0; key < rule.keys; key++) {
    uint16_t* row = to.at(batch, head, key);
    for (int64_t d = 0; d < rule.dim; d++) {
      row[d] = toBrain(sums[key * rule.dim + d]);
    }
  }
}

// A piece is a key-value head: its sums are formed in one order, whatever the threads.
inline void attendBackwardPieces(void* context, int worker) {
  auto* job = static_cast<AttentionJob*>(context);
  const AttentionRule& rule = job->rule;
  const int64_t block = QUERY_BLOCK * job->widest();
  auto* p = reinterpret_cast<float*>(job->memory + worker * job->memoryOfWorker);
  float* dp = p + block;
  float* tangents = dp + block;
  float* dk = tangents + (rule.cap > 0 ? block : 0);
  float* dv = dk + rule.keys * rule.dim;
  auto* rounded = reinterpret_cast<uint16_t*>(dv + rule.keys * rule.dim);
  uint16_t* panel = rounded + block;
  uint16_t* right = panel + panelEntries(QUERY_BLOCK);
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    for (int64_t piece = start; piece < end; piece++) {
      const int64_t batch = piece / rule.kvHeads, kvHead = piece % rule.kvHeads;
      const PackedHead packed = job->head(piece);
      std::memset(dk, 0, rule.keys * rule.dim * 4);
      std::memset(dv, 0, rule.keys * rule.dim * 4);
      for (int64_t head = kvHead * rule.group(); head < (kvHead + 1) * rule.group(); head++) {
        for (int64_t query = 0; query < rule.queries; query += QUERY_BLOCK) {
          const int64_t rows =
              rule.queries - query < QUERY_BLOCK ? rule.queries - query : QUERY_BLOCK;
          const int64_t from = rule.firstKey(query) / PANEL * PANEL;
          const int64_t width = roundUp(rule.endKey(query + rows - 1) - from, PANEL);
          float* capped = rule.cap > 0 ? tangents : nullptr;
          scoresOf(Left::rows(job->q.at(batch, head, query), job->q.rowStride), rows, rule.dim,
                   packed.keysTransposed, from, width, p);
          if (capped != nullptr) {
            std::memset(capped, 0, rows * width * 4);
          }
          blockSoftmax(rule, query, rows, from, width, p, capped);
          scoresOf(Left::rows(job->dy.at(batch, head, query), job->dy.rowStride), rows, rule.dim,
                   packed.valuesTransposed, from, width, dp);
          roundRow(p, rows * width, rounded);
          packRowsOf(job->dy.at(batch, head, query), job->dy.rowStride, rows, rule.dim, right);
          addTransposed(rounded, rows, width, right, from, rule.keys, rule.dim, panel, dv);
          softmaxBackward(rule, p, dp, capped, rows, width);
          roundRow(dp, rows * width, rounded);
          mixOf(rounded, rows, width, packed.keys, from, rule.keys, rule.dim,
                job->dq.at(batch, head, query), job->dq.rowStride);
          packRowsOf(job->q.at(batch, head, query), job->q.rowStride, rows, rule.dim, right);
          addTransposed(rounded, rows, width, right, from, rule.keys, rule.dim, panel, dk);
        }
      }
      putSums(dk, rule, job->dk, batch, kvHead);
      putSums(dv, rule, job->dv, batch, kvHead);
    }
  }
}

inline void attend(AttentionJob& job, int threads) {
  const AttentionRule& rule = job.rule;
  const int64_t packed = aligned(rule.batch * rule.kvHeads * job.headEntries() * 2);
  const int64_t block = QUERY_BLOCK * job.widest();
  int64_t ofWorker = block * 6;
  if (job.backward) {
    ofWorker += block * (rule.cap > 0 ? 8 : 4) + 2 * rule.keys * rule.dim * 4 +
                (panelEntries(QUERY_BLOCK) + packedEntries(QUERY_BLOCK, rule.dim)) * 2;
  }
  ofWorker = aligned(ofWorker);
  uint8_t* memory = Scratch::of(packed + threads * ofWorker);
  job.packed = reinterpret_cast<uint16_t*>(memory);
  job.memory = memory + packed;
  job.memoryOfWorker = ofWorker;
  onThreads(threads, packHeads, &job);
  onThreads(threads, job.backward ? attendBackwardPieces : attendPieces, &job);
}

}  // namespace brain
}  // namespace adapt4j

#endif
