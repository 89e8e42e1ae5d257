package io.adapt4j.gguf.format;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks arguments and gives the loops over blocks plain arrays to work on. */
abstract class BlockQuantizer implements Quantizer {

  private static final int HALF_EXPONENT = 0x7C00;

  private final TensorType type;

  BlockQuantizer(TensorType type) {
    this.type = type;
  }

  /**
   * Quantizes blocks of finite values.
   *
   * @param values holds the values
   * @param offset the first
   * @param blocks the number of blocks
   * @param target takes the bytes
   * @param at where they begin
   */
  abstract void encode(float[] values, int offset, int blocks, byte[] target, int at);

  /**
   * Quantizes a row of finite values by importance.
   *
   * @param values holds the values
   * @param offset the first
   * @param importance of each column, as many as the row has
   * @param target takes the bytes
   * @param at where they begin
   */
  void encodeRow(float[] values, int offset, float[] importance, byte[] target, int at) {
    encode(values, offset, importance.length / type.blockSize(), target, at);
  }

  /**
   * Dequantizes blocks.
   *
   * @param source holds the bytes
   * @param at where they begin
   * @param blocks the number of blocks
   * @param values takes the values
   * @param offset the first
   */
  abstract void decode(byte[] source, int at, int blocks, float[] values, int offset);

  @Override
  public final TensorType type() {
    return type;
  }

  @Override
  public final void quantize(float[] values, int offset, int count, ByteBuffer target) {
    quantize(values, offset, count, target, null);
  }

  @Override
  public final void quantize(
      float[] values, int offset, int count, float[] importance, ByteBuffer target) {
    int row = importance.length;
    if (row == 0 || row % type.blockSize() != 0 || count % row != 0) {
      throw new IllegalArgumentException(
          "importance: expected one for each column, in whole blocks of %d, found %d for %d values"
              .formatted(type.blockSize(), row, count));
    }
    requireFinite("importance", importance, 0, row);
    for (int i = 0; i < row; i++) {
      if (importance[i] < 0) {
        throw new IllegalArgumentException(
            "importance %d: expected 0 or more, found %s".formatted(i, importance[i]));
      }
    }
    quantize(values, offset, count, target, importance);
  }

  private void quantize(
      float[] values, int offset, int count, ByteBuffer target, float @Nullable [] importance) {
    int bytes = checkedBytes(values, offset, count);
    requireFinite("value", values, offset, count);
    if (target.remaining() < bytes) {
      throw new IllegalArgumentException(
          "target: expected room for %d bytes, found %d".formatted(bytes, target.remaining()));
    }
    boolean isDirect = target.hasArray();
    byte[] encoded = isDirect ? target.array() : new byte[bytes];
    int at = isDirect ? target.arrayOffset() + target.position() : 0;
    if (importance == null) {
      encode(values, offset, count / type.blockSize(), encoded, at);
    } else {
      int rowBytes = Math.toIntExact(type.bytes(importance.length));
      for (int row = 0; row < count / importance.length; row++) {
        encodeRow(
            values, offset + row * importance.length, importance, encoded, at + row * rowBytes);
      }
    }
    requireFiniteScales(encoded, at, count / type.blockSize());
    if (isDirect) {
      target.position(target.position() + bytes);
    } else {
      target.put(encoded);
    }
  }

  @Override
  public final void dequantize(ByteBuffer source, float[] values, int offset, int count) {
    int bytes = checkedBytes(values, offset, count);
    if (source.remaining() < bytes) {
      throw new IllegalArgumentException(
          "source: expected %d bytes, found %d".formatted(bytes, source.remaining()));
    }
    if (source.hasArray()) {
      int at = source.arrayOffset() + source.position();
      decode(source.array(), at, count / type.blockSize(), values, offset);
      source.position(source.position() + bytes);
    } else {
      byte[] encoded = new byte[bytes];
      source.get(encoded);
      decode(encoded, 0, count / type.blockSize(), values, offset);
    }
  }

  /** {@return where in a block its scales in fp16 lie} */
  abstract int[] scales();

  private int checkedBytes(float[] values, int offset, int count) {
    Objects.checkFromIndexSize(offset, count, values.length);
    return Math.toIntExact(type.bytes(count));
  }

  private static void requireFinite(String what, float[] values, int offset, int count) {
    for (int i = offset; i < offset + count; i++) {
      if (!(Math.abs(values[i]) <= Float.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "%s %d: expected a finite number, found %s"
                .formatted(what, i - offset, Float.toString(values[i])));
      }
    }
  }

  private void requireFiniteScales(byte[] encoded, int at, int blocks) {
    int[] places = scales();
    for (int block = 0; block < blocks && places.length > 0; block++) {
      for (int place : places) {
        int half = Half.get(encoded, at + block * type.blockBytes() + place);
        if ((half & HALF_EXPONENT) == HALF_EXPONENT) {
          throw new IllegalArgumentException(
              "values %d to %d: expected a magnitude that %s can hold, found a larger one"
                  .formatted(block * type.blockSize(), (block + 1) * type.blockSize() - 1, type));
        }
      }
    }
  }
}
