package io.adapt4j.gguf.format;

import java.util.Arrays;
import java.util.Optional;

/**
 * Storage type of a tensor's values: plain, or quantized in blocks along a row.
 *
 * <p>Each type has a class of the same name, with its block layout and its encoding.
 */
public enum TensorType {
  /** 32-bit floating point. */
  F32(new F32()),
  /** 16-bit floating point of IEEE 754. */
  F16(new F16()),
  /** 4 bits, a scale for 32 values. */
  Q4_0(new Q40()),
  /** 4 bits, a scale and a minimum for 32 values. */
  Q4_1(new Q41()),
  /** 5 bits, a scale for 32 values. */
  Q5_0(new Q50()),
  /** 5 bits, a scale and a minimum for 32 values. */
  Q5_1(new Q51()),
  /** 8 bits, a scale for 32 values. */
  Q8_0(new Q80()),
  /** 2 bits, 16 blocks of 16 values with scales and minima of 4 bits. */
  Q2_K(new Q2K()),
  /** 3 bits, 16 blocks of 16 values with scales of 6 bits. */
  Q3_K(new Q3K()),
  /** 4 bits, 8 blocks of 32 values with scales and minima of 6 bits. */
  Q4_K(new Q4K()),
  /** 5 bits, 8 blocks of 32 values with scales and minima of 6 bits. */
  Q5_K(new Q5K()),
  /** 6 bits, 16 blocks of 16 values with scales of 8 bits. */
  Q6_K(new Q6K()),
  /** About 2.1 bits: points of a grid for 8 values. Read only, like all types from IQ1 to IQ3. */
  IQ2_XXS(new GridBlocks.Iq2Xxs()),
  /** About 2.3 bits: points of a grid for 8 values. */
  IQ2_XS(new GridBlocks.Iq2Xs()),
  /** About 3.1 bits: points of a grid for 4 values. */
  IQ3_XXS(new GridBlocks.Iq3Xxs()),
  /** About 1.6 bits: points of a grid for 8 values. */
  IQ1_S(new GridBlocks.Iq1S()),
  /** 4 bits, a scale for 32 values, levels closer together near zero. */
  IQ4_NL(new NonlinearBlocks.Iq4Nl()),
  /** About 3.4 bits: points of a grid for 4 values. */
  IQ3_S(new GridBlocks.Iq3S()),
  /** About 2.6 bits: points of a grid for 8 values. */
  IQ2_S(new GridBlocks.Iq2S()),
  /** 4 bits, 8 blocks of 32 values with scales of 6 bits, levels closer together near zero. */
  IQ4_XS(new NonlinearBlocks.Iq4Xs()),
  /** About 1.8 bits: points of a grid for 8 values. */
  IQ1_M(new GridBlocks.Iq1M()),
  /** The upper half of a 32-bit floating-point number. */
  BF16(new Bf16()),
  /** 4 bits, floating point, a power of two for 32 values: MXFP4 of the Open Compute Project. */
  MXFP4(new Mxfp4()),
  /**
   * 4 bits, floating point, a scale of 8 bits for 16 values. Read only, like the following types.
   */
  NVFP4(new Nvfp4()),
  /** Three levels, five a byte, a scale for 256 values. */
  TQ1_0(new FewLevels.Tq10()),
  /** Three levels of 2 bits, a scale for 256 values. */
  TQ2_0(new FewLevels.Tq20()),
  /** One bit, a scale for 128 values. */
  Q1_0(new FewLevels.Q10()),
  /** 2 bits, a scale for 64 values. */
  Q2_0(new FewLevels.Q20());

  @SuppressWarnings("ImmutableEnumChecker") // All of its classes are immutable.
  private final BlockFormat format;

  TensorType(BlockFormat format) {
    this.format = format;
  }

  BlockFormat format() {
    return format;
  }

  /**
   * Returns the type with a number used in files.
   *
   * @param id the number, {@code ggml_type}
   * @return the type; empty for an unknown one
   */
  public static Optional<TensorType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id() == id).findFirst();
  }

  /** {@return the number in files, {@code ggml_type}} */
  public int id() {
    return format.id();
  }

  /** {@return the number of values in a block, 1 for plain types} */
  public int blockSize() {
    return format.values();
  }

  /** {@return the bytes of a block} */
  public int blockBytes() {
    return format.bytes();
  }

  /**
   * Returns the storage size of values.
   *
   * @param values number of values, a multiple of the block size
   * @return bytes
   * @throws IllegalArgumentException if the number is not a multiple of the block size
   */
  public long bytes(long values) {
    if (values % blockSize() != 0) {
      throw new IllegalArgumentException(
          "values: expected a multiple of " + blockSize() + " for " + this + ", found " + values);
    }
    return Math.multiplyExact(values / blockSize(), (long) blockBytes());
  }
}
