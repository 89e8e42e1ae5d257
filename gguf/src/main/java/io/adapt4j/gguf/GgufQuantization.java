package io.adapt4j.gguf;

import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.write.TypeMix.Mixture;

/**
 * Quantization type of a GGUF file, with llama.cpp's names for whole files. Norms and biases are
 * always stored in 32 bits. The 2- to 6-bit types are mixtures: some matrices get a larger type,
 * and matrices whose row length is not a multiple of 256 get one with smaller blocks.
 */
public enum GgufQuantization {
  /** 32-bit floating point. */
  F32(0, TensorType.F32, Mixture.PLAIN),
  /** 16-bit floating point of IEEE 754. */
  F16(1, TensorType.F16, Mixture.PLAIN),
  /** 16 bits with the exponent of 32-bit floating point: exact for most checkpoints. */
  BF16(32, TensorType.BF16, Mixture.PLAIN),
  /** 8.5 bits per value; nearly indistinguishable from 16 bits. */
  Q8_0(7, TensorType.Q8_0, Mixture.PLAIN),
  /** 4.5 bits per value, in blocks of 32. */
  Q4_0(2, TensorType.Q4_0, Mixture.OUTPUT),
  /** 5 bits per value, in blocks of 32 with a minimum. */
  Q4_1(3, TensorType.Q4_1, Mixture.OUTPUT),
  /** 4.5 bits per value, in blocks of 32, with levels closer together near zero. */
  IQ4_NL(25, TensorType.IQ4_NL, Mixture.NONLINEAR),
  /** About 4.4 bits per value, with levels closer together near zero. */
  IQ4_XS(30, TensorType.IQ4_XS, Mixture.NONLINEAR),
  /** 5.5 bits per value, in blocks of 32. */
  Q5_0(8, TensorType.Q5_0, Mixture.OUTPUT),
  /** 6 bits per value, in blocks of 32 with a minimum. */
  Q5_1(9, TensorType.Q5_1, Mixture.OUTPUT),
  /** About 3 bits per value, for which {@link GgufExport#importance} is needed. */
  Q2_K_S(21, TensorType.Q2_K, Mixture.TWO_BITS_SMALL),
  /** About 3.2 bits per value: answers are clearly worse. */
  Q2_K(10, TensorType.Q2_K, Mixture.TWO_BITS),
  /** About 3.6 bits per value. */
  Q3_K_S(11, TensorType.Q3_K, Mixture.OUTPUT),
  /** About 4 bits per value. */
  Q3_K_M(12, TensorType.Q3_K, Mixture.THREE_BITS_MEDIUM),
  /** About 4.3 bits per value. */
  Q3_K_L(13, TensorType.Q3_K, Mixture.THREE_BITS_LARGE),
  /** About 4.6 bits per value. */
  Q4_K_S(14, TensorType.Q4_K, Mixture.SMALL),
  /** About 4.8 bits per value: a good default. */
  Q4_K_M(15, TensorType.Q4_K, Mixture.MEDIUM),
  /** About 5.6 bits per value. */
  Q5_K_S(16, TensorType.Q5_K, Mixture.OUTPUT),
  /** About 5.7 bits per value. */
  Q5_K_M(17, TensorType.Q5_K, Mixture.MEDIUM),
  /** 6.6 bits per value. */
  Q6_K(18, TensorType.Q6_K, Mixture.OUTPUT);

  private final int fileType;
  private final TensorType base;
  private final Mixture mixture;

  GgufQuantization(int fileType, TensorType base, Mixture mixture) {
    this.fileType = fileType;
    this.base = base;
    this.mixture = mixture;
  }

  /** {@return the value of {@code general.file_type} in files} */
  public int fileType() {
    return fileType;
  }

  /** Returns the type of most matrices. */
  TensorType base() {
    return base;
  }

  /** Returns whether llama.cpp's quantizer refuses the type without an importance matrix. */
  boolean needsImportance() {
    return this == Q2_K_S;
  }

  /** Returns which matrices have other types. */
  Mixture mixture() {
    return mixture;
  }

  /**
   * Returns whether the official converter writes the type directly, without llama.cpp's quantizer.
   */
  boolean isConverted() {
    return mixture == Mixture.PLAIN;
  }
}
