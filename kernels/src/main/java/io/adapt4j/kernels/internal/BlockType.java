package io.adapt4j.kernels.internal;

import java.util.Arrays;
import java.util.Optional;

/**
 * Block types supported by the kernels: those of GGUF files, NF4, FP4, and one for types of few
 * bits. Their layouts in the kernels are in {@code block_layout.h}.
 */
public enum BlockType {
  /** 4 bits, a scale for 32 weights. */
  Q4_0(2, 32, 18, 0),
  /** 4 bits, a scale and a minimum for 32 weights. */
  Q4_1(3, 32, 20, 0),
  /** 5 bits, a scale for 32 weights. */
  Q5_0(6, 32, 22, 0),
  /** 5 bits, a scale and a minimum for 32 weights. */
  Q5_1(7, 32, 24, 0),
  /** 8 bits, a scale for 32 weights. */
  Q8_0(8, 32, 34, 0),
  /** 2 bits, 16 groups of 16 weights with scales and minima of 4 bits. */
  Q2_K(10, 256, 84, 16),
  /** 4 bits, 8 groups of 32 weights with scales and minima of 6 bits. */
  Q4_K(12, 256, 144, 4),
  /** 5 bits, 8 groups of 32 weights with scales and minima of 6 bits. */
  Q5_K(13, 256, 176, 4),
  /** 6 bits, 16 groups of 16 weights with scales of 8 bits. */
  Q6_K(14, 256, 210, 0),
  /** 4 bits of one of 16 numbers, a scale for 32 weights. */
  IQ4_NL(20, 32, 18, 0),
  /** 4 bits of one of 16 numbers, 8 groups of 32 weights with scales of 6 bits. */
  IQ4_XS(23, 256, 136, 10),
  /** Three values, 5 in a byte, a scale for 256 weights. In memory as TQ2_0. */
  TQ1_0(34, 256, 54, 12),
  /** Four values in 2 bits, a scale for 256 weights. */
  TQ2_0(35, 256, 66, 0),
  /** 4-bit floating point, a power of two for 32 weights. */
  MXFP4(39, 32, 17, 1),
  /** 4-bit floating point, 4 groups of 16 weights with scales of 8 bits. */
  NVFP4(40, 64, 36, 0),
  /** 4 bits of NormalFloat, a scale in fp16 for 64 weights. In no GGUF file. */
  NF4(-1, 64, 34, 0),
  /** 4-bit floating point of bitsandbytes, a scale in fp16 for 64 weights. In no GGUF file. */
  FP4(-3, 64, 34, 0),
  /**
   * 4 bits of one of 16 integers, 16 scales of 8 bits: types of GGUF files of fewer bits in the
   * layout of {@code Quantizer.toTable}. In no GGUF file.
   */
  OWN_TABLE(-2, 256, 163, -15),
  /** The same for codes without the third bit, which take 3 bits in memory. In no GGUF file. */
  OWN_EIGHT(-4, 256, 163, -47),
  /** The same for equal scales of each two. In no GGUF file. */
  OWN_WIDE(-5, 256, 163, -55);

  private final int id;
  private final int columns;
  private final int bytes;
  private final int more;

  BlockType(int id, int columns, int bytes, int more) {
    this.id = id;
    this.columns = columns;
    this.bytes = bytes;
    this.more = more;
  }

  /** Returns the type with a number used in files. */
  public static Optional<BlockType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id == id && id >= 0).findFirst();
  }

  /** Returns the type for a format of bitsandbytes. */
  static BlockType of(FourBitCode code) {
    return code == FourBitCode.NF4 ? NF4 : FP4;
  }

  /** {@return whether its blocks are in the layout of {@code Quantizer.toTable}} */
  public boolean hasOwnTable() {
    return this == OWN_TABLE || this == OWN_EIGHT || this == OWN_WIDE;
  }

  /** {@return its number in files} */
  public int id() {
    return id;
  }

  /** {@return the number of weights of a block, along a row} */
  public int columns() {
    return columns;
  }

  /** {@return the bytes of a block in a file} */
  public int bytes() {
    return bytes;
  }

  /**
   * {@return the bytes of a row of a tile: scales and minima of 4 and 6 bits become bytes, the
   * exponent of MXFP4 becomes the upper half of a float, rows share integers of their own}
   */
  int tileBytes() {
    return bytes + more;
  }
}
