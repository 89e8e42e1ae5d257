#pragma once

// Weights in the blocks of GGUF files, and 4-bit weights, brought into an order for products. 16 rows stand together (a
// strip), so that products need no sums across lanes. Of each block of a strip first the scales of
// all rows; then, for each group of 32 inputs, scales of the group and its codes: words of 32 bits,
// one a row and 16 rows side by side, with 8 low halves, 32 fifth bits, 16 pairs of bits, or 4 bytes
// of consecutive inputs. Of low halves and bytes the first input is in the lowest bits; the other
// bits stand as fifthAt and pairAt say. Takes what the file does, and 4 to 10 bytes more for a row
// of a block of 256.

#include "kernels.h"
#include "lanes.h"

namespace adapt4j {

constexpr int64_t BLOCK_ROWS = 16;
constexpr int64_t BLOCK_GROUP = 32;

// By their numbers in files. NF4 and FP4 are not in GGUF files: their blocks have an fp16 scale, then
// codes as bitsandbytes stores them. OWN_TABLE stands for the types of GGUF files whose values are multiples of
// at most 16 integers (Q3_K, IQ1 to IQ3). Its blocks have an fp16 scale, the power of two that
// divides it, 16 integers, 16 scales of 8 bits with a sign, and codes with the first input in the low
// half. OWN_EIGHT is the same for codes without the third bit (IQ1 and IQ2: levels and a sign), which take 3 bits in
// strips; OWN_WIDE that for equal scales of each two (IQ1_S, IQ2_XXS).
enum BlockId {
  OWN_WIDE = -5, OWN_EIGHT = -4, FP4 = -3, OWN_TABLE = -2, NF4 = -1, Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, Q2_K = 10, Q4_K = 12,
  Q5_K = 13, Q6_K = 14, IQ4_NL = 20, IQ4_XS = 23, TQ1_0 = 34, TQ2_0 = 35, MXFP4 = 39,
  NVFP4 = 40
};

// Twice the numbers that the codes of MXFP4 and NVFP4 stand for; scales are halved.
constexpr int8_t MX_NUMBERS[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// Scales of NVFP4 are bytes of five exponent and three mantissa bits: the difference to those of a file,
// and what multiplies a byte that stands at the top of the exponent of a float, the half included.
constexpr int SMALL_EXTRA = 3 << 3;
constexpr float SMALL_UNIT = 0x1p116f;

// The numbers of IQ4_NL and IQ4_XS.
constexpr int8_t IQ4_NUMBERS[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                    1,    13,   25,  38,  53,  69,  89,  113};

// The numbers of NF4 (QLoRA, appendix E), and the multiples of NF4_STEP that products in integers take
// for them: of the steps that fit in a byte the one with the least mean square error.
constexpr float NF4_NUMBERS[16] = {
    -1.0f,        -0.6961928f, -0.52507305f, -0.3949175f, -0.28444138f, -0.18477343f,
    -0.091050036f, 0.0f,        0.0795803f,   0.1609302f,  0.2461123f,   0.33791524f,
    0.44070983f,  0.562617f,   0.72295684f,  1.0f};
constexpr int8_t NF4_STEPS[16] = {-112, -78, -59, -44, -32, -21, -10, 0,
                                  9,    18,  28,  38,  49,  63,  81,  112};
constexpr float NF4_STEP = 256.0f / 28680;

// The numbers of bitsandbytes' FP4, and their steps, exact but for the least magnitude.
constexpr float FP4_NUMBERS[16] = {
    0,  0.0625f / 12,  8.0f / 12,  1,  4.0f / 12,  6.0f / 12,  2.0f / 12,  3.0f / 12,
    0, -0.0625f / 12, -8.0f / 12, -1, -4.0f / 12, -6.0f / 12, -2.0f / 12, -3.0f / 12};
constexpr int8_t FP4_STEPS[16] = {0, 1,  80,  120,  40,  60,  20,  30,
                                  0, -1, -80, -120, -40, -60, -20, -30};
constexpr float FP4_STEP = 1.0f / 120;

// Whether codes are bitsandbytes', of two to a byte with the first in the high half.
constexpr bool isFourBit(int id) { return id == NF4 || id == FP4; }

// Whether a weight has integers of its own that its codes choose from.
constexpr bool hasOwnTable(int id) { return id == OWN_TABLE || id == OWN_EIGHT || id == OWN_WIDE; }

// Whether codes have 3 bits.
constexpr bool hasThreeBits(int id) { return id == OWN_EIGHT || id == OWN_WIDE; }

// Whether codes are floating-point numbers of 4 bits.
constexpr bool isFloatingPoint(int id) { return id == MXFP4 || id == NVFP4; }

// Whether codes choose one of 16 numbers.
constexpr bool hasTable(int id) {
  return isFloatingPoint(id) || id == IQ4_NL || id == IQ4_XS || isFourBit(id) || hasOwnTable(id);
}

// Whether a table's bytes are multiples of a step.
constexpr bool hasStep(int id) { return isFourBit(id) || hasOwnTable(id); }

// Whether products of integers take codes, or their numbers, as bytes with a sign.
constexpr bool hasSignedBytes(int id) {
  return id == Q8_0 || (hasTable(id) && !isFloatingPoint(id));
}

// Whether groups have a scale with a sign.
constexpr bool hasSignedScales(int id) { return id == Q6_K || id == IQ4_XS || hasOwnTable(id); }

// Number of inputs of a group that share a scale.
constexpr int spanOf(int id) {
  return id == Q2_K || id == Q6_K || id == OWN_TABLE || id == OWN_EIGHT || id == NVFP4 ? 16 : 32;
}

// Number of scales of a group, which come before its minima.
constexpr int partsOf(int id) { return 32 / spanOf(id); }

// The numbers of a table, in fp32, in bytes, and raised so that none is below zero; and what numbers
// and bytes are multiples of.
template <int ID>
struct Table {
  float numbers[16];
  int8_t bytes[16];
  uint8_t raised[16];
  float unit;
  float step;

  constexpr Table(const int8_t* integers, float unit)
      : numbers(), bytes(), raised(), unit(unit), step(ID == NF4 ? NF4_STEP : ID == FP4 ? FP4_STEP : unit) {
    for (int i = 0; i < 16; i++) {
      numbers[i] = ID == NF4 ? NF4_NUMBERS[i] : ID == FP4 ? FP4_NUMBERS[i] : integers[i];
      bytes[i] = integers[i];
      raised[i] = static_cast<uint8_t>(integers[i] + (isFloatingPoint(ID) ? 12 : 128));
    }
  }
};

template <int ID>
constexpr Table<ID> TABLE{ID == NF4     ? NF4_STEPS
                          : ID == FP4   ? FP4_STEPS
                          : isFloatingPoint(ID) ? MX_NUMBERS
                                        : IQ4_NUMBERS,
                          1};

// Where the first block of a strip has numbers of its own, and their unit.
constexpr int64_t OWN_NUMBERS = 32, OWN_UNIT = 48;

// The table that the codes of a strip choose from.
template <int ID>
inline Table<ID> tableOf(const uint8_t* strip) {
  if constexpr (hasOwnTable(ID)) {
    float unit;
    std::memcpy(&unit, strip + OWN_UNIT, 4);
    return Table<ID>(reinterpret_cast<const int8_t*>(strip + OWN_NUMBERS), unit);
  } else {
    return TABLE<ID>;
  }
}

struct BlockLayout {
  int64_t columns;    // of a block
  int64_t fileBytes;  // of a block of one row in a file
  int64_t head;       // bytes before the groups of a strip's block
  int64_t groupHead;  // bytes before the codes of a group
  int64_t low;        // of the words with low halves
  int64_t high;       // of the words with the other bits
  int64_t bytes8;     // of the words with whole bytes
  int offset;         // taken off the codes
  bool minimum;       // whether a minimum is taken off too

  constexpr int64_t groupBytes() const { return groupHead + low + high + bytes8; }
  constexpr int64_t groups() const { return columns / BLOCK_GROUP; }
  constexpr int64_t tileBytes() const { return head + groups() * groupBytes(); }
  constexpr int64_t stripBytes(int64_t width) const { return width / columns * tileBytes(); }
};

constexpr BlockLayout layoutOf(int id) {
  switch (id) {
    case Q4_0:
      return {32, 18, 32, 0, 256, 0, 0, 8, false};
    case Q4_1:
      return {32, 20, 64, 0, 256, 0, 0, 0, true};
    case Q5_0:
      return {32, 22, 32, 0, 256, 64, 0, 16, false};
    case Q5_1:
      return {32, 24, 64, 0, 256, 64, 0, 0, true};
    case Q8_0:
      return {32, 34, 32, 0, 0, 0, 512, 0, false};
    // What is taken off applies where the numbers of a table are bytes without a sign.
    case MXFP4:
      return {32, 17, 32, 0, 256, 0, 0, 12, false};
    case NVFP4:
      return {64, 36, 0, 32, 256, 0, 0, 12, false};
    case IQ4_NL:
      return {32, 18, 32, 0, 256, 0, 0, 128, false};
    case IQ4_XS:
      return {256, 136, 32, 32, 256, 0, 0, 128, false};
    case NF4:
    case FP4:
      return {64, 34, 32, 0, 256, 0, 0, 128, false};
    case OWN_TABLE:
      return {256, 163, 64, 32, 256, 0, 0, 128, false};
    case OWN_EIGHT:
      return {256, 163, 64, 32, 192, 0, 0, 128, false};
    case OWN_WIDE:
      return {256, 163, 64, 16, 192, 0, 0, 128, false};
    case TQ1_0:
    case TQ2_0:
      return {256, id == TQ1_0 ? 54 : 66, 32, 0, 0, 128, 0, 1, false};
    case Q2_K:
      return {256, 84, 64, 64, 0, 128, 0, 0, true};
    case Q4_K:
      return {256, 144, 64, 32, 256, 0, 0, 0, true};
    case Q5_K:
      return {256, 176, 64, 32, 256, 64, 0, 0, true};
    default:
      return {256, 210, 32, 32, 256, 128, 0, 32, false};
  }
}

// Words of low halves, masked, are 4 bytes of even and of odd inputs: 8 times 4 inputs of a group.
// Fifth bits and pairs are in the bytes that they belong to: those of the first 4 inputs lowest.

// Codes of 3 bits are two to a byte of three words for the first 6 times 4 inputs; the upper two bits of
// bytes of the first two words are for the last two, whose third bits are those of the last word.

// Which 4 of the 8 an input of a group is among, and its byte there.
constexpr int fourOf(int input) { return input / 8 * 2 + input % 2; }
constexpr int byteOf(int input) { return input % 8 / 2; }

// Where the fifth bit of an input of a group is.
constexpr int fifthAt(int input) { return 8 * byteOf(input) + fourOf(input); }

// Where the pair of bits of an input is, in the word of its half of the group.
constexpr int pairAt(int input) { return 8 * byteOf(input) + 2 * (fourOf(input) % 4); }

inline uint64_t eightBytes(const uint8_t* from) {
  uint64_t bytes;
  std::memcpy(&bytes, from, 8);
  return bytes;
}

// The low halves of 8 bytes, one after the other.
inline uint32_t halvesOf(uint64_t bytes) {
  bytes &= 0x0F0F0F0F0F0F0F0FULL;
  bytes = (bytes | bytes >> 4) & 0x00FF00FF00FF00FFULL;
  bytes = (bytes | bytes >> 8) & 0x0000FFFF0000FFFFULL;
  return static_cast<uint32_t>(bytes | bytes >> 16);
}

// The lowest 2 bits of 8 bytes.
inline uint32_t pairsOf(uint64_t bytes) {
  bytes &= 0x0303030303030303ULL;
  bytes = (bytes | bytes >> 6) & 0x000F000F000F000FULL;
  bytes = (bytes | bytes >> 12) & 0x000000FF000000FFULL;
  return static_cast<uint32_t>((bytes | bytes >> 24) & 0xFFFF);
}

// The lowest bits of 8 bytes.
inline uint32_t bitsOfBytes(uint64_t bytes) {
  return static_cast<uint32_t>((bytes & 0x0101010101010101ULL) * 0x0102040810204080ULL >> 56);
}

// 32 fifth bits, the first input's lowest, brought into their order.
inline uint32_t fifthsInOrder(uint32_t bits) {
  uint32_t word = 0;
  for (int k = 0; k < 4; k++) {
    const uint32_t eight = bits >> (8 * k) & 0xFF;
    word |= ((eight | eight << 6 | eight << 12 | eight << 18) & 0x03030303) << (2 * k);
  }
  return word;
}

// The fifth bits of inputs 8 k to 8 k + 7, the first one's lowest.
inline uint32_t fifthsOf(uint32_t word, int k) {
  const uint32_t pairs = word >> (2 * k) & 0x03030303;
  return (pairs | pairs >> 6 | pairs >> 12 | pairs >> 18) & 0xFF;
}

// The pairs of 8 inputs in the low halves of the bytes that they belong to.
inline uint32_t pairsInOrder(uint32_t pairs) {
  pairs = (pairs | pairs << 8) & 0x00FF00FF;
  return (pairs | pairs << 4) & 0x0F0F0F0F;
}

// Puts one row of a block from a file into its place in a strip's block.
class BlockRow {
 public:
  BlockRow(int id, const uint8_t* block, int64_t row, uint8_t* tile)
      : id_(id), layout_(layoutOf(id)), block_(block), row_(row), tile_(tile) {}

  void put() const {
    switch (id_) {
      case Q4_0:
      case IQ4_NL:
        half(block_, 0);
        lows(0, block_ + 2, block_ + 10, 0, 4);
        break;
      case IQ4_XS:
        putNonlinear();
        break;
      case NF4:
      case FP4:
        half(block_, 0);
        for (int k = 0; k < 8; k++) {
          putWord(codes(k / 4) + k % 4 * 64, swappedHalves(block_ + 2 + k * 4));
        }
        break;
      case OWN_TABLE:
      case OWN_EIGHT:
      case OWN_WIDE:
        putOwnTable();
        break;
      case TQ1_0:
        putTernary();
        break;
      case TQ2_0:
        half(block_ + 64, 0);
        for (int64_t g = 0; g < 8; g++) {
          putPairs(g, block_);
        }
        break;
      case MXFP4:
        putPower(block_[0]);
        lows(0, block_ + 1, block_ + 9, 0, 4);
        break;
      case NVFP4:
        putSmallFloats();
        break;
      case Q4_1:
        half(block_, 0);
        half(block_ + 2, 1);
        lows(0, block_ + 4, block_ + 12, 0, 4);
        break;
      case Q5_0:
        half(block_, 0);
        putFifths(0, block_ + 2);
        lows(0, block_ + 6, block_ + 14, 0, 4);
        break;
      case Q5_1:
        half(block_, 0);
        half(block_ + 2, 1);
        putFifths(0, block_ + 4);
        lows(0, block_ + 8, block_ + 16, 0, 4);
        break;
      case Q8_0:
        half(block_, 0);
        for (int k = 0; k < 8; k++) {
          std::memcpy(word(codes(0) + k * 64), block_ + 2 + k * 4, 4);
        }
        break;
      case Q2_K:
        putTwoBits();
        break;
      case Q4_K:
        half(block_, 0);
        half(block_ + 2, 1);
        putSixBitScales(block_ + 4);
        putPairsOfGroups(block_ + 16);
        break;
      case Q5_K:
        half(block_, 0);
        half(block_ + 2, 1);
        putSixBitScales(block_ + 4);
        putFifthBits(block_ + 16);
        putPairsOfGroups(block_ + 48);
        break;
      default:
        putSixBits();
    }
  }

 private:
  uint8_t* group(int64_t g) const { return tile_ + layout_.head + g * layout_.groupBytes(); }
  uint8_t* codes(int64_t g) const { return group(g) + layout_.groupHead; }
  uint8_t* high(int64_t g) const { return codes(g) + layout_.low; }
  uint8_t* word(uint8_t* words) const { return words + row_ * 4; }

  void half(const uint8_t* from, int64_t index) const {
    std::memcpy(tile_ + index * 32 + row_ * 2, from, 2);
  }

  // A scale of MXFP4, halved, as the upper half of a float.
  void putPower(uint8_t exponent) const {
    const auto bits = static_cast<uint16_t>(exponent < 2 ? 0x20 << exponent : (exponent - 1) << 7);
    std::memcpy(tile_ + row_ * 2, &bits, 2);
  }

  // Four scales of four exponent and three mantissa bits, then 8 bytes for each. A fifth exponent bit
  // makes the subnormal ones normal. The reference reads NaN as 0.
  void putSmallFloats() const {
    for (int64_t g = 0; g < 2; g++) {
      for (int64_t part = 0; part < 2; part++) {
        const int code = block_[2 * g + part];
        int scale = 0;
        if (code != 127 && (code & 127) >= 8) {
          scale = (code & 127) + SMALL_EXTRA;
        } else if (code != 127 && (code & 7) != 0) {
          const int top = (code & 7) >= 4 ? 2 : (code & 7) >= 2 ? 1 : 0;
          scale = (code << (3 - top) & 7) + 8 * (top + 1);
        }
        group(g)[part * BLOCK_ROWS + row_] = static_cast<uint8_t>(scale);
        const uint64_t bytes = eightBytes(block_ + 4 + (2 * g + part) * 8);
        putWord(codes(g) + part * 128, halvesOf(bytes));
        putWord(codes(g) + part * 128 + 64, halvesOf(bytes >> 4));
      }
    }
  }

  void putWord(uint8_t* words, uint32_t bits) const { std::memcpy(word(words), &bits, 4); }

  // 16 bytes hold inputs 0 to 15 in their low halves and 16 to 31 in their high ones.
  void lows(int64_t g, const uint8_t* first, const uint8_t* second, int low, int high) const {
    putWord(codes(g), halvesOf(eightBytes(first) >> low));
    putWord(codes(g) + 64, halvesOf(eightBytes(second) >> low));
    putWord(codes(g) + 128, halvesOf(eightBytes(first) >> high));
    putWord(codes(g) + 192, halvesOf(eightBytes(second) >> high));
  }

  // 4 bytes with the first input in their high halves.
  static uint32_t swappedHalves(const uint8_t* from) {
    uint32_t word;
    std::memcpy(&word, from, 4);
    return (word >> 4 & 0x0F0F0F0F) | (word & 0x0F0F0F0F) << 4;
  }

  // 32 bytes hold a group in one of their halves.
  void lowsOfGroup(int64_t g, const uint8_t* from, int shift) const {
    for (int k = 0; k < 4; k++) {
      putWord(codes(g) + k * 64, halvesOf(eightBytes(from + k * 8) >> shift));
    }
  }

  // 32 bytes hold two groups, the second in the high halves.
  void putPairsOfGroups(const uint8_t* from) const {
    for (int64_t g = 0; g < 8; g++) {
      lowsOfGroup(g, from + g / 2 * 32, g % 2 * 4);
    }
  }

  void putFifths(int64_t g, const uint8_t* from) const {
    uint32_t bits;
    std::memcpy(&bits, from, 4);
    putWord(high(g), fifthsInOrder(bits));
  }

  void putFifthBits(const uint8_t* from) const {
    for (int64_t g = 0; g < 8; g++) {
      uint32_t bits = 0;
      for (int k = 0; k < 4; k++) {
        bits |= bitsOfBytes(eightBytes(from + k * 8) >> g) << (k * 8);
      }
      putWord(high(g), fifthsInOrder(bits));
    }
  }

  // 8 scales and 8 minima of 6 bits in 12 bytes.
  void putSixBitScales(const uint8_t* from) const {
    for (int64_t g = 0; g < 8; g++) {
      uint8_t scale, minimum;
      if (g < 4) {
        scale = from[g] & 63;
        minimum = from[g + 4] & 63;
      } else {
        scale = static_cast<uint8_t>((from[g + 4] & 0xF) | from[g - 4] >> 6 << 4);
        minimum = static_cast<uint8_t>(from[g + 4] >> 4 | from[g] >> 6 << 4);
      }
      group(g)[row_] = scale;
      group(g)[BLOCK_ROWS + row_] = minimum;
    }
  }

  // Scales of 6 bits, of which 32 is taken off: 8 pairs of upper bits, then 8 halves.
  void putNonlinear() const {
    half(block_, 0);
    for (int64_t g = 0; g < 8; g++) {
      const int low = block_[4 + g / 2] >> (g % 2 * 4) & 15;
      const int high = block_[2 + g / 4] >> (g % 4 * 2) & 3;
      group(g)[row_] = static_cast<uint8_t>((low | high << 4) - 32);
      const uint8_t* from = block_ + 8 + g * 16;
      lows(g, from, from + 8, 0, 4);
    }
  }

  void putOwnTable() const {
    half(block_, 0);
    const uint32_t unit = (127u - block_[2]) << 23;
    std::memcpy(tile_ + OWN_UNIT, &unit, 4);
    std::memcpy(tile_ + OWN_NUMBERS, block_ + 3, 16);
    if (hasThreeBits(id_)) {
      std::memcpy(tile_ + OWN_NUMBERS + 4, block_ + 3 + 8, 4);
    }
    for (int64_t g = 0; g < 8; g++) {
      group(g)[row_] = block_[19 + 2 * g];
      if (id_ != OWN_WIDE) {
        group(g)[BLOCK_ROWS + row_] = block_[20 + 2 * g];
      }
      uint32_t words[4], fours[8];
      std::memcpy(words, block_ + 35 + g * 16, sizeof words);
      for (int k = 0; k < 4; k++) {
        if (id_ == OWN_TABLE) {
          putWord(codes(g) + k * 64, words[k]);
        }
        fours[2 * k] = (words[k] & 0x03030303) | (words[k] >> 1 & 0x04040404);
        fours[2 * k + 1] = (words[k] >> 4 & 0x03030303) | (words[k] >> 5 & 0x04040404);
      }
      for (int k = 0; hasThreeBits(id_) && k < 3; k++) {
        const uint32_t others = k < 2 ? fours[6 + k] & 0x03030303
                                      : (fours[6] >> 2 & 0x01010101) | (fours[7] >> 1 & 0x02020202);
        putWord(codes(g) + k * 64, fours[2 * k] | fours[2 * k + 1] << 3 | others << 6);
      }
    }
  }

  // Five digits of a byte, or four of each of the last four, are those of a fraction in base three; they
  // stand in bytes that alternate: 32, then 16, then 4.
  void putTernary() const {
    uint8_t packed[64] = {};
    for (int i = 0; i < 256; i++) {
      const int start = i < 160 ? 0 : i < 240 ? 32 : 48, first = i < 160 ? 0 : i < 240 ? 160 : 240;
      const int bytes = i < 160 ? 32 : i < 240 ? 16 : 4;
      auto digits = block_[start + (i - first) % bytes];
      for (int n = (i - first) / bytes; n > 0; n--) {
        digits = static_cast<uint8_t>(digits * 3);
      }
      packed[i / 128 * 32 + i % 32] |= digits * 3 >> 8 << (i % 128 / 32 * 2);
    }
    half(block_ + 52, 0);
    for (int64_t g = 0; g < 8; g++) {
      putPairs(g, packed);
    }
  }

  void putSixBits() const {
    const uint8_t* scales = block_ + 192;
    half(block_ + 208, 0);
    for (int64_t g = 0; g < 8; g++) {
      const int64_t part = g / 4, place = g % 4;
      group(g)[row_] = scales[2 * g];
      group(g)[BLOCK_ROWS + row_] = scales[2 * g + 1];
      lowsOfGroup(g, block_ + 64 * part + 32 * (place % 2), place / 2 * 4);
      putPairs(g, block_ + 128);
    }
  }

  // 64 bytes hold 8 groups, 4 in the pairs of bits of 32 bytes.
  void putPairs(int64_t g, const uint8_t* from) const {
    const uint8_t* pairs = from + 32 * (g / 4);
    const int64_t shift = g % 4 * 2;
    for (int k = 0; k < 2; k++) {
      putWord(high(g) + k * 64,
              pairsInOrder(pairsOf(eightBytes(pairs + k * 16) >> shift)) |
                  pairsInOrder(pairsOf(eightBytes(pairs + k * 16 + 8) >> shift)) << 4);
    }
  }

  // 16 bytes with a scale in the low half and a minimum in the high one.
  void putTwoBits() const {
    half(block_ + 80, 0);
    half(block_ + 82, 1);
    for (int64_t g = 0; g < 8; g++) {
      for (int64_t part = 0; part < 2; part++) {
        const uint8_t both = block_[2 * g + part];
        group(g)[part * BLOCK_ROWS + row_] = both & 15;
        group(g)[(2 + part) * BLOCK_ROWS + row_] = both >> 4;
      }
      putPairs(g, block_ + 16);
    }
  }

  int id_;
  BlockLayout layout_;
  const uint8_t* block_;
  int64_t row_;
  uint8_t* tile_;
};

}  // namespace adapt4j
