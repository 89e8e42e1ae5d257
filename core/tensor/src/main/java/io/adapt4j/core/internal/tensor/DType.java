package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;

/** Element types of tensors, and their ATen scalar type codes. */
public enum DType {
  /** Unsigned 8-bit integer. */
  U8(0, 1),
  /** 64-bit integer. */
  I64(4, 8),
  /** IEEE half precision. */
  F16(5, 2),
  /** IEEE single precision. */
  F32(6, 4),
  /** IEEE double precision. */
  F64(7, 8),
  /** Boolean, one byte each. */
  BOOL(11, 1),
  /** bfloat16. */
  BF16(15, 2);

  private final int code;
  private final int bytes;

  DType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** {@return the ATen scalar type code, as used in scripts} */
  public int code() {
    return code;
  }

  /** Returns the size of an element: bytes per element. */
  public int bytes() {
    return bytes;
  }

  /** Rounds a number to this type. */
  public double round(double value) {
    return switch (this) {
      case F64 -> value;
      case BF16 -> {
        int bits = Float.floatToIntBits((float) value);
        yield Float.intBitsToFloat((bits + 0x7FFF + ((bits >>> 16) & 1)) & 0xFFFF0000);
      }
      case F32 -> (float) value;
      default -> throw new IllegalArgumentException("Numbers are not rounded to " + this);
    };
  }

  static DType ofCode(long code) {
    for (DType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw new EngineException("libtorch returned a tensor of unsupported scalar type " + code);
  }
}
