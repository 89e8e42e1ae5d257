package io.adapt4j.core.internal.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads the values of a stored tensor as numbers, whatever its type, piece by piece. */
public final class StoredValues {

  private static final int PIECE = 1 << 20;

  private StoredValues() {}

  /** Condition on one value of a tensor. */
  @FunctionalInterface
  public interface Condition {

    /** Tests a value. */
    boolean test(long index, double value);
  }

  /**
   * Returns whether all values of a tensor meet a condition. Reading stops at the first that does
   * not.
   */
  public static boolean all(Checkpoint checkpoint, String name, Condition condition) {
    StoredType type = checkpoint.entry(name).type();
    if (!isNumeric(type)) {
      return false;
    }
    long count = checkpoint.entry(name).elements();
    for (long at = 0; at < count; at += PIECE) {
      int values = (int) Math.min(PIECE, count - at);
      ByteBuffer piece = piece(checkpoint, name, at, values);
      for (int i = 0; i < values; i++) {
        if (!condition.test(at + i, value(piece, i, type))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Returns whether two tensors hold the same values, even if their types differ. */
  public static boolean areEqual(Checkpoint checkpoint, String one, String other) {
    TensorEntry first = checkpoint.entry(one);
    TensorEntry second = checkpoint.entry(other);
    if (!first.shape().equals(second.shape())
        || !isNumeric(first.type())
        || !isNumeric(second.type())) {
      return false;
    }
    long count = first.elements();
    for (long at = 0; at < count; at += PIECE) {
      int values = (int) Math.min(PIECE, count - at);
      ByteBuffer left = piece(checkpoint, one, at, values);
      ByteBuffer right = piece(checkpoint, other, at, values);
      if (!left.equals(right) && !areEqual(left, first.type(), right, second.type(), values)) {
        return false;
      }
    }
    return true;
  }

  private static boolean areEqual(
      ByteBuffer left, StoredType ofLeft, ByteBuffer right, StoredType ofRight, int count) {
    for (int i = 0; i < count; i++) {
      // The type with less precision may have rounded the other's value.
      if ((float) value(left, i, ofLeft) != (float) value(right, i, ofRight)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNumeric(StoredType type) {
    return switch (type) {
      case BOOL, U8, I8, I32, I64, F16, BF16, F32, F64 -> true;
      default -> false;
    };
  }

  private static ByteBuffer piece(Checkpoint checkpoint, String name, long first, int values) {
    int bytes = checkpoint.entry(name).type().bytes();
    ByteBuffer memory = ByteBuffer.allocate(values * bytes).order(ByteOrder.LITTLE_ENDIAN);
    checkpoint.read(name, first * bytes, memory);
    return memory.rewind();
  }

  private static double value(ByteBuffer memory, int index, StoredType type) {
    return switch (type) {
      case BOOL, U8 -> memory.get(index) & 0xff;
      case I8 -> memory.get(index);
      case I32 -> memory.getInt(4 * index);
      case I64 -> memory.getLong(8 * index);
      case F16 -> half(memory.getShort(2 * index));
      case BF16 -> Float.intBitsToFloat(memory.getShort(2 * index) << 16);
      case F32 -> memory.getFloat(4 * index);
      case F64 -> memory.getDouble(8 * index);
      default -> throw new IllegalArgumentException("values of type " + type);
    };
  }

  /** Decodes an IEEE 754 half-precision number. */
  static double half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double size =
        exponent == 0
            ? Math.scalb((double) fraction, -24)
            : exponent == 0x1f
                ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : Math.scalb(1024.0 + fraction, exponent - 25);
    return bits < 0 ? -size : size;
  }

  /** Returns the relative rounding error to allow for values stored in a type. */
  public static double rounding(StoredType type) {
    return switch (type) {
      case BF16 -> 1.0 / 128;
      case F16 -> 1.0 / 1024;
      default -> 1e-5;
    };
  }
}
