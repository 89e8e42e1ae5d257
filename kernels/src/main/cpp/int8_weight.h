#pragma once

// A weight in 8 bits: blocks of 32 inputs share an fp16 scale, as in GGUF's Q8_0 (d = absmax / 127,
// codes rounded to nearest). 16 rows stand together, so that products need no sums across lanes:
// for each block of inputs first the codes, 8 times 4 inputs of each row, raised by 128 to be
// unsigned; then the 16 scales.

#include <atomic>

#include "four_bit_weight.h"
#include "lanes.h"

namespace adapt4j {

constexpr int64_t INT8_BLOCK = 32;
constexpr int64_t INT8_ROWS = 16;
constexpr int64_t INT8_CODES = INT8_BLOCK * INT8_ROWS;
constexpr int64_t INT8_TILE = INT8_CODES + INT8_ROWS * 2;

// A token in 8 bits: codes, then a scale and -128 times the sum of the codes for each block.
struct Int8Token {
  const int8_t* codes;
  const float* scales;
  const int32_t* offsets;

  static int64_t blocks(int64_t columns) { return (columns + INT8_BLOCK - 1) / INT8_BLOCK; }

  static int64_t bytes(int64_t columns) { return aligned(blocks(columns) * (INT8_BLOCK + 8)); }

  static Int8Token at(const uint8_t* from, int64_t columns) {
    const int64_t count = blocks(columns);
    const auto* scales = reinterpret_cast<const float*>(from + count * INT8_BLOCK);
    return {reinterpret_cast<const int8_t*>(from), scales,
            reinterpret_cast<const int32_t*>(scales + count)};
  }
};

// The largest magnitude of 32 numbers; one that is not finite where there is one.
ADAPT4J_INLINE float largestOf(const float* values) {
  // As integers, magnitudes have the order of their numbers, and those that are not finite come last.
  lanes::Bits magnitudes[2];
  std::memcpy(magnitudes, values, sizeof magnitudes);
  magnitudes[0] &= 0x7FFFFFFF;
  magnitudes[1] &= 0x7FFFFFFF;
  const lanes::Bits larger = magnitudes[0] > magnitudes[1] ? magnitudes[0] : magnitudes[1];
  uint32_t bits[lanes::WIDTH];
  std::memcpy(bits, &larger, sizeof bits);
  for (int width = lanes::WIDTH / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) {
      bits[i] = bits[i] > bits[i + width] ? bits[i] : bits[i + width];
    }
  }
  return floatOf(bits[0]);
}

// Rounds 32 numbers to codes from -127 to 127 and returns their scale, NaN where one is not finite.
ADAPT4J_INLINE float roundGroup(const float* values, int32_t* codes) {
  const float most = largestOf(values);
  const float inverse = most == 0 ? 0 : 127 / most;
  for (int i = 0; i < INT8_BLOCK; i += lanes::WIDTH) {
    // Adding 1.5 * 2^23 rounds to the nearest integer.
    const lanes::Floats rounded =
        lanes::load(values + i) * inverse + 12582912.0f - 12582912.0f;
    const auto integers = __builtin_convertvector(rounded, lanes::Ints);
    std::memcpy(codes + i, &integers, sizeof integers);
  }
  return most / 127 + most * 0;
}

// Rounds a token to 8 bits; inputs past its end are 0.
ADAPT4J_INLINE void roundToInt8(const float* x, int64_t columns, uint8_t* out) {
  const int64_t blocks = Int8Token::blocks(columns);
  auto* codes = reinterpret_cast<int8_t*>(out);
  auto* scales = reinterpret_cast<float*>(out + blocks * INT8_BLOCK);
  auto* offsets = reinterpret_cast<int32_t*>(scales + blocks);
  for (int64_t b = 0; b < blocks; b++) {
    float values[INT8_BLOCK] = {};
    const int64_t left = columns - b * INT8_BLOCK;
    std::memcpy(values, x + b * INT8_BLOCK, (left < INT8_BLOCK ? left : INT8_BLOCK) * 4);
    int32_t rounded[INT8_BLOCK];
    scales[b] = roundGroup(values, rounded);
    int32_t sum = 0;
    for (int i = 0; i < INT8_BLOCK; i++) {
      codes[b * INT8_BLOCK + i] = static_cast<int8_t>(rounded[i]);
      sum += rounded[i];
    }
    offsets[b] = -128 * sum;
  }
}

// Products of tiles: rows [0, 16) of each of some tokens; sums[t * stride + r].
struct Int8Kernels {
  void (*round)(const float* x, int64_t columns, uint8_t* out);
  void (*multiply)(const uint8_t* tiles, int64_t columns, const uint8_t* tokens, int count,
                   float* sums, int64_t stride);
  // Restores a row of 16 that stand together, to numbers of a type from an index on.
  void (*restore)(const uint8_t* tiles, int64_t row, int64_t columns, int type, void* target,
                  int64_t index);
  // Rounds 32 numbers of a type from an index on, as a row of a tile. Returns whether all are
  // finite.
  bool (*quantize)(const void* values, int type, int64_t index, int64_t row, uint8_t* tile);
};

ADAPT4J_INLINE void storeScale(float scale, int64_t row, uint8_t* tile) {
  const uint16_t half = toHalf(scale);
  std::memcpy(tile + INT8_CODES + row * 2, &half, 2);
}

// Rounds the first numbers of a row of a tile; those after them are 0.
inline bool quantizeRow(const void* from, int type, int64_t index, int64_t count, int64_t row,
                        uint8_t* tile) {
  float values[INT8_BLOCK] = {};
  float most = 0;
  bool finite = true;
  for (int64_t i = 0; i < count; i++) {
    values[i] = lanes::valueAt(from, type, index + i);
    const float magnitude = std::fabs(values[i]);
    finite &= magnitude < INFINITY;
    most = magnitude > most ? magnitude : most;
  }
  const float scale = most / 127;
  const float inverse = scale == 0 ? 0 : 1 / scale;
  for (int i = 0; i < INT8_BLOCK; i++) {
    const float code = std::round(values[i] * inverse);
    tile[i / 4 * 64 + row * 4 + i % 4] =
        static_cast<uint8_t>((code > 127 ? 127 : code < -127 ? -127 : code) + 128);
  }
  storeScale(scale, row, tile);
  return finite;
}

ADAPT4J_INLINE float scaleOfRow(const uint8_t* tile, int64_t row) {
  uint16_t half;
  std::memcpy(&half, tile + INT8_CODES + row * 2, 2);
  return lanes::ofHalf(half);
}

inline void restoreTile(const uint8_t* tile, int64_t row, int64_t count, int type, void* target,
                        int64_t index) {
  const float scale = scaleOfRow(tile, row);
  for (int64_t i = 0; i < count; i++) {
    store(scale * (tile[i / 4 * 64 + row * 4 + i % 4] - 128), type, target, index + i);
  }
}

namespace scalar {

inline void roundInt8(const float* x, int64_t columns, uint8_t* out) {
  roundToInt8(x, columns, out);
}

inline void multiplyInt8(const uint8_t* tiles, int64_t columns, const uint8_t* tokens, int count,
                         float* sums, int64_t stride) {
  for (int t = 0; t < count; t++) {
    const Int8Token token = Int8Token::at(tokens + t * Int8Token::bytes(columns), columns);
    float total[INT8_ROWS] = {};
    for (int64_t b = 0; b < Int8Token::blocks(columns); b++) {
      const uint8_t* tile = tiles + b * INT8_TILE;
      int32_t parts[INT8_ROWS];
      for (int r = 0; r < INT8_ROWS; r++) {
        parts[r] = token.offsets[b];
      }
      for (int i = 0; i < INT8_CODES; i++) {
        parts[i / 4 % INT8_ROWS] += tile[i] * token.codes[b * INT8_BLOCK + i / 64 * 4 + i % 4];
      }
      const auto* scales = reinterpret_cast<const uint16_t*>(tile + INT8_CODES);
      for (int r = 0; r < INT8_ROWS; r++) {
        total[r] += parts[r] * (lanes::ofHalf(scales[r]) * token.scales[b]);
      }
    }
    std::memcpy(sums + t * stride, total, sizeof total);
  }
}

inline void restoreInt8(const uint8_t* tiles, int64_t row, int64_t columns, int type,
                        void* target, int64_t index) {
  for (int64_t c = 0; c < columns; c += INT8_BLOCK) {
    const int64_t count = columns - c < INT8_BLOCK ? columns - c : INT8_BLOCK;
    restoreTile(tiles + c / INT8_BLOCK * INT8_TILE, row, count, type, target, index + c);
  }
}

inline bool quantizeInt8(const void* values, int type, int64_t index, int64_t row,
                         uint8_t* tile) {
  return quantizeRow(values, type, index, INT8_BLOCK, row, tile);
}

constexpr Int8Kernels INT8{roundInt8, multiplyInt8, restoreInt8, quantizeInt8};

}  // namespace scalar

#if defined(__x86_64__)

namespace avx2 {

ADAPT4J_AVX2 inline void roundInt8(const float* x, int64_t columns, uint8_t* out) {
  roundToInt8(x, columns, out);
}

// 16-bit products: unsigned codes times signed ones of up to 127 would not fit in 8-bit pairs.
ADAPT4J_AVX2 inline void multiplyInt8(const uint8_t* tiles, int64_t columns,
                                      const uint8_t* tokens, int count, float* sums,
                                      int64_t stride) {
  const __m256i low = _mm256_set1_epi16(0xFF);
  for (int t = 0; t < count; t++) {
    const Int8Token token = Int8Token::at(tokens + t * Int8Token::bytes(columns), columns);
    __m256 total[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    for (int64_t b = 0; b < Int8Token::blocks(columns); b++) {
      const uint8_t* tile = tiles + b * INT8_TILE;
      _mm_prefetch(reinterpret_cast<const char*>(tile + 8 * INT8_TILE), _MM_HINT_T1);
      __m256i parts[2] = {_mm256_set1_epi32(token.offsets[b]),
                          _mm256_set1_epi32(token.offsets[b])};
      for (int s = 0; s < 8; s++) {
        int32_t four;
        std::memcpy(&four, token.codes + b * INT8_BLOCK + s * 4, 4);
        const __m256i x = _mm256_set1_epi32(four);
        const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8);
        const __m256i odd = _mm256_srai_epi16(x, 8);
        for (int half = 0; half < 2; half++) {
          const __m256i codes = _mm256_loadu_si256(
              reinterpret_cast<const __m256i*>(tile + s * 64 + half * 32));
          const __m256i first = _mm256_madd_epi16(_mm256_and_si256(codes, low), even);
          const __m256i second = _mm256_madd_epi16(_mm256_srli_epi16(codes, 8), odd);
          parts[half] = _mm256_add_epi32(parts[half], _mm256_add_epi32(first, second));
        }
      }
      for (int half = 0; half < 2; half++) {
        const __m256 scales = _mm256_mul_ps(
            _mm256_cvtph_ps(_mm_loadu_si128(
                reinterpret_cast<const __m128i*>(tile + INT8_CODES + half * 16))),
            _mm256_set1_ps(token.scales[b]));
        total[half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(parts[half]), scales, total[half]);
      }
    }
    _mm256_storeu_ps(sums + t * stride, total[0]);
    _mm256_storeu_ps(sums + t * stride + 8, total[1]);
  }
}

ADAPT4J_AVX2 ADAPT4J_INLINE void storeBlock(const __m256* values, int type, void* target,
                                            int64_t index) {
  if (type == F32) {
    for (int i = 0; i < 4; i++) {
      _mm256_storeu_ps(static_cast<float*>(target) + index + i * 8, values[i]);
    }
    return;
  }
  auto* words = static_cast<uint16_t*>(target) + index;
  for (int i = 0; i < 4; i += 2) {
    const __m256i both =
        type == F16
            ? _mm256_set_m128i(_mm256_cvtps_ph(values[i + 1], _MM_FROUND_TO_NEAREST_INT),
                               _mm256_cvtps_ph(values[i], _MM_FROUND_TO_NEAREST_INT))
            : _mm256_permute4x64_epi64(
                  _mm256_packus_epi32(roundedToBrain(values[i]), roundedToBrain(values[i + 1])),
                  0xD8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + i * 8), both);
  }
}

ADAPT4J_AVX2 inline void restoreInt8(const uint8_t* tiles, int64_t row, int64_t columns, int type,
                                     void* target, int64_t index) {
  const __m256i places = _mm256_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112);
  const int64_t whole = columns / INT8_BLOCK;
  for (int64_t b = 0; b < whole; b++) {
    const uint8_t* tile = tiles + b * INT8_TILE;
    const __m256i codes = _mm256_xor_si256(
        _mm256_i32gather_epi32(reinterpret_cast<const int*>(tile + row * 4), places, 4),
        _mm256_set1_epi8(-128));
    const __m256 scale = _mm256_set1_ps(scaleOfRow(tile, row));
    const __m128i low = _mm256_castsi256_si128(codes);
    const __m128i high = _mm256_extracti128_si256(codes, 1);
    const __m128i eights[4] = {low, _mm_srli_si128(low, 8), high, _mm_srli_si128(high, 8)};
    __m256 values[4];
    for (int i = 0; i < 4; i++) {
      values[i] = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eights[i])), scale);
    }
    storeBlock(values, type, target, index + b * INT8_BLOCK);
  }
  if (columns % INT8_BLOCK != 0) {
    restoreTile(tiles + whole * INT8_TILE, row, columns % INT8_BLOCK, type, target,
                index + whole * INT8_BLOCK);
  }
}

ADAPT4J_AVX2 ADAPT4J_INLINE __m256 eightOf(const void* values, int type, int64_t index) {
  if (type == F32) {
    return _mm256_loadu_ps(static_cast<const float*>(values) + index);
  }
  const __m128i words = _mm_loadu_si128(
      reinterpret_cast<const __m128i*>(static_cast<const uint16_t*>(values) + index));
  return type == F16
             ? _mm256_cvtph_ps(words)
             : _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(words), 16));
}

ADAPT4J_AVX2 inline bool quantizeInt8(const void* from, int type, int64_t index, int64_t row,
                                      uint8_t* tile) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 values[4];
  __m256 most = _mm256_setzero_ps();
  __m256 finite = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
  for (int i = 0; i < 4; i++) {
    values[i] = eightOf(from, type, index + i * 8);
    const __m256 magnitude = _mm256_andnot_ps(sign, values[i]);
    finite = _mm256_and_ps(finite,
                           _mm256_cmp_ps(magnitude, _mm256_set1_ps(INFINITY), _CMP_LT_OQ));
    most = _mm256_max_ps(most, magnitude);
  }
  float lanes[8];
  _mm256_storeu_ps(lanes, most);
  float largest = 0;
  for (float lane : lanes) {
    largest = lane > largest ? lane : largest;
  }
  const float scale = largest / 127;
  const __m256 inverse = _mm256_set1_ps(scale == 0 ? 0 : 1 / scale);
  // The largest number below 1/2, so that what is cut off rounds halves away from 0, others to
  // nearest.
  const __m256 half = _mm256_set1_ps(0.49999997f);
  const __m256 limit = _mm256_set1_ps(127);
  for (int i = 0; i < 4; i++) {
    const __m256 steps = _mm256_mul_ps(values[i], inverse);
    const __m256 away = _mm256_or_ps(half, _mm256_and_ps(steps, sign));
    const __m256 code = _mm256_max_ps(_mm256_min_ps(_mm256_add_ps(steps, away), limit),
                                      _mm256_sub_ps(_mm256_setzero_ps(), limit));
    const __m256i codes = _mm256_cvttps_epi32(code);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
    const __m128i bytes = _mm_xor_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(-128));
    const int32_t parts[2] = {_mm_cvtsi128_si32(bytes), _mm_extract_epi32(bytes, 1)};
    for (int part = 0; part < 2; part++) {
      std::memcpy(tile + (i * 2 + part) * 64 + row * 4, &parts[part], 4);
    }
  }
  storeScale(scale, row, tile);
  return _mm256_movemask_ps(finite) == 0xFF;
}

constexpr Int8Kernels INT8{roundInt8, multiplyInt8, restoreInt8, quantizeInt8};

}  // namespace avx2

namespace avx512vnni {

#define ADAPT4J_VNNI \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

ADAPT4J_VNNI inline void roundInt8(const float* x, int64_t columns, uint8_t* out) {
  roundToInt8(x, columns, out);
}

template <int TOKENS>
ADAPT4J_VNNI inline void multiplyTiles(const uint8_t* tiles, int64_t columns,
                                       const uint8_t* tokens, float* sums, int64_t stride) {
  Int8Token token[TOKENS];
  __m512 total[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = Int8Token::at(tokens + t * Int8Token::bytes(columns), columns);
    total[t] = _mm512_setzero_ps();
  }
  for (int64_t b = 0; b < Int8Token::blocks(columns); b++) {
    const uint8_t* tile = tiles + b * INT8_TILE;
    __m512i parts[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
      parts[t] = _mm512_set1_epi32(token[t].offsets[b]);
    }
    for (int s = 0; s < 8; s++) {
      const __m512i codes = _mm512_loadu_si512(tile + s * 64);
      avx512::prefetch(tile + s * 64 + avx512::AHEAD);
      for (int t = 0; t < TOKENS; t++) {
        int32_t four;
        std::memcpy(&four, token[t].codes + b * INT8_BLOCK + s * 4, 4);
        parts[t] = _mm512_dpbusd_epi32(parts[t], codes, _mm512_set1_epi32(four));
      }
    }
    const __m512 scales = _mm512_cvtph_ps(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(tile + INT8_CODES)));
    for (int t = 0; t < TOKENS; t++) {
      const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(token[t].scales[b]));
      total[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(parts[t]), scale, total[t]);
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    _mm512_storeu_ps(sums + t * stride, total[t]);
  }
}

inline void multiplyInt8(const uint8_t* tiles, int64_t columns, const uint8_t* tokens, int count,
                         float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int64_t, const uint8_t*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {multiplyTiles<1>, multiplyTiles<2>, multiplyTiles<3>,
                                           multiplyTiles<4>, multiplyTiles<5>, multiplyTiles<6>,
                                           multiplyTiles<7>, multiplyTiles<8>};
  BY_TOKENS[count - 1](tiles, columns, tokens, sums, stride);
}

constexpr Int8Kernels INT8{roundInt8, multiplyInt8, avx2::restoreInt8, avx2::quantizeInt8};

}  // namespace avx512vnni

#elif defined(__aarch64__)

namespace neon {

// Codes without the 128 that they are raised by.
ADAPT4J_INLINE int8x16_t signedCodes(const uint8_t* codes) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(codes), vdupq_n_u8(128)));
}

inline bool quantizeInt8(const void* from, int type, int64_t index, int64_t row, uint8_t* tile) {
  float values[INT8_BLOCK];
  float32x4_t most = vdupq_n_f32(0);
  uint32x4_t finite = vdupq_n_u32(~0u);
  for (int i = 0; i < INT8_BLOCK; i += 4) {
    for (int k = i; k < i + 4; k++) {
      values[k] = lanes::valueAt(from, type, index + k);
    }
    const float32x4_t magnitude = vabsq_f32(vld1q_f32(values + i));
    finite = vandq_u32(finite, vcltq_f32(magnitude, vdupq_n_f32(INFINITY)));
    most = vmaxnmq_f32(most, magnitude);
  }
  const float scale = vmaxvq_f32(most) / 127;
  const float inverse = scale == 0 ? 0 : 1 / scale;
  for (int i = 0; i < INT8_BLOCK; i += 4) {
    const int32x4_t codes = vcvtaq_s32_f32(vmulq_n_f32(vld1q_f32(values + i), inverse));
    const int32x4_t cut = vmaxq_s32(vminq_s32(codes, vdupq_n_s32(127)), vdupq_n_s32(-127));
    const int16x4_t words = vmovn_s32(vaddq_s32(cut, vdupq_n_s32(128)));
    vst1_lane_u32(reinterpret_cast<uint32_t*>(tile + i * 16 + row * 4),
                  vreinterpret_u32_s8(vmovn_s16(vcombine_s16(words, words))), 0);
  }
  storeScale(scale, row, tile);
  return vminvq_u32(finite) != 0;
}

}  // namespace neon
}  // namespace adapt4j

#define ADAPT4J_LOOPS "int8_neon.h"
#include "neon_sets.h"

namespace adapt4j {

#endif

inline const Int8Kernels& int8KernelsOf(int variant) {
#if defined(__x86_64__)
  if (variant >= AVX512) {
    return hasVnni() ? avx512vnni::INT8 : avx2::INT8;
  }
  return variant == AVX2 ? avx2::INT8 : scalar::INT8;
#elif defined(__aarch64__)
  return variant == SCALAR     ? scalar::INT8
         : variant == NEON     ? neon::INT8
         : variant == NEON_DOT ? neondot::INT8
                               : neonmm::INT8;
#else
  return scalar::INT8;
#endif
}

class Int8Weight {
 public:
  // Where the tiles of a weight take so many bytes.
  static long long bytes(long long rows, long long columns) {
    return (rows + INT8_ROWS - 1) / INT8_ROWS * Int8Token::blocks(columns) * INT8_TILE;
  }

  // Rounds a weight [rows, columns] of a type to tiles. Returns whether all numbers are finite;
  // where not, the tiles are of no use.
  static bool quantize(long long values, int type, long long rows, long long columns,
                       long long tiles, int threads) {
    Job job{pointer(values), type, rows, columns, pointer(tiles), nullptr, 0,
            Pieces((rows + INT8_ROWS - 1) / INT8_ROWS, 4), {true}};
    onThreads(threads, quantizePieces, &job);
    return job.finite;
  }

  // Restores rows [first, first + count) of a weight.
  static void dequantize(long long tiles, long long columns, long long first, long long count,
                         long long target, int type, int threads) {
    Job job{nullptr, type, first + count, columns, pointer(tiles), pointer(target), first,
            Pieces(count, 16), {true}};
    onThreads(threads, dequantizePieces, &job);
  }

 private:
  static uint8_t* pointer(long long address) { return reinterpret_cast<uint8_t*>(address); }

  struct Job {
    const void* values;
    int type;
    int64_t rows;
    int64_t columns;
    uint8_t* tiles;
    void* target;
    int64_t first;
    Pieces pieces;
    std::atomic<bool> finite;
  };

  static void quantizePieces(void* context, int) {
    auto* job = static_cast<Job*>(context);
    const Int8Kernels& kernels = int8KernelsOf(best());
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t group = start; group < end; group++) {
        for (int64_t b = 0; b < Int8Token::blocks(job->columns); b++) {
          if (!quantizeTile(kernels, *job, group, b)) {
            job->finite = false;
          }
        }
      }
    }
  }

  static bool quantizeTile(const Int8Kernels& kernels, const Job& job, int64_t group,
                           int64_t block) {
    uint8_t* tile =
        job.tiles + (group * Int8Token::blocks(job.columns) + block) * INT8_TILE;
    const int64_t left = job.columns - block * INT8_BLOCK;
    bool finite = true;
    for (int64_t r = 0; r < INT8_ROWS; r++) {
      const int64_t row = group * INT8_ROWS + r;
      const int64_t index = row * job.columns + block * INT8_BLOCK;
      if (row < job.rows && left >= INT8_BLOCK) {
        finite &= kernels.quantize(job.values, job.type, index, r, tile);
      } else {
        finite &= quantizeRow(job.values, job.type, index, row < job.rows ? left : 0, r, tile);
      }
    }
    return finite;
  }

  static void dequantizePieces(void* context, int) {
    auto* job = static_cast<Job*>(context);
    const Int8Kernels& kernels = int8KernelsOf(best());
    int64_t start, end;
    while (job->pieces.next(&start, &end)) {
      for (int64_t i = start; i < end; i++) {
        const int64_t row = job->first + i;
        const uint8_t* tiles =
            job->tiles + row / INT8_ROWS * Int8Token::blocks(job->columns) * INT8_TILE;
        kernels.restore(tiles, row % INT8_ROWS, job->columns, job->type, job->target,
                        i * job->columns);
      }
    }
  }
};

}  // namespace adapt4j
