package io.adapt4j.kernels.internal.cuda;

/** What a device can do, as NVIDIA counts it. */
public record Capability(int major, int minor) {

  /** The least that the kernels run on: Turing. */
  static final Capability LEAST = new Capability(7, 5);

  /** From here on there are bf16 tensor cores and asynchronous copies: Ampere. */
  static final Capability TENSOR_CORES = new Capability(8, 0);

  /** The number in the names of architectures: 80 for 8.0. */
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
