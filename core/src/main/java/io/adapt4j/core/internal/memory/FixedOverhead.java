package io.adapt4j.core.internal.memory;

import io.adapt4j.core.plan.Device;

/**
 * What a process takes besides tensors: measured once, stated here, checked by {@code
 * PlanBenchmark}.
 */
public final class FixedOverhead {

  /** Largest pieces in which tensors are converted for writing, and their copies. */
  static final long SAVING_BYTES = 16L << 20;

  /**
   * The JVM with its classes and compiled code but without its heap, libtorch with its scripts, the
   * tokenizer, and what the C library's allocator keeps: resident size after some steps.
   */
  private static final long LIBRARIES = 236_000_000;

  /**
   * What the libraries of kernels keep: MKL what it packs operands into, oneDNN code made for each
   * shape of a product of bfloat16.
   */
  private static final long KERNELS = 15_000_000;

  /** Code that oneDNN makes for one shape of a product of bfloat16, and what belongs to it. */
  private static final long KERNEL = 250_000;

  /** Products that {@link #KERNELS} is enough for: a forward and backward pass of one length. */
  private static final long COUNTED = 70;

  /** What they come to where batches are of ever new lengths: oneDNN forgets the oldest then. */
  private static final long MOST_KERNELS = 440_000_000;

  /** What decides how many shapes of products there are. */
  record Products(boolean factors, long lengths, int drawn, boolean capped) {

    /** Of one layer; all have the same. */
    private long count() {
      long forward = factors ? 17 : 7;
      long training = factors ? 46 : 22;
      // Reading prompts, drawing and scoring, of groups and of the texts held out.
      long drawing = drawn == 0 ? 0 : 5 * forward + (capped ? 4L * drawn : 0);
      return lengths * training + drawing;
    }
  }

  /** Driver, kernels and workspaces of a GPU; not measured. */
  private static final long GPU_CONTEXT = 600_000_000;

  /** Gaps that a GPU's allocator has between tensors that come and go: a share. */
  private static final double GAPS = 0.2;

  /**
   * Gaps that a pass leaves in the machine's memory among the tensors it keeps: a share of them.
   */
  private static final double GAPS_OF_A_PASS = 0.15;

  /** Runs of one configuration differ by some percent: the plan is to be on the safe side. */
  private static final double RESERVE = 0.03;

  private FixedOverhead() {}

  static long process(Device.Kind kind) {
    return kind == Device.Kind.GPU ? GPU_CONTEXT : LIBRARIES + KERNELS;
  }

  /** What more than a few shapes of products take. */
  static long kernels(Products products) {
    return Math.min(MOST_KERNELS, KERNEL * Math.max(0, products.count() - COUNTED));
  }

  /**
   * What lies between tensors that come and go. In the machine's memory it is given back between
   * phases, and what is left is part of {@link #process}.
   */
  static long gaps(Device.Kind kind, long bytes) {
    return kind == Device.Kind.GPU ? (long) (bytes * GAPS) : 0;
  }

  /** What lies between the tensors that a pass keeps, until it is given back at the pass's end. */
  static long gapsOfPass(Device.Kind kind, long kept) {
    return kind == Device.Kind.GPU ? 0 : (long) (kept * GAPS_OF_A_PASS);
  }

  /** What is set aside for a peak that differs from run to run. */
  static long reserve(Device.Kind kind, long bytes) {
    return kind == Device.Kind.GPU ? 0 : (long) (bytes * RESERVE);
  }
}
