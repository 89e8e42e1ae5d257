package io.adapt4j.core.model;

/** Data type of a model's weights and computation. */
public enum Precision {
  /** Single precision, 4 bytes per weight. */
  FP32,
  /**
   * bfloat16, 2 bytes per weight, 8 significant bits; sums and norms are computed in single
   * precision.
   */
  BF16,
  /**
   * IEEE half precision, 2 bytes per weight, 11 significant bits, at most 65,504; for inference
   * only, as gradients would underflow.
   */
  FP16,
  /**
   * {@link #BF16} if the checkpoint is stored in bfloat16 and Linux reports that the CPU multiplies
   * it natively; {@link #FP32} otherwise. Stored weights are never rounded.
   */
  AUTO
}
