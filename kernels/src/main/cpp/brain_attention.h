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
ADAPT4J_AVX512 inline void rotate(const Rotation& rotation, int64_t batch, int64_t row, bool back,
                                  const void* x, int type, int64_t dim, uint16_t* y) {
  const int64_t half = rotation.half, at = batch * rotation.batchStride + row * half;
  const auto* rest = static_cast<const uint8_t*>(x) + half * bytesOf(type);
  for (int64_t i = 0; i < half; i += lanes::WIDTH) {
    const lanes::Floats cos = lanes::loadSome(rotation.cos + at, BF16, i, half);
    lanes::Floats sin = lanes::loadSome(rotation.sin + at, BF16, i, half);
    sin = back ? -sin : sin;
    const lanes::Floats first = lanes::loadSome(x, type, i, half);
    const lanes::Floats second = lanes::loadSome(rest, type, i, half);
    lanes::putSome(first * cos - second * sin, y, BF16, i, half);
    lanes::putSome(second * cos + first * sin, y + half, BF16, i, half);
  }
  for (int64_t i = 2 * half; i < dim; i++) {
    y[i] = toBrain(valueOf(x, type, i));
  }
}

// Entries [i, i + 16) of a row that lie in [first, end).
ADAPT4J_BF16 ADAPT4J_INLINE __mmask16 seenOf(int64_t i, int64_t first, int64_t end) {
  const int64_t low = first - i, high = end - i;
  const uint32_t before = low <= 0 ? 0 : low >= 16 ? 0xFFFF : (1u << low) - 1;
  const uint32_t within = high <= 0 ? 0 : high >= 16 ? 0xFFFF : (1u << high) - 1;
  return static_cast<__mmask16>(within & ~before);
}

// e^x to 2 units in the last place, e^-87.3 from there down. x is at most 0.
ADAPT4J_BF16 ADAPT4J_INLINE __m512 exponentialOf(__m512 x) {
  x = _mm512_max_ps(_mm512_set1_ps(-87.3f), x);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
  __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(1.3981999507e-3f), r, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
  p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
  return _mm512_scalef_ps(p, n);
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
ADAPT4J_BF16 inline void blockExponentials(const AttentionRule& rule, int64_t query, int64_t rows,
                                           int64_t from, int64_t width, float* scores,
                                           uint16_t* rounded, float* sums) {
  for (int64_t r = 0; r < rows; r++) {
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
        e = _mm512_maskz_mov_ps(seen, exponentialOf(x));
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

// Rows of a head as they are to be used: where they lie, or turned in the memory given.
inline HeadTensor turned(const AttentionJob& job, const HeadTensor& x, int64_t batch, int64_t head,
                         int64_t row, int64_t rows, uint16_t* memory) {
  if (job.rotation.none()) {
    return {x.at(batch, head, row), 0, 0, x.rowStride};
  }
  for (int64_t r = 0; r < rows; r++) {
    rotate(job.rotation, batch, row + r, false, x.at(batch, head, row + r), BF16, job.rule.dim,
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
      const HeadTensor keys = turned(*job, job->k, batch, head, 0, rule.keys, memory);
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

// Scores of rows over keys [from, from + width), both whole panels: A rows, B panels of keys.
inline void scoresOf(const Left& rows, int64_t count, int64_t dim, const uint16_t* panels,
                     int64_t from, int64_t width, float* out) {
  for (int64_t n = 0; n < width; n += PANEL) {
    multiplyPanel<OVERWRITE>(rows, panels + (from + n) / PANEL * panelEntries(dim), count, dim,
                             out + n, width, PANEL);
  }
}

// Products of weights [rows, width] of keys [from, from + width) with rows of keys or values.
template <int STORE, class Entry>
inline void mixOf(const uint16_t* weights, int64_t rows, int64_t width, const uint16_t* panels,
                  int64_t from, int64_t length, int64_t dim, Entry* out, int64_t stride) {
  // The last panel of keys may reach past the end, where weights are 0 and there is no memory.
  const int64_t present = length - from < width ? roundUp(length - from, 2) : width;
  for (int64_t d = 0; d < dim; d += PANEL) {
    multiplyPanel<STORE>(Left::rows(weights, width),
                         panels + d / PANEL * panelEntries(length) + from * PANEL, rows, present,
                         out + d, stride, dim - d);
  }
}

ADAPT4J_AVX512 inline void divideRow(const float* x, float by, int64_t count, uint16_t* y) {
  const float factor = 1 / by;
  for (int64_t i = 0; i < count; i += lanes::WIDTH) {
    lanes::putSome(lanes::loadSome(x, i, count) * factor, y, BF16, i, count);
  }
}

inline void attendPieces(void* context, int worker) {
  auto* job = static_cast<AttentionJob*>(context);
  const AttentionRule& rule = job->rule;
  auto* scores = reinterpret_cast<float*>(job->memory + worker * job->memoryOfWorker);
  float* mixed = scores + QUERY_BLOCK * job->widest();
  auto* rounded = reinterpret_cast<uint16_t*>(mixed + QUERY_BLOCK * rule.dim);
  uint16_t* rotated = rounded + QUERY_BLOCK * job->widest();
  float sums[QUERY_BLOCK];
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
      const HeadTensor q = turned(*job, job->q, batch, head, query, rows, rotated);
      scoresOf(Left::rows(q.data, q.rowStride), rows, rule.dim, packed.keysTransposed, from, width,
               scores);
      blockExponentials(rule, query, rows, from, width, scores, rounded, sums);
      mixOf<OVERWRITE>(rounded, rows, width, packed.values, from, rule.keys, rule.dim, mixed,
                       rule.dim);
      for (int64_t r = 0; r < rows; r++) {
        divideRow(mixed + r * rule.dim, sums[r], rule.dim, job->y.at(batch, head, query + r));
      }
    }
  }
}

// Probabilities p of a block from its scores, rounded too; and their derivative, which is that of
// the scores then: p (dp - sum(p dp)) scale, times 1 - tangent^2 where scores were capped.
ADAPT4J_BF16 inline void blockSoftmaxBackward(const AttentionRule& rule, int64_t query,
                                              int64_t rows, int64_t from, int64_t width, float* p,
                                              const float* dp, float* tangents, uint16_t* rounded,
                                              uint16_t* derivative) {
  for (int64_t r = 0; r < rows; r++) {
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
      const __m512 e = _mm512_maskz_mov_ps(seenOf(i, first, end), exponentialOf(x));
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

// Rounds sums [keys, dim]; those of keys that were turned are turned back.
inline void putSums(const float* sums, const AttentionJob& job, bool rotated, const HeadTensor& to,
                    int64_t batch, int64_t head) {
  const int64_t dim = job.rule.dim;
  for (int64_t key = 0; key < job.rule.keys; key++) {
    uint16_t* row = to.at(batch, head, key);
    if (rotated && !job.rotation.none()) {
      rotate(job.rotation, batch, key, true, sums + key * dim, F32, dim, row);
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
  auto* p = reinterpret_cast<float*>(job->memory + worker * job->memoryOfWorker);
  float* dp = p + block;
  float* tangents = dp + block;
  float* dk = tangents + (rule.cap > 0 ? block : 0);
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
          const int64_t rows =
              rule.queries - query < QUERY_BLOCK ? rule.queries - query : QUERY_BLOCK;
          const int64_t from = rule.firstKey(query) / PANEL * PANEL;
          const int64_t width = roundUp(rule.endKey(query + rows - 1) - from, PANEL);
          const HeadTensor q = turned(*job, job->q, batch, head, query, rows, rotated);
          scoresOf(Left::rows(q.data, q.rowStride), rows, rule.dim, packed.keysTransposed, from,
                   width, p);
          scoresOf(Left::rows(job->dy.at(batch, head, query), job->dy.rowStride), rows, rule.dim,
                   packed.valuesTransposed, from, width, dp);
          blockSoftmaxBackward(rule, query, rows, from, width, p, dp,
                               rule.cap > 0 ? tangents : nullptr, rounded, derivative);
          packRowsOf(job->dy.at(batch, head, query), job->dy.rowStride, rows, rule.dim, right);
          addTransposed(rounded, rows, width, right, from, rule.keys, rule.dim, panel, dv);
          packRowsOf(q.data, q.rowStride, rows, rule.dim, right);
          addTransposed(derivative, rows, width, right, from, rule.keys, rule.dim, panel, dk);
          uint16_t* dq = job->dq.at(batch, head, query);
          if (job->rotation.none()) {
            mixOf<ROUND>(derivative, rows, width, packed.keys, from, rule.keys, rule.dim, dq,
                         job->dq.rowStride);
            continue;
          }
          mixOf<OVERWRITE>(derivative, rows, width, packed.keys, from, rule.keys, rule.dim, mixed,
                           rule.dim);
          for (int64_t r = 0; r < rows; r++) {
            rotate(job->rotation, batch, query + r, true, mixed + r * rule.dim, F32, rule.dim,
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
  int64_t ofWorker = block * 6 + QUERY_BLOCK * rule.dim * 6;
  if (job.backward) {
    ofWorker += block * (rule.cap > 0 ? 10 : 6) + 2 * rule.keys * rule.dim * 4 +
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
