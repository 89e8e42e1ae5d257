package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.internal.tensor.host.HostAllocator;

/**
 * libtorch's process-wide settings, shared by all {@link Engine}s: random generator, thread count
 * and host memory.
 */
public final class Torch {

  private Torch() {}

  /** Seeds libtorch's default generators on every device. */
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
   * Returns free host memory to the system if the C library would keep it, unless the user has
   * opted out. Called between memory-intensive phases; does nothing if it was done a moment ago.
   */
  public static void giveBackMemory() {
    HostAllocator.current().giveBack();
  }
}
