package io.adapt4j.core.model;

/** The number type a model's weights are held and computed in. */
public enum Precision {
  /** Single precision, 4 bytes a weight. */
  FP32,
  /**
   * bfloat16, 2 bytes a weight, 8 significant bits; sums and norms are formed in single precision.
   */
  BF16,
  /**
   * IEEE half precision, 2 bytes a weight, 11 significant bits, at most 65,504; to run models only,
   * as gradients would underflow.
   */
  FP16,
  /**
   * {@link #BF16} where the checkpoint is stored in bfloat16 and Linux reports that the processor
   * multiplies it natively; {@link #FP32} otherwise. Stored weights are never rounded.
   */
  AUTO
}
