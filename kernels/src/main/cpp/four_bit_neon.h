// Products of 4-bit weights with tokens in 8 bits, 4 rows at a time, for each set in neon_sets.h.

namespace adapt4j {
namespace ADAPT4J_SET {

ADAPT4J_TARGET inline void multiplyRoundedFourBit(const RoundedRows& rows) {
  const int64_t columns = rows.weight.columns, groups = columns / GROUP;
  const int64_t bytesOfToken = FourBitTokenIn8::bytes(columns);
  const uint8x16_t table = vld1q_u8(rows.numbers.codes);
  float32x4_t totals[ROUNDED_TOKENS];
  for (int64_t row = rows.start; row < rows.end; row += 4) {
    const float* scales = neon::scalesOf(rows, row);
    const uint8_t* packed[4];
    for (int r = 0; r < 4; r++) {
      packed[r] = rows.packed(row + r);
    }
    for (int t = 0; t < rows.count; t++) {
      totals[t] = vdupq_n_f32(0);
    }
    for (int64_t b = 0; b < 2 * groups; b++) {
      // Codes of even inputs, then of odd ones.
      int8x16_t codes[4][2];
      for (int r = 0; r < 4; r++) {
        const uint8_t* from = packed[r] + b * BLOCK_GROUP / 2;
        __builtin_prefetch(from + 4 * columns / 2);
        const uint8x16_t bytes = vld1q_u8(from);
        codes[r][0] = vreinterpretq_s8_u8(vqtbl1q_u8(table, vshrq_n_u8(bytes, 4)));
        codes[r][1] = vreinterpretq_s8_u8(vqtbl1q_u8(table, vandq_u8(bytes, vdupq_n_u8(15))));
      }
      const float32x4_t scale = vld1q_f32(scales + b / 2 * 4);
      for (int t = 0; t < rows.count; t++) {
        const auto token = FourBitTokenIn8::at(rows.tokens + t * bytesOfToken, columns);
        const int32x4x2_t words =
            vld2q_s32(reinterpret_cast<const int32_t*>(token.codes + b * BLOCK_GROUP));
        int32x4_t sums[4];
        for (int r = 0; r < 4; r++) {
          sums[r] = addRow(vdupq_n_s32(0), codes[r][0], vreinterpretq_s8_s32(words.val[0]));
          sums[r] = addRow(sums[r], codes[r][1], vreinterpretq_s8_s32(words.val[1]));
        }
        const int32x4_t all =
            vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3]));
        totals[t] = vfmaq_f32(totals[t],
                              vcvtq_f32_s32(vaddq_s32(all, vdupq_n_s32(token.offsets[b]))),
                              vmulq_n_f32(scale, token.scales[b]));
      }
    }
    rows.put(row, 4, reinterpret_cast<const float*>(totals), 4);
  }
}

constexpr FourBitRoundedKernels ROUNDED_FOUR_BIT{scalar::roundFourBitToken,
                                                 multiplyRoundedFourBit};

}  // namespace ADAPT4J_SET
}  // namespace adapt4j
