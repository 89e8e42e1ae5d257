package io.adapt4j.core.plan;

/** Names of the parts of a {@link MemoryEstimate}. */
public final class MemoryNames {

  /** The JVM, libtorch and what else the process holds. */
  public static final String PROCESS = "process";

  /** The base weights in the compute type. */
  public static final String WEIGHTS = "weights";

  /** Adapter values and the copies they are computed with. */
  public static final String ADAPTERS = "adapters";

  /** The fp32 values of base weights that train in another type. */
  public static final String MASTERS = "fp32 masters";

  /** Gradients of all that trains. */
  public static final String GRADIENTS = "gradients";

  /** The optimizer's moments. */
  public static final String OPTIMIZER = "optimizer state";

  private MemoryNames() {}
}
