package io.adapt4j.gguf.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A metadata value in its stored form. Numbers stay encoded, which bounds the memory of arrays by
 * their size in the file.
 */
final class MetadataValue {

  private final ValueType type;
  private final boolean array;
  private final byte[] numbers;
  private final List<String> strings;

  private MetadataValue(ValueType type, boolean array, byte[] numbers, List<String> strings) {
    this.type = type;
    this.array = array;
    this.numbers = numbers;
    this.strings = strings;
  }

  /** Creates numbers; takes ownership of the bytes. */
  static MetadataValue numbers(ValueType type, boolean array, byte[] littleEndian) {
    return new MetadataValue(type, array, littleEndian, List.of());
  }

  static MetadataValue strings(boolean array, List<String> strings) {
    return new MetadataValue(ValueType.STRING, array, new byte[0], List.copyOf(strings));
  }

  static MetadataValue integers(ValueType type, boolean array, long... values) {
    byte[] bytes = new byte[Math.multiplyExact(type.bytes(), values.length)];
    ByteBuffer target = little(bytes);
    for (long value : values) {
      switch (type.bytes()) {
        case 1 -> target.put((byte) value);
        case 2 -> target.putShort((short) value);
        case 4 -> target.putInt((int) value);
        default -> target.putLong(value);
      }
    }
    return numbers(type, array, bytes);
  }

  static MetadataValue floats(boolean array, float... values) {
    byte[] bytes = new byte[Math.multiplyExact(Float.BYTES, values.length)];
    little(bytes).asFloatBuffer().put(values);
    return numbers(ValueType.FLOAT32, array, bytes);
  }

  static MetadataValue doubles(boolean array, double... values) {
    byte[] bytes = new byte[Math.multiplyExact(Double.BYTES, values.length)];
    little(bytes).asDoubleBuffer().put(values);
    return numbers(ValueType.FLOAT64, array, bytes);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  ValueType type() {
    return type;
  }

  boolean isArray() {
    return array;
  }

  /** {@return the number of elements, 1 unless the value is an array} */
  int size() {
    return type == ValueType.STRING ? strings.size() : numbers.length / type.bytes();
  }

  List<String> strings() {
    return strings;
  }

  /** {@return the stored numbers; do not modify} */
  byte[] bytes() {
    return numbers;
  }

  boolean bool(int index) {
    return numbers[index] != 0;
  }

  /** Returns an integer; a uint64 of 2^63 or more is negative. */
  long integer(int index) {
    ByteBuffer bytes = little(numbers);
    int at = index * type.bytes();
    return switch (type) {
      case UINT8 -> Byte.toUnsignedLong(bytes.get(at));
      case INT8 -> bytes.get(at);
      case UINT16 -> Short.toUnsignedLong(bytes.getShort(at));
      case INT16 -> bytes.getShort(at);
      case UINT32 -> Integer.toUnsignedLong(bytes.getInt(at));
      case INT32 -> bytes.getInt(at);
      case UINT64, INT64 -> bytes.getLong(at);
      case FLOAT32, FLOAT64, BOOL, STRING -> throw new IllegalStateException(type.name());
    };
  }

  /** Returns any number. */
  double number(int index) {
    ByteBuffer bytes = little(numbers);
    int at = index * type.bytes();
    return switch (type) {
      case FLOAT32 -> bytes.getFloat(at);
      case FLOAT64 -> bytes.getDouble(at);
      default -> integer(index);
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MetadataValue that
        && type == that.type
        && array == that.array
        && Arrays.equals(numbers, that.numbers)
        && strings.equals(that.strings);
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, array, Arrays.hashCode(numbers), strings);
  }

  @Override
  public String toString() {
    String kind = array ? type + "[" + size() + "]" : type.name();
    if (type == ValueType.STRING) {
      return kind + " " + (array ? "" : strings.get(0));
    }
    if (array) {
      return kind;
    }
    if (type == ValueType.BOOL) {
      return kind + " " + bool(0);
    }
    return kind + " " + (type.isFloat() ? Double.toString(number(0)) : Long.toString(integer(0)));
  }
}
