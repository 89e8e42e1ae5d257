package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.util.Set;

/** Conversion between floats and the storage types of checkpoints. */
public final class StoredFloats {

  /** The supported types. */
  public static final Set<StoredType> TYPES =
      Set.of(StoredType.F32, StoredType.F16, StoredType.BF16);

  private StoredFloats() {}

  /** Reads values from a buffer's position on. */
  public static void decode(StoredType type, ByteBuffer bytes, float[] target, int count) {
    for (int i = 0; i < count; i++) {
      target[i] =
          switch (type) {
            case F32 -> bytes.getFloat();
            case F16 -> ofHalf(bytes.getShort());
            case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            default -> throw unsupported(type);
          };
    }
  }

  /** Returns the index of the first NaN or infinite value: its index; -1 if there is none. */
  public static int firstNotFinite(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(values[i])) {
        return i;
      }
    }
    return -1;
  }

  /** Reads the value at a byte offset. */
  public static float get(StoredType type, ByteBuffer bytes, int index) {
    return switch (type) {
      case F32 -> bytes.getFloat(index);
      case F16 -> ofHalf(bytes.getShort(index));
      case BF16 -> Float.intBitsToFloat(bytes.getShort(index) << 16);
      default -> throw unsupported(type);
    };
  }

  /** Returns the bits of the nearest value in a 16-bit type. */
  static short toBits(StoredType type, float value) {
    return type == StoredType.BF16 ? toBrain(value) : toHalf(value);
  }

  /** Writes values, rounded to nearest even, from a buffer's position on. */
  public static void encode(StoredType type, float[] values, int count, ByteBuffer target) {
    for (int i = 0; i < count; i++) {
      switch (type) {
        case F32 -> target.putFloat(values[i]);
        case F16 -> target.putShort(toHalf(values[i]));
        case BF16 -> target.putShort(toBrain(values[i]));
        default -> throw unsupported(type);
      }
    }
  }

  private static float ofHalf(short half) {
    int exponent = half >> 10 & 0x1F;
    int mantissa = half & 0x3FF;
    float magnitude =
        switch (exponent) {
          case 0 -> mantissa * 0x1p-24f;
          case 0x1F -> mantissa == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat((exponent + 112) << 23 | mantissa << 13);
        };
    return half < 0 ? -magnitude : magnitude;
  }

  private static short toHalf(float value) {
    int bits = Float.floatToRawIntBits(value) & 0x7FFFFFFF;
    int half;
    if (bits >= 0x477FF000) { // 65520, where rounding reaches infinity
      half = 0x7C00;
    } else if (bits < 0x38800000) { // 2^-14: subnormal below, multiples of 2^-24
      half = (int) Math.rint(Math.abs(value) * 0x1p24);
    } else {
      half = ((bits + 0xFFF + (bits >> 13 & 1)) >> 13) - (112 << 10);
    }
    return (short) (half | (Float.floatToRawIntBits(value) >>> 16 & 0x8000));
  }

  private static short toBrain(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
  }

  private static IllegalArgumentException unsupported(StoredType type) {
    return new IllegalArgumentException("type: expected F32, F16 or BF16, found " + type);
  }
}
