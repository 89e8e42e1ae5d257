package io.adapt4j.core.internal.checkpoint;

/**
 * Element types of safetensors files, in the order of the reference library: by ascending
 * alignment; files are written with the last of these first. The constants are spelled as in the
 * files.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">The safetensors format</a>
 */
public enum StoredType {
  /** Boolean, one byte, 0 or 1. */
  BOOL(1),
  /** Unsigned 8-bit integer. */
  U8(1),
  /** Signed 8-bit integer. */
  I8(1),
  /** 8-bit float with 5 exponent and 2 mantissa bits. */
  F8_E5M2(1),
  /** 8-bit float with 4 exponent and 3 mantissa bits. */
  F8_E4M3(1),
  /** Signed 16-bit integer. */
  I16(2),
  /** Unsigned 16-bit integer. */
  U16(2),
  /** IEEE 754 half precision. */
  F16(2),
  /** Brain float: the upper half of an IEEE 754 single. */
  BF16(2),
  /** Signed 32-bit integer. */
  I32(4),
  /** Unsigned 32-bit integer. */
  U32(4),
  /** IEEE 754 single precision. */
  F32(4),
  /** IEEE 754 double precision. */
  F64(8),
  /** Signed 64-bit integer. */
  I64(8),
  /** Unsigned 64-bit integer. */
  U64(8);

  private final int bytes;

  StoredType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the size of one element: 1, 2, 4 or 8 bytes. */
  public int bytes() {
    return bytes;
  }
}
