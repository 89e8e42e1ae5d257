package io.adapt4j.core.internal.tensor;

/**
 * The memory that an operator allocates and frees again while it runs, besides what it is given and
 * what it returns. It stands beside the operator's handle, since nothing outside its script sees
 * it.
 */
@FunctionalInterface
public interface Scratch {

  /** Of an operator that allocates its results only. */
  Scratch NONE = arguments -> 0;

  /**
   * Returns the most that exists at once.
   *
   * @return bytes
   */
  long bytes(Object... arguments);

  /** Adds what exists at the same time. */
  default Scratch and(Scratch other) {
    return arguments -> bytes(arguments) + other.bytes(arguments);
  }
}
