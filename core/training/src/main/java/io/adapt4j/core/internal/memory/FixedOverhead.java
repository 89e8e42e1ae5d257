package io.adapt4j.core.internal.memory;

import io.adapt4j.core.plan.Device;

/**
 * Memory of a process besides its tensors, as measured constants that {@code PlanBenchmark} checks.
 */
public final class FixedOverhead {

  /** Maximum size of the chunks in which tensors are converted for writing, with their copies. */
  static final long SAVING_BYTES = 16L << 20;

  /**
   * RSS after some steps: the JVM with its classes and compiled code but without its heap, libtorch
   * with its scripts, the tokenizer, and memory retained by the C allocator.
   */
  private static final long LIBRARIES = 236_000_000;

  /**
   * Memory retained by kernel libraries: MKL's packing buffers, and the code that oneDNN generates
   * for each bfloat16 product shape.
   */
  private static final long KERNELS = 15_000_000;

  /** Code and data that oneDNN keeps for one bfloat16 product shape. */
  private static final long KERNEL = 250_000;

  /** Product shapes that {@link #KERNELS} covers: a forward and backward pass of one length. */
  private static final long COUNTED = 70;

  /** Upper bound with many batch lengths: oneDNN evicts the oldest kernels. */
  private static final long MOST_KERNELS = 440_000_000;

  /** Factors that determine the number of distinct product shapes. */
  record Products(boolean factors, long lengths, int drawn, boolean capped) {

    /** Returns the number of shapes, which are the same in all layers. */
    private long count() {
      long forward = factors ? 17 : 7;
      long training = factors ? 46 : 22;
      // Prefill, sampling and scoring, for groups and for validation prompts.
      long drawing = drawn == 0 ? 0 : 5 * forward + (capped ? 4L * drawn : 0);
      return lengths * training + drawing;
    }
  }

  /** Driver, kernels and workspaces of a GPU; not measured. */
  private static final long GPU_CONTEXT = 600_000_000;

  /** Fragmentation of a GPU's allocator, as a share of temporary tensors. */
  private static final double GAPS = 0.2;

  /** Fragmentation of main memory by a forward pass, as a share of the tensors it saves. */
  private static final double GAPS_OF_A_PASS = 0.15;

  /** Safety margin: runs of one configuration differ by some percent. */
  private static final double RESERVE = 0.03;

  private FixedOverhead() {}

  static long process(Device.Kind kind) {
    return kind == Device.Kind.GPU ? GPU_CONTEXT : LIBRARIES + KERNELS;
  }

  /** Returns the kernel memory for shapes beyond those that {@link #KERNELS} covers. */
  static long kernels(Products products) {
    return Math.min(MOST_KERNELS, KERNEL * Math.max(0, products.count() - COUNTED));
  }

  /**
   * Returns the fragmentation caused by temporary tensors. Main memory is returned between phases;
   * the remainder is part of {@link #process}.
   */
  static long gaps(Device.Kind kind, long bytes) {
    return kind == Device.Kind.GPU ? (long) (bytes * GAPS) : 0;
  }

  /** Returns the fragmentation among the tensors saved for backward, until the end of the pass. */
  static long gapsOfPass(Device.Kind kind, long kept) {
    return kind == Device.Kind.GPU ? 0 : (long) (kept * GAPS_OF_A_PASS);
  }

  /** Returns the reserve for run-to-run variation of the peak. */
  static long reserve(Device.Kind kind, long bytes) {
    return kind == Device.Kind.GPU ? 0 : (long) (bytes * RESERVE);
  }
}
