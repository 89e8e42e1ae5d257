package io.adapt4j.core.plan;

/**
 * What a process takes besides tensors: measured once, stated here, checked by {@code
 * PlanBenchmark}.
 */
public final class Allowances {

  /** Largest pieces in which tensors are converted for writing, and their copies. */
  static final long SAVING_BYTES = 16L << 20;

  /**
   * JVM with its classes and compiled code, libtorch with its scripts, tokenizer: resident size.
   */
  private static final long LIBRARIES = 260_000_000;

  /** Driver, kernels and workspaces of a graphics processor; not measured. */
  private static final long GPU_CONTEXT = 600_000_000;

  /** Gaps between tensors that come and go, and scratch memory of kernels: a share of them. */
  private static final double SLACK = 0.1;

  private Allowances() {}

  static long process(Device.Kind kind) {
    return kind == Device.Kind.GPU ? GPU_CONTEXT : LIBRARIES;
  }

  static long slack(long bytes) {
    return (long) (bytes * SLACK);
  }
}
