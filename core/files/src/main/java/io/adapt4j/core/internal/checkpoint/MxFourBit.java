package io.adapt4j.core.internal.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.stream.IntStream;

/**
 * Decoder of MXFP4 (Open Compute Project 2023): each number has a sign bit, two exponent bits and
 * one mantissa bit, and each block of 32 shares a power-of-two scale. A byte holds two numbers, the
 * first in the low half.
 */
public final class MxFourBit {

  /** Value of {@code quant_method} in such checkpoints. */
  public static final String METHOD = "mxfp4";

  /** Number of values that share a scale. */
  public static final int BLOCK = 32;

  /** Size of a block in bytes, without its scale. */
  static final int BLOCK_BYTES = BLOCK / 2;

  private static final int EXPONENT_BIAS = 127;

  private static final float[] NUMBERS = {
    0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f, -0f, -0.5f, -1f, -1.5f, -2f, -3f, -4f, -6f
  };

  private MxFourBit() {}

  /** Decodes rows to fp32. */
  public static void decode(
      ByteBuffer blocks, ByteBuffer scales, int rows, int columns, FloatBuffer target) {
    IntStream.range(0, rows)
        .parallel()
        .forEach(
            row -> {
              float[] values = new float[columns];
              row(blocks, scales, row, values);
              target.put(row * columns, values);
            });
  }

  /** Decodes rows to bfloat16, which represents all values exactly. */
  public static void decode(
      ByteBuffer blocks, ByteBuffer scales, int rows, int columns, ShortBuffer target) {
    IntStream.range(0, rows)
        .parallel()
        .forEach(
            row -> {
              float[] values = new float[columns];
              row(blocks, scales, row, values);
              short[] rounded = new short[columns];
              for (int i = 0; i < columns; i++) {
                rounded[i] = bf16(values[i]);
              }
              target.put(row * columns, rounded);
            });
  }

  private static void row(ByteBuffer blocks, ByteBuffer scales, int row, float[] values) {
    int count = values.length / BLOCK;
    float[] scaled = new float[NUMBERS.length];
    for (int block = 0; block < count; block++) {
      int exponent = (scales.get(row * count + block) & 0xff) - EXPONENT_BIAS;
      for (int code = 0; code < scaled.length; code++) {
        scaled[code] = Math.scalb(NUMBERS[code], exponent);
      }
      int from = (row * count + block) * BLOCK_BYTES;
      int at = block * BLOCK;
      for (int i = 0; i < BLOCK_BYTES; i++) {
        int codes = blocks.get(from + i);
        values[at + 2 * i] = scaled[codes & 15];
        values[at + 2 * i + 1] = scaled[codes >> 4 & 15];
      }
    }
  }

  private static short bf16(float value) {
    return (short) (Float.floatToRawIntBits(value) >>> 16);
  }

  /** Decodes to the layout of an unquantized checkpoint: bfloat16 [columns, rows]. */
  static ByteBuffer turned(ByteBuffer blocks, ByteBuffer scales, int rows, int columns) {
    ByteBuffer target =
        ByteBuffer.allocate(Math.multiplyExact(rows * 2, columns)).order(ByteOrder.LITTLE_ENDIAN);
    ShortBuffer numbers = target.asShortBuffer();
    IntStream.range(0, rows)
        .parallel()
        .forEach(
            row -> {
              float[] values = new float[columns];
              row(blocks, scales, row, values);
              for (int i = 0; i < columns; i++) {
                numbers.put(i * rows + row, bf16(values[i]));
              }
            });
    return target;
  }
}
