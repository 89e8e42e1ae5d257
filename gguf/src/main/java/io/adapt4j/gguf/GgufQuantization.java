package io.adapt4j.gguf;

import io.adapt4j.gguf.format.TensorType;

/**
 * How the matrices of a model are stored in a GGUF file, by the names llama.cpp gives whole files.
 * Norms and biases are always in 32 bits. The types of 4 to 6 bits are mixtures: some matrices get
 * a larger type, and rows whose length 256 does not divide one with smaller blocks.
 */
public enum GgufQuantization {
  /** 32-bit floating point. */
  F32(0),
  /** 16-bit floating point of IEEE 754. */
  F16(1),
  /** 16 bits with the exponent of 32-bit floating point: exact for most checkpoints. */
  BF16(32),
  /** 8.5 bits a value; hardly to be told from 16 bits. */
  Q8_0(7),
  /** 4.5 bits a value, in blocks of 32. */
  Q4_0(2),
  /** 5.5 bits a value, in blocks of 32. */
  Q5_0(8),
  /** About 4.6 bits a value. */
  Q4_K_S(14),
  /** About 4.8 bits a value: the usual choice. */
  Q4_K_M(15),
  /** About 5.7 bits a value. */
  Q5_K_M(17),
  /** 6.6 bits a value. */
  Q6_K(18);

  private final int fileType;

  GgufQuantization(int fileType) {
    this.fileType = fileType;
  }

  /** {@return the number that files state as {@code general.file_type}} */
  public int fileType() {
    return fileType;
  }

  /** The type of most matrices. */
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

  /** Whether the official converter writes the type itself, without a second pass. */
  boolean isConverted() {
    return this == F32 || this == F16 || this == BF16 || this == Q8_0;
  }
}
