package io.adapt4j.gguf;

import io.adapt4j.gguf.format.TensorType;

/**
 * Quantization type of a GGUF file, with llama.cpp's names for whole files. Norms and biases are
 * always stored in 32 bits. The 4- to 6-bit types are mixtures: some matrices get a larger type,
 * and matrices whose row length is not a multiple of 256 get one with smaller blocks.
 */
public enum GgufQuantization {
  /** 32-bit floating point. */
  F32(0),
  /** 16-bit floating point of IEEE 754. */
  F16(1),
  /** 16 bits with the exponent of 32-bit floating point: exact for most checkpoints. */
  BF16(32),
  /** 8.5 bits per value; nearly indistinguishable from 16 bits. */
  Q8_0(7),
  /** 4.5 bits per value, in blocks of 32. */
  Q4_0(2),
  /** 5.5 bits per value, in blocks of 32. */
  Q5_0(8),
  /** About 4.6 bits per value. */
  Q4_K_S(14),
  /** About 4.8 bits per value: a good default. */
  Q4_K_M(15),
  /** About 5.7 bits per value. */
  Q5_K_M(17),
  /** 6.6 bits per value. */
  Q6_K(18);

  private final int fileType;

  GgufQuantization(int fileType) {
    this.fileType = fileType;
  }

  /** {@return the value of {@code general.file_type} in files} */
  public int fileType() {
    return fileType;
  }

  /** Returns the type of most matrices. */
  TensorType base() {
    return switch (this) {
      case F32 -> TensorType.F32;
      case F16 -> TensorType.F16;
      case BF16 -> TensorType.BF16;
      case Q8_0 -> TensorType.Q8_0;
      case Q4_0 -> TensorType.Q4_0;
      case Q5_0 -> TensorType.Q5_0;
      case Q4_K_S, Q4_K_M -> TensorType.Q4_K;
      case Q5_K_M -> TensorType.Q5_K;
      case Q6_K -> TensorType.Q6_K;
    };
  }

  /**
   * Returns whether the official converter writes the type directly, without llama.cpp's quantizer.
   */
  boolean isConverted() {
    return this == F32 || this == F16 || this == BF16 || this == Q8_0;
  }
}
