// Products of weights in 8 bits, for each set in neon_sets.h.

namespace adapt4j {
namespace ADAPT4J_SET {

// QUADS times 4 of the 16 rows of a strip, from quad on.
template <int TOKENS, int QUADS>
ADAPT4J_TARGET inline void multiplyQuads(const uint8_t* tiles, int quad, int64_t columns,
                                         const uint8_t* tokens, float* sums, int64_t stride) {
  Int8Token token[TOKENS];
  float32x4_t total[TOKENS][QUADS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = Int8Token::at(tokens + t * Int8Token::bytes(columns), columns);
    for (int q = 0; q < QUADS; q++) {
      total[t][q] = vdupq_n_f32(0);
    }
  }
  for (int64_t b = 0; b < Int8Token::blocks(columns); b++) {
    const uint8_t* tile = tiles + b * INT8_TILE + quad * 16;
    FourRows parts[TOKENS][QUADS];
    for (int t = 0; t < TOKENS; t++) {
      for (int q = 0; q < QUADS; q++) {
        parts[t][q] = FourRows::zero();
      }
    }
    for (int s = 0; s < 8; s++) {
      __builtin_prefetch(tile + s * 64 + 4 * INT8_TILE);
      int8x16_t codes[QUADS];
      for (int q = 0; q < QUADS; q++) {
        codes[q] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(tile + s * 64 + q * 16), vdupq_n_u8(128)));
      }
      for (int t = 0; t < TOKENS; t++) {
        const int8x16_t entries = neon::fourTimes(token[t].codes + b * INT8_BLOCK + s * 4);
        for (int q = 0; q < QUADS; q++) {
          parts[t][q].add(codes[q], entries);
        }
      }
    }
    for (int q = 0; q < QUADS; q++) {
      const float32x4_t scales = neon::fourHalves(tiles + b * INT8_TILE + INT8_CODES +
                                                  (quad + q) * 8);
      for (int t = 0; t < TOKENS; t++) {
        total[t][q] = vfmaq_f32(total[t][q], vcvtq_f32_s32(parts[t][q].sums()),
                                vmulq_n_f32(scales, token[t].scales[b]));
      }
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    for (int q = 0; q < QUADS; q++) {
      vst1q_f32(sums + t * stride + (quad + q) * 4, total[t][q]);
    }
  }
}

// As many sums as registers hold.
template <int TOKENS>
inline void multiplyTiles(const uint8_t* tiles, int64_t columns, const uint8_t* tokens, float* sums,
                          int64_t stride) {
  constexpr int QUADS = TOKENS <= 2 ? 4 : 2;
  for (int quad = 0; quad < 4; quad += QUADS) {
    multiplyQuads<TOKENS, QUADS>(tiles, quad, columns, tokens, sums, stride);
  }
}

inline void multiplyInt8(const uint8_t* tiles, int64_t columns, const uint8_t* tokens, int count,
                         float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int64_t, const uint8_t*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {multiplyTiles<1>, multiplyTiles<2>, multiplyTiles<3>,
                                           multiplyTiles<4>};
  for (int t = 0; t < count; t += 4) {
    const int some = count - t < 4 ? count - t : 4;
    BY_TOKENS[some - 1](tiles, columns, tokens + t * Int8Token::bytes(columns), sums + t * stride,
                        stride);
  }
}

constexpr Int8Kernels INT8{scalar::roundInt8, multiplyInt8, scalar::restoreInt8,
                           neon::quantizeInt8};

}  // namespace ADAPT4J_SET
}  // namespace adapt4j
