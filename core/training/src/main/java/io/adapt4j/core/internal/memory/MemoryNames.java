package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.plan.MemoryEstimate;

/** Names of the parts of a {@link MemoryEstimate}. */
public final class MemoryNames {

  /** The JVM without its heap, libtorch and other process memory. */
  public static final String PROCESS = "process";

  /** The touched part of the Java heap. */
  public static final String JAVA_HEAP = "Java heap";

  /** The base weights in the compute type. */
  public static final String WEIGHTS = "weights";

  /** Quantized base weights: the codes. */
  public static final String PACKED_CODES = "quantized weights";

  /** Quantized base weights: the block scales. */
  public static final String PACKED_SCALES = "scales of quantized weights";

  /** Quantized base weights: second-level scales and code tables. */
  public static final String PACKED_TABLES = "scales of scales, and tables";

  /** Buffer for the dequantized weights of one layer. */
  public static final String RESTORED = "one layer's weights, restored";

  /** Original values of base weights that a method changes while it trains. */
  public static final String COPIES = "weights before rounding";

  /** Adapter parameters and their copies in the compute type. */
  public static final String ADAPTERS = "adapters";

  /** The fp32 master copies of trainable base weights in another type. */
  public static final String MASTERS = "fp32 masters";

  /** Gradients of all trainable parameters. */
  public static final String GRADIENTS = "gradients";

  /** Accumulated gradients of micro-batches. */
  public static final String GRADIENT_SUMS = "sums of gradients";

  public static final String OPTIMIZER = "optimizer state";

  /** The weights of a separate reference model. */
  public static final String REFERENCE = "reference model";

  /** The weights of a teacher. */
  public static final String TEACHER = "teacher model";

  /** The weights of a reward model, or of an adapter that turns the trained base into one. */
  public static final String REWARD = "reward model";

  /** The trained weights that rollouts are drawn from while others train. */
  public static final String SAMPLING_COPY = "copy for sampling";

  /** Reserve for run-to-run variation. */
  public static final String RESERVE = "reserve";

  private MemoryNames() {}
}
