// Products of strips of blocks with tokens in 8 bits, for each set in neon_sets.h.

namespace adapt4j {
namespace ADAPT4J_SET {

// QUADS times 4 of the 16 rows of a strip, from quad on.
template <int ID, int TOKENS, int QUADS>
ADAPT4J_TARGET inline void multiplyQuads(const uint8_t* strip, int quad, int64_t columns,
                                         const uint8_t* tokens, float* sums, int64_t stride) {
  using Token = BlockTokenIn8<ID>;
  constexpr BlockLayout LAYOUT = layoutOf(ID);
  constexpr int FOURS = 8 / Token::SUMS;
  const Table<ID> table = tableOf<ID>(strip);
  Token token[TOKENS];
  float32x4_t total[TOKENS][QUADS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = Token::at(tokens + t * Token::bytes(columns), columns);
    for (int q = 0; q < QUADS; q++) {
      total[t][q] = vdupq_n_f32(0);
    }
  }
  int64_t at = 0;
  for (int64_t b = 0; b < columns / LAYOUT.columns; b++) {
    const uint8_t* tile = strip + b * LAYOUT.tileBytes();
    float32x4_t scale[QUADS], minimum[QUADS];
    for (int q = 0; q < QUADS; q++) {
      scale[q] = neon::fourScales<ID>(tile + (quad + q) * 8);
      if (hasStep(ID)) {
        scale[q] = vmulq_n_f32(scale[q], table.step);
      }
      minimum[q] = LAYOUT.minimum ? neon::fourHalves(tile + 32 + (quad + q) * 8) : vdupq_n_f32(0);
    }
    const uint8_t* group = tile + LAYOUT.head;
    for (int64_t g = 0; g < LAYOUT.groups(); g++, at++) {
      for (int64_t line = 0; line < LAYOUT.groupBytes(); line += 64) {
        __builtin_prefetch(group + 2048 + line);
      }
#pragma GCC unroll 2
      for (int part = 0; part < Token::SUMS; part++) {
        QuadSums<TOKENS, QUADS> parts;
#pragma GCC unroll 4
        for (int four = part * FOURS; four < (part + 1) * FOURS; four += 2) {
          int8x16_t codes[2][QUADS];
          const int8_t* entries[TOKENS];
          for (int q = 0; q < QUADS; q++) {
            const uint8_t* from = group + LAYOUT.groupHead + (quad + q) * 16;
            codes[0][q] = neon::signedCodes<ID>(from, four, table);
            codes[1][q] = neon::signedCodes<ID>(from, four + 1, table);
          }
          for (int t = 0; t < TOKENS; t++) {
            entries[t] = token[t].codes + at * BLOCK_GROUP + four * 4;
          }
          parts.add(codes[0], codes[1], entries);
        }
        for (int q = 0; q < QUADS; q++) {
          const float32x4_t factor =
              neon::factorOf<ID>(scale[q], group + part * 16 + (quad + q) * 4);
          for (int t = 0; t < TOKENS; t++) {
            int32x4_t sum = parts.of(t, q);
            if (!LAYOUT.minimum && !hasSignedBytes(ID)) {
              sum = vaddq_s32(sum, vdupq_n_s32(token[t].offsets[at * Token::SUMS + part]));
            }
            total[t][q] = vfmaq_f32(total[t][q], vcvtq_f32_s32(sum),
                                    vmulq_n_f32(factor, token[t].scales[at]));
          }
        }
      }
      for (int part = 0; LAYOUT.minimum && part < Token::SUMS; part++) {
        for (int q = 0; q < QUADS; q++) {
          const float32x4_t off =
              neon::takenOff<ID>(minimum[q], group + (Token::SUMS + part) * 16 + (quad + q) * 4);
          for (int t = 0; t < TOKENS; t++) {
            total[t][q] = vfmsq_n_f32(total[t][q], off, token[t].sums[at * Token::SUMS + part]);
          }
        }
      }
      group += LAYOUT.groupBytes();
    }
  }
  for (int t = 0; t < TOKENS; t++) {
    for (int q = 0; q < QUADS; q++) {
      vst1q_f32(sums + t * stride + (quad + q) * 4, total[t][q]);
    }
  }
}

// As many sums as registers hold.
template <int ID, int TOKENS>
inline void multiplyStrip(const uint8_t* strip, int64_t columns, const uint8_t* tokens, float* sums,
                          int64_t stride) {
  constexpr int QUADS = TOKENS <= 2 ? 4 : 2;
  for (int quad = 0; quad < 4; quad += QUADS) {
    multiplyQuads<ID, TOKENS, QUADS>(strip, quad, columns, tokens, sums, stride);
  }
}

template <int ID>
inline void multiplyRounded(const uint8_t* strip, int64_t columns, const uint8_t* tokens,
                            int count, float* sums, int64_t stride) {
  using Multiply = void (*)(const uint8_t*, int64_t, const uint8_t*, float*, int64_t);
  static constexpr Multiply BY_TOKENS[] = {multiplyStrip<ID, 1>, multiplyStrip<ID, 2>,
                                           multiplyStrip<ID, 3>, multiplyStrip<ID, 4>};
  for (int t = 0; t < count; t += 4) {
    const int some = count - t < 4 ? count - t : 4;
    BY_TOKENS[some - 1](strip, columns, tokens + t * BlockTokenIn8<ID>::bytes(columns),
                        sums + t * stride, stride);
  }
}

template <int ID>
constexpr StripProducts ROUNDED{BlockTokenIn8<ID>::bytes, scalar::roundToken<ID>,
                                 multiplyRounded<ID>};

}  // namespace ADAPT4J_SET
}  // namespace adapt4j
