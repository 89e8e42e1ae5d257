package io.adapt4j.gguf.format;

/** The type of a metadata value, or of the elements of an array. */
public enum ValueType {
  /** Unsigned, 8 bits. */
  UINT8(0, 1),
  /** Signed, 8 bits. */
  INT8(1, 1),
  /** Unsigned, 16 bits. */
  UINT16(2, 2),
  /** Signed, 16 bits. */
  INT16(3, 2),
  /** Unsigned, 32 bits. */
  UINT32(4, 4),
  /** Signed, 32 bits. */
  INT32(5, 4),
  /** Floating point, 32 bits. */
  FLOAT32(6, 4),
  /** A byte, 0 or 1. */
  BOOL(7, 1),
  /** Length-prefixed UTF-8 text. */
  STRING(8, 0),
  /** Unsigned, 64 bits. */
  UINT64(10, 8),
  /** Signed, 64 bits. */
  INT64(11, 8),
  /** Floating point, 64 bits. */
  FLOAT64(12, 8);

  /** The type number of arrays in files. */
  static final int ARRAY = 9;

  private final int id;
  private final int bytes;

  ValueType(int id, int bytes) {
    this.id = id;
    this.bytes = bytes;
  }

  int id() {
    return id;
  }

  /** {@return the bytes of a value; 0 for strings} */
  int bytes() {
    return bytes;
  }

  boolean isInteger() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      case FLOAT32, FLOAT64, BOOL, STRING -> false;
    };
  }

  boolean isFloat() {
    return this == FLOAT32 || this == FLOAT64;
  }

  /** Returns whether a number fits an integer type; for uint64, only below 2^63. */
  boolean holds(long value) {
    return switch (this) {
      case UINT8, UINT16, UINT32 -> value >= 0 && value < 1L << (8 * bytes);
      case INT8, INT16, INT32 -> value >= -(1L << (8 * bytes - 1)) && value < 1L << (8 * bytes - 1);
      case UINT64 -> value >= 0;
      case INT64 -> true;
      case FLOAT32, FLOAT64, BOOL, STRING -> false;
    };
  }
}
