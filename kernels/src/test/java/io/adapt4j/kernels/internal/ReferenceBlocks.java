package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * Blocks, dequantized as ggml's reference does, value by value; those of NF4 and FP4 as
 * bitsandbytes does, those of GGUF's types of few bits as the layout of {@code Quantizer.toTable}
 * says.
 */
final class ReferenceBlocks {

  private static final int[] IQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** The multiples of {@link #NF4_STEP} that products of integers take for the numbers of NF4. */
  private static final int[] NF4_STEPS = {
    -112, -78, -59, -44, -32, -21, -10, 0, 9, 18, 28, 38, 49, 63, 81, 112
  };

  private static final float NF4_STEP = 256f / 28680;

  /** The multiples of 1/120 that products of integers take for the numbers of FP4. */
  private static final int[] FP4_STEPS = {
    0, 1, 80, 120, 40, 60, 20, 30, 0, -1, -80, -120, -40, -60, -20, -30
  };

  private ReferenceBlocks() {}

  /** Random blocks with scales of a size that weights have. */
  static byte[] random(BlockType type, int count, long seed) {
    Random random = new Random(seed);
    byte[] bytes = new byte[count * type.bytes()];
    random.nextBytes(bytes);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      int at = i * type.bytes();
      switch (type) {
        case Q4_0, Q5_0, Q8_0, IQ4_NL, IQ4_XS, NF4, FP4 -> buffer.putShort(at, half(random));
        case Q4_1, Q5_1, Q4_K, Q5_K -> {
          buffer.putShort(at, half(random));
          buffer.putShort(at + 2, half(random));
        }
        case Q2_K -> {
          buffer.putShort(at + 80, half(random));
          buffer.putShort(at + 82, half(random));
        }
        case Q6_K -> buffer.putShort(at + 208, half(random));
        case TQ1_0 -> buffer.putShort(at + 52, half(random));
        case TQ2_0 -> buffer.putShort(at + 64, half(random));
        case OWN_TABLE, OWN_EIGHT, OWN_WIDE -> {
          buffer.putShort(at, half(random));
          buffer.put(at + 2, (byte) 3);
          // All blocks of a weight have the same integers.
          buffer.put(at + 3, bytes, 3, 16);
          for (int c = 0; type == BlockType.OWN_WIDE && c < 16; c += 2) {
            bytes[at + 20 + c] = bytes[at + 19 + c];
          }
          for (int c = 0; type != BlockType.OWN_TABLE && c < 128; c++) {
            bytes[at + 35 + c] &= (byte) 0xBB;
          }
        }
        // Some of the smallest powers of two as well.
        case MXFP4 -> buffer.put(at, (byte) (i % 7 == 3 ? i % 4 : 110 + random.nextInt(16)));
        // Subnormal ones and NaN as well, and the unused bit.
        case NVFP4 -> {
          for (int part = 0; part < 4; part++) {
            int scale = 24 + random.nextInt(40);
            buffer.put(
                at + part, (byte) (i % 7 == 3 ? (2 * i + part) % 9 : i % 7 == 5 ? 127 : scale));
          }
          bytes[at] |= (byte) (i % 5 == 0 ? 0x80 : 0);
        }
      }
    }
    return bytes;
  }

  /** Between 2^-14, subnormal ones too, and 2^-3, of both signs. */
  private static short half(Random random) {
    return (short) (random.nextInt(0x3000) | (random.nextInt(2) << 15));
  }

  static float[] dequantize(BlockType type, byte[] bytes) {
    int count = bytes.length / type.bytes();
    float[] values = new float[count * type.columns()];
    ByteBuffer blocks = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      ByteBuffer block =
          blocks.slice(i * type.bytes(), type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      for (int c = 0; c < type.columns(); c++) {
        values[i * type.columns() + c] = value(type, block, c);
      }
    }
    return values;
  }

  /** The weights of products with tokens in 8 bits. */
  static float[] inIntegers(BlockType type, byte[] bytes) {
    float[] values = dequantize(type, bytes);
    if (type == BlockType.NF4 || type == BlockType.FP4) {
      int[] steps = type == BlockType.NF4 ? NF4_STEPS : FP4_STEPS;
      float step = type == BlockType.NF4 ? NF4_STEP : 1f / 120;
      ByteBuffer blocks = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < values.length; i++) {
        ByteBuffer block = blocks.slice(i / 64 * 34, 34).order(ByteOrder.LITTLE_ENDIAN);
        values[i] = steps[fourBitCode(block, i % 64)] * (step * scale(block, 0));
      }
    }
    return values;
  }

  private static float value(BlockType type, ByteBuffer block, int c) {
    return switch (type) {
      case Q4_0 -> (halves(block, 2, c) - 8) * scale(block, 0);
      case Q4_1 -> halves(block, 4, c) * scale(block, 0) + scale(block, 2);
      case Q5_0 -> ((halves(block, 6, c) | (bit(block, 2, c) << 4)) - 16) * scale(block, 0);
      case Q5_1 ->
          (halves(block, 8, c) | (bit(block, 4, c) << 4)) * scale(block, 0) + scale(block, 2);
      case Q8_0 -> block.get(2 + c) * scale(block, 0);
      case Q2_K -> twoBits(block, c);
      case Q4_K -> affine(block, c, pairs(block, 16, c));
      case Q5_K ->
          affine(block, c, pairs(block, 48, c) | (((block.get(16 + c % 32) >> (c / 32)) & 1) << 4));
      case Q6_K -> sixBits(block, c);
      case IQ4_NL -> scale(block, 0) * IQ4[halves(block, 2, c)];
      case IQ4_XS -> nonlinear(block, c / 32, c % 32);
      case NF4 -> scale(block, 0) * FourBitCode.NF4.numbers()[fourBitCode(block, c)];
      case FP4 -> scale(block, 0) * FourBitCode.FP4.numbers()[fourBitCode(block, c)];
      case TQ1_0 -> (ternary(block, c) - 1) * scale(block, 52);
      case TQ2_0 ->
          (((block.get(c / 128 * 32 + c % 32) >> (c % 128 / 32 * 2)) & 3) - 1) * scale(block, 64);
      case OWN_TABLE, OWN_EIGHT, OWN_WIDE ->
          scale(block, 0)
              * Math.scalb(1f, -block.get(2))
              * block.get(19 + c / 16)
              * block.get(3 + (block.get(35 + c / 2) >> (c % 2 * 4) & 15));
      case MXFP4 -> floating(halves(block, 1, c)) * Math.scalb(1f, (block.get(0) & 255) - 128);
      case NVFP4 -> {
        int codes = block.get(4 + c / 16 * 8 + c % 8);
        yield floating(codes >> (c % 16 / 8 * 4) & 15) * smallFloat(block.get(c / 16)) / 2;
      }
    };
  }

  private static float smallFloat(byte scale) {
    int exponent = scale >> 3 & 15;
    if (scale == 127) {
      return 0;
    }
    float fraction = (scale & 7) / 8f;
    return exponent == 0 ? fraction / 64 : Math.scalb(1 + fraction, exponent - 7);
  }

  /** The digits of a byte, in base three, are those of a fraction of 256. */
  private static int ternary(ByteBuffer block, int c) {
    int at = c < 160 ? c % 32 : c < 240 ? 32 + c % 16 : 48 + c % 4;
    int digit = c < 160 ? c / 32 : c < 240 ? (c - 160) / 16 : (c - 240) / 4;
    int fraction = block.get(at) * (int) Math.pow(3, digit) & 255;
    return fraction * 3 / 256;
  }

  private static float nonlinear(ByteBuffer block, int group, int c) {
    int low = (block.get(4 + group / 2) >> (group % 2 * 4)) & 15;
    int high = (block.get(2 + group / 4) >> (group % 4 * 2)) & 3;
    return scale(block, 0) * ((low | (high << 4)) - 32) * IQ4[halves(block, 8 + group * 16, c)];
  }

  /** The first input of a byte is in its high half. */
  private static int fourBitCode(ByteBuffer block, int c) {
    return (block.get(2 + c / 2) >> (c % 2 == 0 ? 4 : 0)) & 15;
  }

  /** Twice the number of a sign, two bits of exponent and one of mantissa. */
  private static int floating(int code) {
    int size = new int[] {0, 1, 2, 3, 4, 6, 8, 12}[code & 7];
    return code < 8 ? size : -size;
  }

  private static float scale(ByteBuffer block, int at) {
    return StoredFloats.get(StoredType.F16, block.slice(at, 2).order(ByteOrder.LITTLE_ENDIAN), 0);
  }

  /** Inputs 0 to 15 in the low halves of 16 bytes, 16 to 31 in the high ones. */
  private static int halves(ByteBuffer block, int at, int c) {
    return (block.get(at + c % 16) >> (c / 16 * 4)) & 15;
  }

  private static int bit(ByteBuffer block, int at, int c) {
    return (block.getInt(at) >> c) & 1;
  }

  /** Groups of 32 inputs in 32 bytes, two groups in their halves. */
  private static int pairs(ByteBuffer block, int at, int c) {
    return (block.get(at + c / 64 * 32 + c % 32) >> (c / 32 % 2 * 4)) & 15;
  }

  private static float affine(ByteBuffer block, int c, int code) {
    int group = c / 32;
    int scale;
    int minimum;
    if (group < 4) {
      scale = block.get(4 + group) & 63;
      minimum = block.get(8 + group) & 63;
    } else {
      scale = (block.get(8 + group) & 15) | (((block.get(group) >> 6) & 3) << 4);
      minimum = ((block.get(8 + group) >> 4) & 15) | (((block.get(4 + group) >> 6) & 3) << 4);
    }
    float factor = scale(block, 0) * scale;
    float off = scale(block, 2) * minimum;
    return factor * code - off;
  }

  private static float twoBits(ByteBuffer block, int c) {
    float factor = scale(block, 80) * (block.get(c / 16) & 15);
    float off = scale(block, 82) * ((block.get(c / 16) >> 4) & 15);
    int code = (block.get(16 + c / 128 * 32 + c % 32) >> (c % 128 / 32 * 2)) & 3;
    return factor * code - off;
  }

  private static float sixBits(ByteBuffer block, int c) {
    int part = c / 128;
    int place = c % 128 / 32;
    int low = (block.get(64 * part + place % 2 * 32 + c % 32) >> (place / 2 * 4)) & 15;
    int high = (block.get(128 + 32 * part + c % 32) >> (place * 2)) & 3;
    float factor = scale(block, 208) * block.get(192 + c / 16);
    return factor * ((low | (high << 4)) - 32);
  }
}
