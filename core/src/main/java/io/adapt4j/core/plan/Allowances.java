package io.adapt4j.core.plan;

/**
 * What a process takes besides tensors: measured once, stated here, checked by {@code
 * PlanBenchmark}.
 */
public final class Allowances {

  /** Largest pieces in which tensors are converted for writing, and their copies. */
  static final long SAVING_BYTES = 16L << 20;

  /**
   * The JVM with its classes and compiled code but without its heap, libtorch with its scripts, the
   * tokenizer: resident size after some steps.
   */
  private static final long LIBRARIES = 236_000_000;

  /**
   * What the libraries of kernels keep: MKL what it packs operands into, oneDNN code made for each
   * shape of a product of bfloat16.
   */
  private static final long KERNELS = 15_000_000;

  /** Driver, kernels and workspaces of a graphics processor; not measured. */
  private static final long GPU_CONTEXT = 600_000_000;

  /**
   * Gaps that glibc's arenas have between tensors that come and go, and scratch memory of kernels:
   * a share of them. Blocks from {@link #GIVEN_BACK} on leave no gaps.
   */
  private static final double SLACK = 0.2;

  /** Blocks of this size go back to the system when freed: glibc's DEFAULT_MMAP_THRESHOLD_MAX. */
  static final long GIVEN_BACK = 32L << 20;

  /**
   * Runs of one configuration differ by some percent in how their tensors fall into the arenas; the
   * plan is to be on the safe side of most.
   */
  private static final double RESERVE = 0.03;

  private Allowances() {}

  static long process(Device.Kind kind) {
    return kind == Device.Kind.GPU ? GPU_CONTEXT : LIBRARIES + KERNELS;
  }

  static long slack(long bytes) {
    return (long) (bytes * SLACK);
  }

  /** What is set aside for a peak that differs from run to run. */
  static long reserve(Device.Kind kind, long bytes) {
    return kind == Device.Kind.GPU ? 0 : (long) (bytes * RESERVE);
  }
}
