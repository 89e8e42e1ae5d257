package io.adapt4j.kernels.internal.cuda;

/** Compute capability of a CUDA device. */
public record Capability(int major, int minor) {

  /** Minimum capability of the kernels: Turing. */
  static final Capability LEAST = new Capability(7, 5);

  /** First capability with bf16 tensor cores and asynchronous copies: Ampere. */
  static final Capability TENSOR_CORES = new Capability(8, 0);

  /** Returns the number in architecture names: 80 for 8.0. */
  int number() {
    return 10 * major + minor;
  }

  boolean isAtLeast(Capability other) {
    return number() >= other.number();
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
