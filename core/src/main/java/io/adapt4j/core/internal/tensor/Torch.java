package io.adapt4j.core.internal.tensor;

/**
 * What libtorch has once a process, shared by all {@link Engine}s: its random generator, its number
 * of threads, and the memory of the host.
 */
public final class Torch {

  private Torch() {}

  /** Seeds libtorch's default generators, of every device. */
  public static void seed(long seed) {
    LibTorch.seed(seed);
  }

  /** Returns the number of threads an operator may use. */
  public static int threads() {
    return LibTorch.threads();
  }

  /** Sets the number of threads an operator may use. */
  public static void threads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads must be at least 1, got " + count);
    }
    LibTorch.threads(count);
  }

  /**
   * Gives memory of the host that is free back to the system, where the C library keeps it and
   * nobody has asked to leave that alone. Called between phases that take much memory; does nothing
   * if it was done a moment ago.
   */
  public static void giveBackMemory() {
    HostAllocator.current().giveBack();
  }
}
