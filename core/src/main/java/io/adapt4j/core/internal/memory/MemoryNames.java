package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.plan.MemoryEstimate;

/** Names of the parts of a {@link MemoryEstimate}. */
public final class MemoryNames {

  /** The JVM without its heap, libtorch and what else the process holds. */
  public static final String PROCESS = "process";

  /** The Java heap, as far as it is touched. */
  public static final String JAVA_HEAP = "Java heap";

  /** The base weights in the compute type. */
  public static final String WEIGHTS = "weights";

  /** Base weights in fewer bits: what stands for each of them. */
  public static final String PACKED_CODES = "quantized weights";

  /** Base weights in fewer bits: the scales of their blocks. */
  public static final String PACKED_SCALES = "scales of quantized weights";

  /** Base weights in fewer bits: scales of scales, and the numbers that codes stand for. */
  public static final String PACKED_TABLES = "scales of scales, and tables";

  /** What base weights in fewer bits are restored into, one layer's at a time. */
  public static final String RESTORED = "one layer's weights, restored";

  /** Base weights that a method changes while it trains, as they were. */
  public static final String COPIES = "weights before rounding";

  /** Adapter values and the copies they are computed with. */
  public static final String ADAPTERS = "adapters";

  /** The fp32 values of base weights that train in another type. */
  public static final String MASTERS = "fp32 masters";

  /** Gradients of all that trains. */
  public static final String GRADIENTS = "gradients";

  /** The sum of the gradients of micro-batches. */
  public static final String GRADIENT_SUMS = "sums of gradients";

  /** The optimizer's moments. */
  public static final String OPTIMIZER = "optimizer state";

  /** The weights of a reference model beside the one that trains. */
  public static final String REFERENCE = "reference model";

  /** The weights of a reward model, or of the adapter that makes one of the base that trains. */
  public static final String REWARD = "reward model";

  /** What is set aside because runs of one configuration differ. */
  public static final String RESERVE = "reserve";

  private MemoryNames() {}
}
