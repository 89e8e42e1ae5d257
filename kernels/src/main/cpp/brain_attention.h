#pragma once

// Attention over whole sequences in bfloat16, with scores and sums in fp32, and its derivative.

#include "brain_gemm.h"
#include "brain_lanes.h"
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

// Whole tiles of rows: what a piece of work is, and whose scores fit into the nearest cache.
constexpr int64_t QUERY_BLOCK = 120;
constexpr int64_t SCORED_ROWS = 12;
constexpr int64_t AHEAD = 8;

inline int64_t roundUp(int64_t count, int64_t to) { return (count + to - 1) / to * to; }

// A block of queries, and the keys [from, from + width) that some of them see: whole panels.
struct QueryBlock {
  const AttentionRule& rule;
  int64_t query, rows, from, width;

  QueryBlock(const AttentionRule& rule, int64_t query, int64_t most)
      : rule(rule),
        query(query),
        rows(rule.queries - query < most ? rule.queries - query : most),
        from(rule.firstKey(query) / PANEL * PANEL),
        width(roundUp(rule.endKey(query + rows - 1) - from, PANEL)) {}

  // Some of its rows, over the same keys.
  QueryBlock(const QueryBlock& of, int64_t row)
      : rule(of.rule),
        query(of.query + row),
        rows(of.rows - row < SCORED_ROWS ? of.rows - row : SCORED_ROWS),
        from(of.from),
        width(of.width) {}

  // The first row that sees any key from the n-th of them on, or one before it: a multiple of unit.
  int64_t firstRow(int64_t n, int64_t unit) const {
    const int64_t row = from + n - query - (rule.keys - rule.queries);
    return rule.causal && row > 0 ? row / unit * unit : 0;
  }

  // How many keys rows up to the given one see, and what fills up a pair.
  int64_t keysOf(int64_t row) const {
    return roundUp(rule.endKey(query + (row < rows ? row : rows) - 1) - from, 2);
  }
};

// A head's keys and values as right matrices.
struct PackedHead {
  const uint16_t* keysTransposed;    // depth dim, columns keys: panels of keys
  const uint16_t* values;            // depth keys, columns dim: panels of entries
  const uint16_t* keys;              // likewise, for derivatives
  const uint16_t* valuesTransposed;  // likewise
};

// Queries and keys are turned by their positions before anything else (Su et al. 2021): entries i
// and half + i of a head by the angle of row and i. Entries past 2 half are left as they are.
struct Rotation {
  const uint16_t* cos;  // [rows, half], or null for none
  const uint16_t* sin;
  int64_t half;
  int64_t batchStride;  // 0 where rows of a batch have the same positions

  bool none() const { return cos == nullptr; }
};

// Turns the entries of a head, or turns them back.
template <int TYPE>
ADAPT4J_BF16 inline void rotate(const Rotation& rotation, int64_t batch, int64_t row, bool back,
                                const void* x, int64_t dim, uint16_t* y) {
  const int64_t half = rotation.half, at = batch * rotation.batchStride + row * half;
  const __m512 sign = _mm512_set1_ps(back ? -1.0f : 1.0f);
  for (int64_t i = 0; i < half; i += 16) {
    const __mmask16 present = presentOf(half - i);
    const __m512 cos = entries<BF16>(rotation.cos + at, i, present);
    const __m512 sin = _mm512_mul_ps(entries<BF16>(rotation.sin + at, i, present), sign);
    const __m512 first = entries<TYPE>(x, i, present);
    const __m512 second = entries<TYPE>(x, half + i, present);
    putRounded(_mm512_fnmadd_ps(second, sin, _mm512_mul_ps(first, cos)), y + i, present);
    putRounded(_mm512_fmadd_ps(first, sin, _mm512_mul_ps(second, cos)), y + half + i, present);
  }
  for (int64_t i = 2 * half; i < dim; i += 16) {
    const __mmask16 present = presentOf(dim - i);
    putRounded(entries<TYPE>(x, i, present), y + i, present);
  }
}

// Entries [i, i + 16) of a row that lie in [first, end).
ADAPT4J_BF16 ADAPT4J_INLINE __mmask16 seenOf(int64_t i, int64_t first, int64_t end) {
  const int64_t low = first - i, high = end - i;
  const uint32_t before = low <= 0 ? 0 : low >= 16 ? 0xFFFF : (1u << low) - 1;
  const uint32_t within = high <= 0 ? 0 : high >= 16 ? 0xFFFF : (1u << high) - 1;
  return static_cast<__mmask16>(within & ~before);
}

// Caps scores, which leave their tangents where those are wanted. Returns what they are still to be
// multiplied by.
ADAPT4J_AVX512 inline float cap(const AttentionRule& rule, int64_t first, int64_t end, float* row,
                                float* tangents) {
  if (rule.cap == 0) {
    return rule.scale;
  }
  for (int64_t i = first; i < end; i += lanes::WIDTH) {
    const lanes::Floats tangent =
        lanes::tanhOf(lanes::loadSome(row, i, end) * (rule.scale / rule.cap));
    lanes::putSome(rule.cap * tangent, row, i, end);
    if (tangents != nullptr) {
      lanes::putSome(tangent, tangents, i, end);
    }
  }
  return 1;
}

ADAPT4J_BF16 ADAPT4J_INLINE float highest(const float* row, int64_t first, int64_t end) {
  __m512 most = _mm512_set1_ps(-INFINITY);
  for (int64_t i = first / 16 * 16; i < end; i += 16) {
    const __mmask16 seen = seenOf(i, first, end);
    most = _mm512_mask_max_ps(most, seen, most, _mm512_maskz_loadu_ps(seen, row + i));
  }
  return _mm512_reduce_max_ps(most);
}

// Scores [rows, width] of a block of queries over keys [from, from + width) become the exponentials
// of their distance to the highest, rounded; zeros for keys that are not seen. Divided by sums they
// are probabilities.
ADAPT4J_BF16 inline void blockExponentials(const QueryBlock& block, float* scores,
                                           uint16_t* rounded, float* sums) {
  const AttentionRule& rule = block.rule;
  const int64_t query = block.query, from = block.from, width = block.width;
  for (int64_t r = 0; r < block.rows; r++) {
    float* row = scores + r * width;
    uint16_t* to = rounded + r * width;
    const int64_t first = rule.firstKey(query + r) - from, end = rule.endKey(query + r) - from;
    const __m512 scale = _mm512_set1_ps(cap(rule, first, end, row, nullptr));
    const __m512 most = _mm512_set1_ps(highest(row, first, end));
    __m512 sum = _mm512_setzero_ps();
    for (int64_t i = 0; i < width; i += 16) {
      const __mmask16 seen = seenOf(i, first, end);
      __m512 e = _mm512_setzero_ps();
      if (seen != 0) {
        const __m512 x = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(row + i), most), scale);
        e = _mm512_maskz_mov_ps(seen, exponential(x));
        sum = _mm512_add_ps(sum, e);
      }
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), (__m256i)_mm512_cvtneps_pbh(e));
    }
    sums[r] = _mm512_reduce_add_ps(sum);
  }
}

struct AttentionJob {
  AttentionRule rule;
  Rotation rotation;
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

// Rows of a head, of so many, as they are to be used: where they lie, or turned in the memory given.
inline HeadTensor turned(const AttentionJob& job, const HeadTensor& x, int64_t batch, int64_t head,
                         int64_t row, int64_t rows, int64_t length, uint16_t* memory) {
  if (job.rotation.none()) {
    return {x.at(batch, head, row), 0, 0, x.rowStride};
  }
  for (int64_t r = 0; r < rows; r++) {
    // Rows lie too far apart for the processor to foresee the next one.
    for (int64_t i = 0; row + r + AHEAD < length && i < job.rule.dim; i += 32) {
      __builtin_prefetch(x.at(batch, head, row + r + AHEAD) + i);
    }
    rotate<BF16>(job.rotation, batch, row + r, false, x.at(batch, head, row + r), job.rule.dim,
                 memory + r * job.rule.dim);
  }
  return {memory, 0, 0, job.rule.dim};
}

inline void packHeads(void* context, int worker) {
  auto* job = static_cast<AttentionJob*>(context);
  const AttentionRule& rule = job->rule;
  auto* memory = reinterpret_cast<uint16_t*>(job->memory + worker * job->memoryOfWorker);
  int64_t start, end;
  while (job->packing.next(&start, &end)) {
    for (int64_t i = start; i < end; i++) {
      const int64_t batch = i / rule.kvHeads, head = i % rule.kvHeads;
      const PackedHead to = job->head(i);
      const HeadTensor keys = turned(*job, job->k, batch, head, 0, rule.keys, rule.keys, memory);
      packColumns(keys, 0, 0, rule.keys, rule.dim, const_cast<uint16_t*>(to.keysTransposed));
      packRows(job->v, batch, head, rule.keys, rule.dim, const_cast<uint16_t*>(to.values));
      if (job->backward) {
        packRows(keys, 0, 0, rule.keys, rule.dim, const_cast<uint16_t*>(to.keys));
        packColumns(job->v, batch, head, rule.keys, rule.dim,
                    const_cast<uint16_t*>(to.valuesTransposed));
      }
    }
  }
}

// Scores of a block over its keys: A rows, B panels of keys. Those that no row of a tile sees are
// left out.
inline void scoresOf(const QueryBlock& block, const Left& rows, const uint16_t* panels,
                     float* out) {
  const int64_t dim = block.rule.dim;
  for (int64_t n = 0; n < block.width; n += PANEL) {
    const int64_t first = block.firstRow(n, TILE_ROWS);
    if (first >= block.rows) {
      return;
    }
    // Vectors that no row sees are not read.
    const int64_t seen = block.rule.endKey(block.query + block.rows - 1) - block.from - n;
    multiplyPanel<OVERWRITE>(rows.from(first),
                             panels + (block.from + n) / PANEL * panelEntries(dim),
                             block.rows - first, dim, out + first * block.width + n, block.width,
                             roundUp(seen < PANEL ? seen : PANEL, 16));
  }
}

// Products of weights [rows, width] of a block's keys with rows of keys or values.
template <int STORE, class Entry>
inline void mixOf(const QueryBlock& block, const uint16_t* weights, const uint16_t* panels,
                  Entry* out, int64_t stride) {
  const int64_t dim = block.rule.dim;
  constexpr int64_t ROWS = 2 * TILE_ROWS;
  for (int64_t row = 0; row < block.rows; row += ROWS) {
    const int64_t rows = block.rows - row < ROWS ? block.rows - row : ROWS;
    for (int64_t d = 0; d < dim; d += PANEL) {
      multiplyPanel<STORE>(
          Left::rows(weights + row * block.width, block.width),
          panels + d / PANEL * panelEntries(block.rule.keys) + block.from * PANEL, rows,
          block.keysOf(row + rows), out + row * stride + d, stride, dim - d);
    }
  }
}

ADAPT4J_BF16 inline void divideRow(const float* x, float by, int64_t count, uint16_t* y) {
  const __m512 factor = _mm512_set1_ps(1 / by);
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 present = presentOf(count - i);
    putRounded(_mm512_mul_ps(entries<F32>(x, i, present), factor), y + i, present);
  }
}

inline void attendPieces(void* context, int worker) {
  auto* job = static_cast<AttentionJob*>(context);
  const AttentionRule& rule = job->rule;
  auto* scores = reinterpret_cast<float*>(job->memory + worker * job->memoryOfWorker);
  float* mixed = scores + SCORED_ROWS * job->widest();
  auto* rounded = reinterpret_cast<uint16_t*>(mixed + SCORED_ROWS * rule.dim);
  uint16_t* rotated = rounded + SCORED_ROWS * job->widest();
  float sums[SCORED_ROWS];
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    for (int64_t piece = start; piece < end; piece++) {
      // The longest blocks first.
      const int64_t block = job->blocks() - 1 - piece / (rule.batch * rule.heads);
      const int64_t batch = piece % (rule.batch * rule.heads) / rule.heads;
      const int64_t head = piece % rule.heads;
      const PackedHead packed = job->head(batch * rule.kvHeads + head / rule.group());
      const int64_t last = (block + 1) * QUERY_BLOCK;
      const int64_t until = rule.queries < last ? rule.queries : last;
      for (int64_t query = block * QUERY_BLOCK; query < until; query += SCORED_ROWS) {
        const QueryBlock at(rule, query, until - query < SCORED_ROWS ? until - query : SCORED_ROWS);
        const HeadTensor q = turned(*job, job->q, batch, head, query, at.rows, rule.queries, rotated);
        scoresOf(at, Left::rows(q.data, q.rowStride), packed.keysTransposed, scores);
        blockExponentials(at, scores, rounded, sums);
        mixOf<OVERWRITE>(at, rounded, packed.values, mixed, rule.dim);
        for (int64_t r = 0; r < at.rows; r++) {
          divideRow(mixed + r * rule.dim, sums[r], rule.dim, job->y.at(batch, head, query + r));
        }
      }
    }
  }
}

// Probabilities p of a block from its scores, rounded too; and their derivative, which is that of
// the scores then: p (dp - sum(p dp)) scale, times 1 - tangent^2 where scores were capped.
ADAPT4J_BF16 inline void blockSoftmaxBackward(const QueryBlock& block, float* p, const float* dp,
                                              float* tangents, uint16_t* rounded,
                                              uint16_t* derivative) {
  const AttentionRule& rule = block.rule;
  const int64_t query = block.query, from = block.from, width = block.width;
  for (int64_t r = 0; r < block.rows; r++) {
    float* row = p + r * width;
    const float* drow = dp + r * width;
    float* tangent = tangents == nullptr ? nullptr : tangents + r * width;
    const int64_t first = rule.firstKey(query + r) - from, end = rule.endKey(query + r) - from;
    const __m512 scale = _mm512_set1_ps(cap(rule, first, end, row, tangent));
    const __m512 most = _mm512_set1_ps(highest(row, first, end));
    const int64_t begin = first / 16 * 16;
    __m512 sum = _mm512_setzero_ps(), along = _mm512_setzero_ps();
    for (int64_t i = begin; i < end; i += 16) {
      const __m512 x = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(row + i), most), scale);
      const __m512 e = _mm512_maskz_mov_ps(seenOf(i, first, end), exponential(x));
      sum = _mm512_add_ps(sum, e);
      along = _mm512_fmadd_ps(e, _mm512_loadu_ps(drow + i), along);
      _mm512_storeu_ps(row + i, e);
    }
    const float total = _mm512_reduce_add_ps(sum);
    const __m512 inverse = _mm512_set1_ps(1 / total);
    const __m512 delta = _mm512_set1_ps(_mm512_reduce_add_ps(along) / total);
    const __m512 factor = _mm512_set1_ps(rule.scale);
    for (int64_t i = 0; i < width; i += 16) {
      __m512 weights = _mm512_setzero_ps(), d = weights;
      if (i >= begin && i < end) {
        weights = _mm512_mul_ps(_mm512_loadu_ps(row + i), inverse);
        d = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(drow + i), delta), factor);
        d = _mm512_mul_ps(d, weights);
        if (tangent != nullptr) {
          const __m512 t = _mm512_maskz_loadu_ps(seenOf(i, first, end), tangent + i);
          d = _mm512_mul_ps(d, _mm512_fnmadd_ps(t, t, _mm512_set1_ps(1)));
        }
      }
      const int64_t at = r * width + i;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(rounded + at),
                          (__m256i)_mm512_cvtneps_pbh(weights));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(derivative + at),
                          (__m256i)_mm512_cvtneps_pbh(d));
    }
  }
}

// Adds weights' [rows, width] times rows [rows, dim] to sums [keys, dim] of a block's keys.
inline void addTransposed(const QueryBlock& block, const uint16_t* weights, const uint16_t* right,
                          uint16_t* packed, float* sums) {
  const int64_t dim = block.rule.dim, length = block.rule.keys;
  const int64_t depth = roundUp(block.rows, 2);
  for (int64_t n = 0; n < block.width; n += PANEL) {
    const int64_t key = block.from + n, first = block.firstRow(n, 2);
    packPanel(weights + first * block.width + n, block.width, block.rows - first, PANEL, packed);
    const int64_t present = length - key < PANEL ? length - key : PANEL;
    for (int64_t d = 0; d < dim; d += PANEL) {
      multiplyPanel<ADD>(Left::transposedPanel(packed),
                         right + d / PANEL * panelEntries(depth) + first * PANEL, present,
                         depth - first, sums + key * dim + d, dim, dim - d);
    }
  }
}

inline void packRowsOf(const uint16_t* rows, int64_t stride, int64_t count, int64_t dim,
                       uint16_t* out) {
  for (int64_t d = 0; d < dim; d += PANEL) {
    packPanel(rows + d, stride, count, dim - d, out + d / PANEL * panelEntries(roundUp(count, 2)));
  }
}

// Rounds sums [keys, dim]; those of keys that were turned are turned back.
inline void putSums(const float* sums, const AttentionJob& job, bool rotated, const HeadTensor& to,
                    int64_t batch, int64_t head) {
  const int64_t dim = job.rule.dim;
  for (int64_t key = 0; key < job.rule.keys; key++) {
    uint16_t* row = to.at(batch, head, key);
    if (rotated && !job.rotation.none()) {
      rotate<F32>(job.rotation, batch, key, true, sums + key * dim, dim, row);
    } else {
      divideRow(sums + key * dim, 1, dim, row);
    }
  }
}

// A piece is a key-value head: its sums are formed in one order, whatever the threads.
inline void attendBackwardPieces(void* context, int worker) {
  auto* job = static_cast<AttentionJob*>(context);
  const AttentionRule& rule = job->rule;
  const int64_t block = QUERY_BLOCK * job->widest();
  const int64_t scored = SCORED_ROWS * job->widest();
  auto* p = reinterpret_cast<float*>(job->memory + worker * job->memoryOfWorker);
  float* dp = p + scored;
  float* tangents = dp + scored;
  float* dk = tangents + (rule.cap > 0 ? scored : 0);
  float* dv = dk + rule.keys * rule.dim;
  float* mixed = dv + rule.keys * rule.dim;
  auto* rounded = reinterpret_cast<uint16_t*>(mixed + QUERY_BLOCK * rule.dim);
  uint16_t* derivative = rounded + block;
  uint16_t* panel = derivative + block;
  uint16_t* right = panel + panelEntries(QUERY_BLOCK);
  uint16_t* rotated = right + packedEntries(QUERY_BLOCK, rule.dim);
  int64_t start, end;
  while (job->pieces.next(&start, &end)) {
    for (int64_t piece = start; piece < end; piece++) {
      const int64_t batch = piece / rule.kvHeads, kvHead = piece % rule.kvHeads;
      const PackedHead packed = job->head(piece);
      std::memset(dk, 0, rule.keys * rule.dim * 4);
      std::memset(dv, 0, rule.keys * rule.dim * 4);
      for (int64_t head = kvHead * rule.group(); head < (kvHead + 1) * rule.group(); head++) {
        for (int64_t query = 0; query < rule.queries; query += QUERY_BLOCK) {
          const QueryBlock at(rule, query, QUERY_BLOCK);
          const HeadTensor q = turned(*job, job->q, batch, head, query, at.rows, rule.queries, rotated);
          const uint16_t* dy = job->dy.at(batch, head, query);
          for (int64_t row = 0; row < at.rows; row += SCORED_ROWS) {
            const QueryBlock some(at, row);
            scoresOf(some, Left::rows(q.data + row * q.rowStride, q.rowStride),
                     packed.keysTransposed, p);
            scoresOf(some, Left::rows(dy + row * job->dy.rowStride, job->dy.rowStride),
                     packed.valuesTransposed, dp);
            blockSoftmaxBackward(some, p, dp, rule.cap > 0 ? tangents : nullptr,
                                 rounded + row * at.width, derivative + row * at.width);
          }
          packRowsOf(dy, job->dy.rowStride, at.rows, rule.dim, right);
          addTransposed(at, rounded, right, panel, dv);
          packRowsOf(q.data, q.rowStride, at.rows, rule.dim, right);
          addTransposed(at, derivative, right, panel, dk);
          uint16_t* dq = job->dq.at(batch, head, query);
          if (job->rotation.none()) {
            mixOf<ROUND>(at, derivative, packed.keys, dq, job->dq.rowStride);
            continue;
          }
          mixOf<OVERWRITE>(at, derivative, packed.keys, mixed, rule.dim);
          for (int64_t r = 0; r < at.rows; r++) {
            rotate<F32>(job->rotation, batch, query + r, true, mixed + r * rule.dim, rule.dim,
                        dq + r * job->dq.rowStride);
          }
        }
      }
      putSums(dk, *job, true, job->dk, batch, kvHead);
      putSums(dv, *job, false, job->dv, batch, kvHead);
    }
  }
}

inline void attend(AttentionJob& job, int threads) {
  const AttentionRule& rule = job.rule;
  const int64_t packed = aligned(rule.batch * rule.kvHeads * job.headEntries() * 2);
  const int64_t block = QUERY_BLOCK * job.widest();
  const int64_t scored = SCORED_ROWS * job.widest();
  int64_t ofWorker = scored * 6 + SCORED_ROWS * rule.dim * 6;
  if (job.backward) {
    ofWorker = block * 4 + scored * (rule.cap > 0 ? 12 : 8) + 2 * rule.keys * rule.dim * 4 +
               QUERY_BLOCK * rule.dim * 6 +
               (panelEntries(QUERY_BLOCK) + packedEntries(QUERY_BLOCK, rule.dim)) * 2;
  }
  const int64_t turnedKeys = job.rotation.none() ? 0 : rule.keys * rule.dim * 2;
  ofWorker = ofWorker < turnedKeys ? turnedKeys : ofWorker;
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
