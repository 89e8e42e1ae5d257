package io.adapt4j.gguf.format;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes and dequantizes values of a type, byte for byte like ggml's reference implementation.
 *
 * <p>Stateless and thread-safe: threads may quantize different rows of a tensor concurrently. A
 * buffer's byte order is ignored.
 */
public final class Quantizer {

  private static final float MAX_IMPORTANCE = 1e10f;

  /**
   * Limit of magnitudes: beyond the range of types with fp16 scales, and low enough that no sum of
   * a search overflows.
   */
  private static final float TOO_LARGE = 1e10f;

  private final BlockFormat format;
  private final TensorType type;

  private Quantizer(TensorType type) {
    this.format = type.format();
    this.type = type;
  }

  /**
   * Returns the quantizer of a type.
   *
   * @param type the type
   * @return its quantizer
   */
  public static Quantizer of(TensorType type) {
    return new Quantizer(type);
  }

  /** {@return the type} */
  public TensorType type() {
    return type;
  }

  /**
   * Quantizes equally important values. Types that are only read are refused: IQ1, IQ2, IQ3, TQ,
   * Q1_0, Q2_0 and NVFP4.
   *
   * @param values holds the values, in whole blocks: any number of rows
   * @param offset the first
   * @param count their number, a multiple of the type's block size
   * @param target receives the bytes from its position on
   * @throws IllegalArgumentException if the number is not a multiple of the block size, or a value
   *     is infinite, NaN or too large for the type; the message states its index from the offset
   * @throws UnsupportedOperationException if the type is only read
   */
  public void quantize(float[] values, int offset, int count, ByteBuffer target) {
    quantize(values, offset, count, target, null);
  }

  /**
   * Quantizes rows with column importance: the mean square of the activations that a column is
   * multiplied with. It has no effect on types without a choice of scale (F32, F16, BF16 and Q8_0).
   *
   * @param values holds the values
   * @param count their number, a multiple of the row's length
   * @param importance importance of each column, from 0 to 1e10
   * @throws IllegalArgumentException if the row length is not a multiple of the block size or the
   *     number not one of the row length, a value is infinite, NaN or too large for the type, or an
   *     importance is out of range
   * @throws UnsupportedOperationException if the type is only read
   */
  public void quantize(
      float[] values, int offset, int count, float[] importance, ByteBuffer target) {
    int row = importance.length;
    if (row == 0 || row % type.blockSize() != 0 || count % row != 0) {
      throw new IllegalArgumentException(
          "importance: expected one for each column, in whole blocks of %d, found %d for %d values"
              .formatted(type.blockSize(), row, count));
    }
    for (int i = 0; i < row; i++) {
      if (!(importance[i] >= 0 && importance[i] <= MAX_IMPORTANCE)) {
        throw new IllegalArgumentException(
            "importance %d: expected 0 to 1e10, found %s".formatted(i, importance[i]));
      }
    }
    quantize(values, offset, count, target, importance);
  }

  private void quantize(
      float[] values, int offset, int count, ByteBuffer target, float @Nullable [] importance) {
    if (!format.isEncoded()) {
      throw new UnsupportedOperationException(
          "type: expected one that is written, found " + type + ", which is only read");
    }
    int bytes = checkedBytes(values, offset, count);
    requireStorable(values, offset, count);
    if (target.remaining() < bytes) {
      throw new IllegalArgumentException(
          "target: expected room for %d bytes, found %d".formatted(bytes, target.remaining()));
    }
    boolean isArray = target.hasArray();
    byte[] encoded = isArray ? target.array() : new byte[bytes];
    int at = isArray ? target.arrayOffset() + target.position() : 0;
    int blocks = count / type.blockSize();
    format.encode(values, offset, blocks, importance, encoded, at);
    requireFiniteScales(encoded, at, blocks);
    if (isArray) {
      target.position(target.position() + bytes);
    } else {
      target.put(encoded);
    }
  }

  /**
   * Dequantizes whole blocks.
   *
   * @param source holds the bytes from its position on
   * @param values receives the values
   * @param count their number, a multiple of the type's block size
   * @throws IllegalArgumentException if the number is not a multiple of the block size, or the
   *     source is too short
   */
  public void dequantize(ByteBuffer source, float[] values, int offset, int count) {
    int bytes = checkedBytes(values, offset, count);
    if (source.remaining() < bytes) {
      throw new IllegalArgumentException(
          "source: expected %d bytes, found %d".formatted(bytes, source.remaining()));
    }
    int blocks = count / type.blockSize();
    if (source.hasArray()) {
      int at = source.arrayOffset() + source.position();
      format.decode(source.array(), at, blocks, values, offset);
      source.position(source.position() + bytes);
    } else {
      byte[] encoded = new byte[bytes];
      source.get(encoded);
      format.decode(encoded, 0, blocks, values, offset);
    }
  }

  /** {@return whether {@link #toTable} is supported: Q3_K, IQ1, IQ2, IQ3 and TQ} */
  public boolean hasTable() {
    return format instanceof TableFormat;
  }

  /**
   * Rearranges whole blocks into ones with explicit levels, without loss. A block of 256 values
   * takes 163 bytes: a scale in fp16; the exponent of the power of two that divides it; 16
   * integers; 16 signed scales of 8 bits, one for 16 values; and for each value the index of its
   * integer in 4 bits, the first of two in the low half of a byte.
   *
   * @param source holds the bytes from its position to its limit
   * @param target receives the blocks from its position on
   * @throws UnsupportedOperationException if the type is not supported
   */
  public void toTable(ByteBuffer source, ByteBuffer target) {
    if (!(format instanceof TableFormat table)) {
      throw new UnsupportedOperationException(
          "type: expected Q3_K, IQ1, IQ2, IQ3 or TQ, found " + type);
    }
    byte[] stored = new byte[type.blockBytes()];
    byte[] explicit = new byte[TableFormat.Block.BYTES];
    TableFormat.Block block = new TableFormat.Block();
    while (source.hasRemaining()) {
      source.get(stored);
      table.split(stored, 0, block);
      block.put(table, explicit, 0);
      target.put(explicit);
    }
  }

  /**
   * Writes whole blocks of a type of few levels (Q1_0, Q2_0) as blocks of Q4_0, without loss.
   *
   * @param source holds the bytes from its position to its limit
   * @param target receives the blocks from its position on
   * @throws UnsupportedOperationException if the type is not supported
   */
  public void toFourBits(ByteBuffer source, ByteBuffer target) {
    if (!(format instanceof FewLevels levels)) {
      throw new UnsupportedOperationException("type: expected Q1_0 or Q2_0, found " + type);
    }
    byte[] stored = new byte[type.blockBytes()];
    byte[] blocks =
        new byte[type.blockSize() / FewLevels.FOUR_BIT_VALUES * FewLevels.FOUR_BIT_BYTES];
    while (source.hasRemaining()) {
      source.get(stored);
      levels.toFourBits(stored, 0, blocks);
      target.put(blocks);
    }
  }

  private int checkedBytes(float[] values, int offset, int count) {
    Objects.checkFromIndexSize(offset, count, values.length);
    return Math.toIntExact(type.bytes(count));
  }

  private float limit() {
    return format.scales().length > 0 ? TOO_LARGE : Float.POSITIVE_INFINITY;
  }

  /** Rejects values the type cannot store; magnitudes are ordered like their bits. */
  private void requireStorable(float[] values, int offset, int count) {
    int largest = 0;
    for (int i = offset; i < offset + count; i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & Integer.MAX_VALUE);
    }
    if (largest < Float.floatToRawIntBits(limit())) {
      return;
    }
    for (int i = offset; i < offset + count; i++) {
      if (!(Math.abs(values[i]) < limit())) {
        String expected =
            Float.isFinite(values[i])
                ? "a magnitude that %s can hold".formatted(type)
                : "a finite number";
        throw new UnstorableValueException(i - offset, expected, values[i]);
      }
    }
  }

  private void requireFiniteScales(byte[] encoded, int at, int blocks) {
    int[] places = format.scales();
    for (int block = 0; block < blocks && places.length > 0; block++) {
      for (int place : places) {
        int half = Half.get(encoded, at + block * type.blockBytes() + place);
        if ((half & Half.INFINITY) == Half.INFINITY) {
          throw new UnstorableValueException(
              block * type.blockSize(),
              "a block of magnitudes that %s can hold".formatted(type),
              "larger ones");
        }
      }
    }
  }
}
